//! What the drift checker of an agent says today (pkg/driftchecker, on by default since 1.18).
//!
//! Its log lines stay in the log after the difference is gone. The gauge `cilium_drift_checker_config_delta` is
//! set at every comparison, so a gauge of 0 outranks every line. It counts keys that are asked for: keys that
//! were taken out of cilium-config are never compared. Where the checker does not run, the gauge is there as well
//! and stays 0 (cell.go registers it whatever the flags, checker.go returns early), so a 0 counts only where it is known to run.

use super::option;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::cilium::{AgentLog, DriftLine};
use crate::model::{Fact, Gap};

/// The gauge, which has no labels.
const DELTA: &str = "cilium_drift_checker_config_delta";

/// What switches the checker off, or what it compares with.
const SWITCHES: [&str; 2] = ["enable-drift-checker", "enable-dynamic-config"];

/// Keys that it leaves out of the count, separated by commas or spaces.
const IGNORED: &str = "ignore-flags-drift-checker";

/// That the gauge of a checker that runs is 0: every key that is asked for runs, unless it [`ignores`] it; `None` where the
/// gauge is not 0 or proves nothing.
pub fn none(view: &View<'_>, node: &str) -> Option<Evidence> {
    let metrics = view.agent(node).metrics().ok()?;
    let value = metrics.get(DELTA).filter(|value| **value == 0.0)?;
    compares(view, node).then(|| {
        Evidence::new(
            Layer::Observed,
            &metrics.origin,
            format!("Node/{node}"),
            DELTA,
            value.to_string(),
        )
    })
}

/// Whether the checker runs: its lines are in the log, or the version has it on and no option switches it off.
fn compares(view: &View<'_>, node: &str) -> bool {
    let agent = view.agent(node);
    if agent.log().is_ok_and(|log| !log.drift.is_empty()) {
        return true;
    }
    let is_on = |key: &&str| {
        option::text(view, node, key, "true").is_ok_and(|option| option.value == "true")
    };
    agent.version().is_ok_and(|version| version.at_least(1, 18)) && SWITCHES.iter().all(is_on)
}

/// Whether the checker is told to leave a key out, so that its gauge says nothing of it; also where nobody read which keys those are.
pub fn ignores(view: &View<'_>, node: &str, key: &str) -> bool {
    option::text(view, node, IGNORED, "").map_or(true, |option| {
        option.value.split([',', ' ']).any(|ignored| ignored == key)
    })
}

/// The log of a node's agent whose drift lines still hold; `Ok(None)` where the gauge says that none does. No line is of a
/// key that the checker ignores.
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
