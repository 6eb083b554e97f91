//! Drift lines of keys that have no part in the health check, named so that nobody acts on them.

use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::cilium::DriftLine;
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
    needs: &[Source::AgentLog],
    page: include_str!("drift_key_not_causal.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

const HOST_NETWORK: &str = "gateway-api-hostnetwork-enabled";

/// Keys with a part in the path of some health check, each weighed by a check of its own or shown by its
/// effect in the BPF map.
const CAUSAL: &[&str] = &[
    "bpf-lb-acceleration",
    "bpf-lb-mode",
    "bpf-lb-source-range-all-types",
    "devices",
    "direct-routing-device",
    "enable-bpf-tproxy",
    "enable-envoy-config",
    "enable-health-check-nodeport",
    "enable-host-firewall",
    "enable-ipv6",
    "enable-l7-proxy",
    "enable-node-port",
    "envoy-xds-mode",
    "external-envoy-proxy",
    "kube-proxy-replacement",
    "kube-proxy-replacement-healthz-bind-address",
    "node-port-range",
    "nodeport-addresses",
];

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
        match view.agent(node).log() {
            Ok(log) => {
                for line in log.drift.iter().filter(|line| is_idle(line)) {
                    evidence.entry(line.key.as_str()).or_insert_with(|| {
                        Evidence::new(
                            Layer::Observed,
                            &log.origin,
                            format!("Node/{node}"),
                            line.key.as_str(),
                            line.raw.as_str(),
                        )
                    });
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

fn is_idle(line: &DriftLine) -> bool {
    !CAUSAL.contains(&line.key.as_str())
}

fn message(keys: &[&str]) -> String {
    let names = match keys {
        [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} other keys", rest.len()),
        _ => keys.join(", "),
    };
    let mut text = format!(
        "the agents log a difference for {names}, which the health check does not depend on; it only \
         dates the agents as older than the change"
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

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn host_network_mode_is_only_warned_of_where_it_is_named() {
        assert!(message(&["gateway-api-hostnetwork-enabled"]).contains("not a fix"));
        assert!(!message(&["debug", "enable-gateway-api"]).contains("not a fix"));
        assert!(message(&["a", "b", "c", "d"]).contains("a and 3 other keys"));
    }
}
