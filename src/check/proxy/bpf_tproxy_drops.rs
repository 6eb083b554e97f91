//! enable-bpf-tproxy is on, and the datapath finds no socket of Envoy for redirected packets.

use crate::check::datapath::proxied::Redirect;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::DropCounter;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7107),
    slug: "bpf-tproxy-drops",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "with enable-bpf-tproxy the datapath drops redirected packets for want of a socket",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::BpfMetrics,
        Source::EnvoyListeners,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("bpf_tproxy_drops.md"),
    known_issues: &[],
    run: Run::Target(run),
};

/// Drop reasons 178 and 179 (pkg/monitor/api/drop.go); an extended error may follow.
const REASONS: [&str; 2] = ["Socket lookup failed", "Socket assign failed"];

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let redirect = match Redirect::of(view, path, target)? {
        Ok(redirect) => redirect,
        Err(why) => return not_applicable(why),
    };
    let node = redirect.entry.node;
    let agent = view.agent(node);
    let tproxy = || running::running(view, node, Key::BpfTproxy);
    let off = "enable-bpf-tproxy is off, so no socket is looked up in BPF";
    let first = match agent.drop_counters() {
        Ok(counters) if dropped(counters) == 0 => {
            return not_applicable("no packet was ever dropped for want of a socket");
        }
        Ok(counters) => counters,
        Err(gap) => {
            return if tproxy()?.on {
                Err(gap)
            } else {
                not_applicable(off)
            };
        }
    };
    let setting = tproxy()?;
    if !setting.on {
        return not_applicable(off);
    }
    let second = agent.drop_counters_later().map_err(|gap| {
        Gap::new(
            Source::BpfMetrics,
            gap.about,
            Reason::Partial(
                "packets were dropped for want of a socket, and only a second reading tells whether \
                 they still are"
                    .to_owned(),
            ),
        )
    })?;
    let (before, after) = (dropped(first), dropped(second));
    if after <= before {
        return Err(standstill(node, before));
    }
    let listeners = agent.envoy_listeners().ok();
    if listeners.is_some_and(|all| !all.iter().any(|one| one.port == redirect.port)) {
        return not_applicable("Envoy does not listen on the redirect's port (CLB7102)");
    }
    let mut evidence = setting.evidence;
    evidence.push(Evidence::new(
        Layer::Observed,
        &second.origin,
        format!("Node/{node}"),
        REASONS.join(" and "),
        format!("{before}, then {after} packets"),
    ));
    evidence.push(redirect.evidence());
    let although = match listeners {
        Some(_) => ", although Envoy listens",
        None => "",
    };
    let mut finding = Finding::new(
        format!(
            "enable-bpf-tproxy is true in the agents, and their datapath drops packets because it finds no socket of \
             Envoy{although}"
        ),
        "enable-bpf-tproxy",
        evidence,
    )
    .about([format!("Node/{node}")])
    .confidence(Confidence::Medium)
    .assuming("the dropped packets are those of the health check: the counters do not tell ports");
    if listeners.is_none() {
        finding =
            finding.assuming("Envoy listens on the redirect's port: its listeners were not read");
    }
    redirect.broken(
        finding.fix(Fix {
            summary: "switch enable-bpf-tproxy off, which is the default, and restart the agents: iptables delivers \
                      the packets then"
                .to_owned(),
            commands: vec![
                view.kubectl("get configmap cilium-config -o jsonpath='{.data.enable-bpf-tproxy}'"),
                view.kubectl(
                    "patch configmap cilium-config --type merge -p '{\"data\":{\"enable-bpf-tproxy\":\"false\"}}'   \
                     # and bpf.tproxy=false in the Helm values",
                ),
                view.kubectl("rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg bpf metrics list` counts no further socket drops, and the targets turn healthy"
                .to_owned(),
        }),
    )
}

/// Packets were dropped once, and the counter stands still.
///
/// The two readings are a few seconds apart and a health check comes every 5 to 300, so that none may have
/// come between them.
fn standstill(node: &str, before: u64) -> Gap {
    Gap::new(
        Source::BpfMetrics,
        format!("node {node}"),
        Reason::Partial(format!(
            "{before} packets were dropped for want of a socket since the counters began; none between the two readings, \
             which are seconds apart, and only readings two intervals of the health check apart tell whether they still are"
        )),
    )
}

/// Packets dropped for want of a socket, in all directions and programs.
fn dropped(counters: &[DropCounter]) -> u64 {
    counters
        .iter()
        .filter(|counter| {
            REASONS
                .iter()
                .any(|reason| counter.reason.starts_with(reason))
        })
        .fold(0, |sum, counter| sum.saturating_add(counter.packets))
}
