//! Whether Envoy was seen to accept what a redirect hands it, where its listeners or the rules to it were not read.

use crate::check::View;
use crate::check::datapath::proxied::Redirect;
use crate::check::datapath::vouched::accepted;
use crate::path::Target;

/// The proof.
pub const ACCEPTED: &str = "a connection to the redirected NodePort was seen to be accepted";

/// Whether Hubble saw the NodePort accept a connection.
///
/// Flows may be older than the fault, so that they prove nothing where AWS reports one.
pub fn accepts(view: &View<'_>, target: &Target, redirect: &Redirect<'_, '_>) -> bool {
    target.state() != Some("unhealthy") && accepted(view, &redirect.entry)
}
