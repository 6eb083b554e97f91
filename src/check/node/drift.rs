//! What the drift checker of an agent says today (pkg/driftchecker, on by default since 1.18).
//!
//! Its log lines stay in the log after the difference is gone. The gauge `cilium_drift_checker_config_delta` is
//! set at every comparison, so a gauge of 0 outranks every line. It counts keys that are asked for: keys that
//! were taken out of cilium-config are never compared.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::cilium::{AgentLog, DriftLine};
use crate::model::{Fact, Gap};

/// The gauge, which has no labels.
const DELTA: &str = "cilium_drift_checker_config_delta";

/// That the gauge is 0: every key that is asked for runs; `None` where it is not 0 or was not read.
pub fn none(view: &View<'_>, node: &str) -> Option<Evidence> {
    let metrics = view.agent(node).metrics().ok()?;
    let value = metrics.get(DELTA).filter(|value| **value == 0.0)?;
    Some(Evidence::new(
        Layer::Observed,
        &metrics.origin,
        format!("Node/{node}"),
        DELTA,
        value.to_string(),
    ))
}

/// The log of a node's agent whose drift lines still hold; `Ok(None)` where the gauge says that nothing differs.
///
/// # Errors
/// The gap of the log where the gauge does not settle it.
pub fn standing<'a>(view: &View<'a>, node: &str) -> Result<Option<&'a Fact<AgentLog>>, Gap> {
    if none(view, node).is_some() {
        return Ok(None);
    }
    view.agent(node).log().map(Some)
}

/// The line of a key that still holds, with its evidence; `None` proves nothing.
pub fn line<'a>(view: &View<'a>, node: &str, key: &str) -> Option<(&'a DriftLine, Evidence)> {
    let log = standing(view, node).ok()??;
    let line = log.drift.iter().find(|line| line.key == key)?;
    Some((line, evidence(log, node, line)))
}

/// A drift line, verbatim.
pub fn evidence(log: &Fact<AgentLog>, node: &str, line: &DriftLine) -> Evidence {
    Evidence::new(
        Layer::Observed,
        &log.origin,
        format!("Node/{node}"),
        line.key.as_str(),
        line.raw.as_str(),
    )
}
