//! The agent runs older values of keys that shape NodePorts: the restart that is due will change them.
//!
//! Whether such a value breaks anything is seen in the datapath and said there. This tells why it is what it is,
//! and that a restart, not an edit, brings the value that is asked for.

use super::causal::causal;
use super::restart::read_again;
use super::setting::switch;
use super::{age, drift, running};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};
use std::collections::BTreeMap;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5107),
    slug: "config-drift-pending",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the agent runs an older value of a key that shapes NodePorts",
    since: "0.1.0",
    needs: &[
        Source::AgentLog,
        Source::AgentMetrics,
        Source::AgentStartConfig,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Pods,
        Source::Nodes,
        Source::AgentVersion,
        Source::AgentConfig,
    ],
    page: include_str!("config_drift_pending.md"),
    known_issues: &[],
    run: Run::Node(run),
};

/// Keys that hold lists. The drift checker compares texts, and a list in the process has another text than the
/// one in cilium-config, so its lines prove nothing for them.
const LISTS: [&str; 3] = ["devices", "node-port-range", "nodeport-addresses"];

/// A value that runs, the one that is asked for, and what says so.
struct Difference {
    actual: String,
    wanted: String,
    evidence: Vec<Evidence>,
}

fn run(view: &View<'_>, node: &str) -> Checked {
    let is_zero = drift::none(view, node).is_some();
    // The gauge leaves nothing open but keys that the checker does not count.
    let is_open = |key: &str| !is_zero || drift::ignores(view, node, key);
    if !causal().any(is_open) {
        return pass("every key that is asked for runs");
    }
    let mut found: BTreeMap<&str, Difference> = match (booted(view, node), logged(view, node)) {
        (Err(gap), _) if is_zero => return Err(gap),
        (Err(_), Err(gap)) => return Err(gap),
        (booted, logged) => logged.into_iter().chain(booted).flatten().collect(),
    };
    found.retain(|key, difference| is_open(key) && !has_its_own_check(key, difference));
    if found.is_empty() {
        return pass("nothing says that a key which shapes NodePorts differs");
    }
    let values: Vec<String> = found
        .iter()
        .map(|(key, one)| format!("{key} {:?} instead of {:?}", one.actual, one.wanted))
        .collect();
    let values = values.join(", ");
    let namespace = view.agent_namespace();
    Ok(Outcome::Note(
        Finding::new(
            format!("the agents run with {values}: they take the value that is asked for at their next restart"),
            values,
            found.into_values().flat_map(|one| one.evidence).collect(),
        )
        .about([
            format!("Node/{node}"),
            format!("ConfigMap/{namespace}/cilium-config"),
        ])
        .fix(read_again(
            view,
            "`cilium_drift_checker_config_delta` is 0 on every target node (1.18 on)",
        )),
    ))
}

/// CLB5103 and CLB5105 weigh these.
fn has_its_own_check(key: &str, difference: &Difference) -> bool {
    match key {
        "enable-envoy-config" | "enable-l7-proxy" => true,
        "kube-proxy-replacement" | "enable-health-check-nodeport" => {
            switch(&difference.actual) == Some(false) && switch(&difference.wanted) == Some(true)
        }
        _ => false,
    }
}

/// Differences that the drift checker logged and that still hold.
fn logged(view: &View<'_>, node: &str) -> Result<BTreeMap<&'static str, Difference>, Gap> {
    let mut found = BTreeMap::new();
    if let Some(log) = drift::standing(view, node)? {
        for key in causal().filter(|key| !LISTS.contains(key)) {
            let line = log.drift.iter().find(|line| line.key == key);
            if let Some(line) = line
                && let Some(actual) = &line.actual
            {
                found.insert(
                    key,
                    Difference {
                        actual: actual.clone(),
                        wanted: line.expected.clone(),
                        evidence: vec![drift::evidence(log, node, line)],
                    },
                );
            }
        }
    }
    Ok(found)
}

/// Differences between the files that the agent booted from and what is asked for.
///
/// # Errors
/// The gap of the one of both that is not known for certain.
fn booted(view: &View<'_>, node: &str) -> Result<BTreeMap<&'static str, Difference>, Gap> {
    let agent = view.agent(node);
    let files = agent.started_with()?;
    if !running::booted_from_snapshot(view, node) {
        return Err(Gap::not_collected(
            Source::AgentStartConfig,
            format!("node {node}"),
        ));
    }
    let merged = agent.desired();
    let map = age::config_map(view);
    // Without the agent's own merged view the ConfigMap counts only where no CiliumNodeConfig exists.
    let alone = view
        .node_configs()
        .all(view.agent_namespace())
        .is_ok_and(|configs| configs.is_empty());
    let merged = match merged {
        Err(gap) if !(alone && map.is_some()) => return Err(gap),
        other => other.ok(),
    };
    let mut found = BTreeMap::new();
    for key in causal() {
        let wanted = match (merged, map) {
            (Some(rows), _) => rows
                .get(key)
                .map(|text| (text, &rows.origin, format!("Node/{node}"))),
            (None, Some(map)) => map.data.get(key).map(|text| {
                (
                    text,
                    &map.origin,
                    format!("ConfigMap/{}/cilium-config", map.metadata.namespace),
                )
            }),
            (None, None) => None,
        };
        let (Some(actual), Some((wanted, origin, subject))) = (files.get(key), wanted) else {
            continue;
        };
        if actual.trim() == wanted.trim() {
            continue;
        }
        found.insert(
            key,
            Difference {
                actual: actual.clone(),
                wanted: wanted.clone(),
                evidence: vec![
                    Evidence::new(
                        Layer::Programmed,
                        &files.origin,
                        format!("Node/{node}"),
                        format!("{key} (started with)"),
                        actual,
                    ),
                    Evidence::new(Layer::Declared, origin, subject, key, wanted),
                ],
            },
        );
    }
    Ok(found)
}
