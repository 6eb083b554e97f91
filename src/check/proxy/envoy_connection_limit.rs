//! Envoy closes connections as soon as it has accepted them, because it is at its limit.

use crate::check::datapath::proxied;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use std::collections::BTreeMap;

/// The connections that Cilium's bootstrap allows one Envoy (pkg/envoy, `overload.global_downstream_max_connections`).
const LIMIT: f64 = 50_000.0;

/// Counters of connections that were closed unserved, of a listener or of all.
const TURNED_AWAY: [&str; 3] = [
    "downstream_global_cx_overflow",
    "downstream_cx_overflow",
    "downstream_cx_overload_reject",
];

/// The check.
pub static CHECK: Check = Check {
    code: Code(7205),
    slug: "envoy-connection-limit",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "Envoy turns connections away because it has too many",
    since: "0.1.0",
    needs: &[Source::Services, Source::EnvoyListeners, Source::EnvoyStats],
    page: include_str!("envoy_connection_limit.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    if let Err(why) = proxied::service(view)? {
        return not_applicable(why);
    }
    if view.agent(node).envoy_listeners().is_err() {
        return not_applicable("the Envoy of the node was not asked (CLB7102)");
    }
    let stats = view.agent(node).envoy_stats()?;
    let turned_away: Vec<(&String, &f64)> = stats
        .iter()
        .filter(|(name, value)| **value > 0.0 && counts(name, &TURNED_AWAY))
        .collect();
    if turned_away.is_empty() {
        return pass("Envoy has turned no connection away");
    }
    let active = active(stats);
    let mut evidence: Vec<Evidence> = turned_away
        .iter()
        .map(|(name, value)| observed(&stats.origin, node, name, **value))
        .collect();
    evidence.push(observed(
        &stats.origin,
        node,
        "downstream_cx_active of all listeners",
        active,
    ));
    let full = active >= LIMIT * 0.95;
    let message = if full {
        "Envoy has as many connections as it may have and closes new ones right after it has accepted them"
    } else {
        "Envoy has closed connections right after it had accepted them since it started, and is below its limit now"
    };
    let finding = Finding::new(message, if full { "at the limit" } else { "was at the limit" }, evidence)
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("Envoy's limit is that of Cilium's bootstrap, 50000 connections, which no reading tells")
        .fix(Fix {
            summary: "find out who holds the connections (idle clients, a balancer without idle timeout, a loop), or spread them over \
                      more nodes; Cilium's bootstrap allows one Envoy 50000"
                .to_owned(),
            commands: vec![
                view.agent_exec(node, "cilium-dbg envoy admin metrics | grep downstream_cx"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the counters stand still between two readings".to_owned(),
        });
    if full {
        fail(finding)
    } else {
        Ok(Outcome::Note(finding))
    }
}

/// Whether a sample is one of these, in the words of `/stats` or of the Prometheus text; the admin listener does not count.
fn counts(name: &str, wanted: &[&str]) -> bool {
    let base = name.split('{').next().unwrap_or(name);
    !base.contains("admin")
        && (base.starts_with("listener.") || base.contains("_listener_"))
        && wanted.iter().any(|one| {
            base.ends_with(&format!(".{one}")) || base.ends_with(&format!("listener_{one}"))
        })
}

/// The open connections of all listeners together.
fn active(stats: &BTreeMap<String, f64>) -> f64 {
    stats
        .iter()
        .filter(|(name, _)| counts(name, &["downstream_cx_active"]))
        // A listener's workers are counted apart under `listener.<address>.worker_<n>`.
        .filter(|(name, _)| !name.contains("worker_"))
        .map(|(_, value)| *value)
        .sum()
}

fn observed(origin: &crate::model::Origin, node: &str, name: &str, value: f64) -> Evidence {
    Evidence::new(
        Layer::Observed,
        origin,
        format!("Node/{node}"),
        name,
        format!("{value:.0}"),
    )
}
