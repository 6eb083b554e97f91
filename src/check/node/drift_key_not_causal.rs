//! Drift lines of keys that have no part in the health check, named so that nobody acts on them.

use super::causal::{Part, part};
use super::drift;
use crate::check::finding::{Evidence, Finding};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5104),
    slug: "drift-key-not-causal",
    hop: Hop::Node,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the agent's log warns of keys that have no part in the health check",
    since: "0.1.0",
    needs: &[
        Source::AgentLog,
        Source::AgentMetrics,
        Source::Nodes,
        Source::Pods,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::DbConfigs,
        Source::AgentVersion,
        Source::AgentConfig,
        Source::AgentStartConfig,
    ],
    page: include_str!("drift_key_not_causal.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

const HOST_NETWORK: &str = "gateway-api-hostnetwork-enabled";

fn run(view: &View<'_>) -> Checked {
    let nodes: BTreeSet<&str> = view
        .paths()
        .iter()
        .flat_map(|path| &path.targets)
        .filter_map(|target| target.node.as_deref().ok())
        .collect();
    if nodes.is_empty() {
        return not_applicable("no target is a node of this cluster");
    }
    let mut missing = None;
    let mut evidence: BTreeMap<&str, Evidence> = BTreeMap::new();
    for node in nodes {
        match drift::standing(view, node) {
            Ok(None) => {}
            Ok(Some(log)) => {
                for line in log
                    .drift
                    .iter()
                    .filter(|line| part(&line.key) != Part::Causal)
                {
                    evidence
                        .entry(line.key.as_str())
                        .or_insert_with(|| drift::evidence(log, node, line));
                }
            }
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    if evidence.is_empty() {
        return match missing {
            Some(gap) => Err(gap),
            None => pass("no log warns of keys without a part in the check"),
        };
    }
    let message = message(&evidence.keys().copied().collect::<Vec<_>>());
    Ok(Outcome::Note(Finding::new(
        message,
        "drift without effect",
        evidence.into_values().collect(),
    )))
}

fn message(keys: &[&str]) -> String {
    let clauses: Vec<String> = [Part::Operator, Part::Tls, Part::Other]
        .into_iter()
        .filter_map(|wanted| {
            let of_part: Vec<&str> = keys
                .iter()
                .copied()
                .filter(|key| part(key) == wanted)
                .collect();
            let what = match wanted {
                Part::Operator => "which only the operator reads",
                Part::Tls => "with which agents only copy TLS Secrets to Envoy",
                _ => "which has no part in a health check",
            };
            (!of_part.is_empty()).then(|| format!("{}, {what}", names(&of_part)))
        })
        .collect();
    let mut text = format!(
        "the agents log a difference for {}. It decides no health check; it dates the agents as older than the change",
        clauses.join("; and for ")
    );
    if keys.contains(&HOST_NETWORK) {
        text.push_str(
            ". Host network mode is off, which is the default, and switching it on is not a fix: it takes \
             the same way through the agent, and the Service becomes ClusterIP (1.16 to 1.19) or NodePort \
             (from 1.20), so that the load balancer loses its targets or is removed",
        );
    }
    text
}

fn names(keys: &[&str]) -> String {
    match keys {
        [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} other keys", rest.len()),
        _ => keys.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn host_network_mode_is_only_warned_of_where_it_is_named() {
        assert!(message(&["gateway-api-hostnetwork-enabled"]).contains("not a fix"));
        assert!(!message(&["debug", "enable-gateway-api"]).contains("not a fix"));
        assert!(message(&["a", "b", "c", "d"]).contains("a and 3 other keys"));
    }

    #[test]
    fn keys_are_told_apart_by_who_reads_them() {
        let text = message(&[
            "debug",
            "enable-gateway-api",
            "gateway-api-hostnetwork-enabled",
        ]);
        for part in [
            "gateway-api-hostnetwork-enabled, which only the operator reads",
            "enable-gateway-api, with which agents only copy TLS Secrets",
            "debug, which has no part",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
