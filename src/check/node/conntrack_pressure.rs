//! The connection tracking or NAT map of a node is full or nearly so.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::DropCounter;
use crate::model::{Gap, Reason, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5401),
    slug: "conntrack-pressure",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the connection tracking or NAT map of a node is full or nearly so",
    since: "0.1.0",
    needs: &[Source::BpfMetrics, Source::AgentMetrics],
    page: include_str!("conntrack_pressure.md"),
    known_issues: &[],
    run: Run::Node(run),
};

/// Drop reasons 155 and 167 (pkg/monitor/api/drop.go). An extended error may follow the text.
const REASONS: [&str; 2] = ["CT: Map insertion failed", "No mapping for NAT masquerade"];

/// The fill of a map from which on new connections are at risk: garbage collection runs, but not always in time.
const PRESSURE: f64 = 0.9;

fn run(view: &View<'_>, node: &str) -> Checked {
    let agent = view.agent(node);
    let metrics = agent.metrics();
    let pressed = metrics.as_ref().ok().and_then(|metrics| {
        let (name, value) = metrics
            .iter()
            .filter(|(name, _)| {
                name.starts_with("cilium_bpf_map_pressure{")
                    && ["\"ct_", "\"ct4_", "\"ct6_", "snat_v", "_ct4_", "_ct6_"]
                        .iter()
                        .any(|map| name.contains(map))
            })
            .max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((
            *value >= PRESSURE,
            Evidence::new(
                Layer::Observed,
                &metrics.origin,
                format!("Node/{node}"),
                name.as_str(),
                format!("{value:.3}"),
            ),
        ))
    });
    let first = match (agent.drop_counters(), pressed.clone()) {
        (Ok(first), _) => first,
        (Err(_), Some((true, evidence))) => {
            return Ok(Outcome::Note(finding(
                view,
                node,
                FILL,
                "fill",
                vec![evidence],
            )));
        }
        (Err(_), Some((false, _))) => {
            return pass("the connection tracking and NAT maps have room");
        }
        (Err(gap), None) => return Err(gap),
    };
    let mut evidence = Vec::new();
    let mut before = 0;
    for reason in REASONS {
        let count = packets(first, reason);
        before += count;
        if let Ok(later) = agent.drop_counters_later() {
            let more = packets(later, reason).saturating_sub(count);
            if more > 0 {
                evidence.push(Evidence::new(
                    Layer::Observed,
                    &later.origin,
                    format!("Node/{node}"),
                    reason,
                    format!("{more} more packets than at the first reading ({count})"),
                ));
            }
        }
    }
    if !evidence.is_empty() {
        evidence.extend(pressed.map(|(_, evidence)| evidence));
        return Ok(Outcome::Note(finding(view, node, DROPS, "drops", evidence)));
    }
    match pressed {
        Some((true, evidence)) => Ok(Outcome::Note(finding(
            view,
            node,
            FILL,
            "fill",
            vec![evidence],
        ))),
        Some((false, _)) => pass("the connection tracking and NAT maps have room"),
        None if before == 0 => not_applicable("nothing points to a full map"),
        // What was dropped since the maps were made says nothing about today, nor do counters that stand still
        // between two readings a few seconds apart.
        None => Err(Gap::new(
            Source::BpfMetrics,
            format!("node {node}"),
            Reason::Partial(format!(
                "{before} packets were dropped for want of room since the maps were made, and a reading some minutes later \
                 would tell whether they still are"
            )),
        )),
    }
}

const FILL: &str = "a connection tracking or NAT map is nearly full: new connections are dropped now and then, checks included";
const DROPS: &str = "packets are dropped because the connection tracking or NAT map has no room: new connections fail now and \
                     then, checks included";

fn packets(counters: &[DropCounter], reason: &str) -> u64 {
    counters
        .iter()
        .filter(|counter| counter.reason.starts_with(reason))
        .map(|counter| counter.packets)
        .sum()
}

fn finding(
    view: &View<'_>,
    node: &str,
    message: &str,
    decides: &str,
    evidence: Vec<Evidence>,
) -> Finding {
    Finding::new(message, decides, evidence)
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .fix(Fix {
            summary: "give the maps more room (Helm `bpf.ctTcpMax`, `bpf.ctAnyMax` and `bpf.natMax`, or `bpf.mapDynamicSizeRatio`) and \
                      restart the agents; maps that are made anew forget connections that are open"
                .to_owned(),
            commands: vec![
                view.helm_upgrade("--set bpf.mapDynamicSizeRatio=0.005"),
                view.kubectl("rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "the counters of `cilium-dbg bpf metrics list` for these reasons stand still for two intervals of the check"
                .to_owned(),
        })
}
