//! The version of an agent as evidence.

use crate::check::finding::{Evidence, Layer};
use crate::model::Fact;
use crate::model::cilium::CiliumVersion;

/// What says that the agent of `node` is of a version.
pub fn row(node: &str, version: &Fact<CiliumVersion>) -> Evidence {
    Evidence::new(
        Layer::Observed,
        &version.origin,
        format!("Node/{node}"),
        "version",
        version.to_string(),
    )
}
