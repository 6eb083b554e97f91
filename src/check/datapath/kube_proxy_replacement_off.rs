//! Cilium does not serve NodePorts on the node at all.

use super::probe::{Probe, entry};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::switch_on;
use crate::check::node::setting::Key;
use crate::check::node::{pods, running};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6101),
    slug: "kube-proxy-replacement-off",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Cilium does not replace kube-proxy, so it serves no NodePorts",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::AgentConfig,
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("kube_proxy_replacement_off.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe);
    if found.as_ref().is_ok_and(|found| found.frontend.is_some()) {
        return pass("Cilium serves NodePorts");
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let setting = running::running(view, node, Key::KubeProxyReplacement)?;
    if setting.on {
        return pass("Cilium serves NodePorts");
    }
    // Up to 1.17 NodePorts could be switched on one by one; then the map has entries.
    let found = found?;
    if let Some(gap) = found.unreadable() {
        return Err(gap);
    }
    if !service.is_proxied() {
        // kube-proxy serves ordinary Services, and whether it runs is the question then.
        let pod = pods::required(view, "kube-proxy", node)?;
        return if pods::running(pod, "kube-proxy") {
            not_applicable("kube-proxy serves the NodePorts of this node")
        } else {
            fail(finding(
                view,
                node,
                setting.evidence,
                "and kube-proxy does not run",
            ))
        };
    }
    let mut evidence = setting.evidence;
    evidence.push(Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{node}"),
        format!("{}:{}/TCP", found.address, probe.node_port),
        "no entry",
    ));
    fail(finding(
        view,
        node,
        evidence,
        "and kube-proxy cannot serve a Gateway or Ingress, whose Service has only a placeholder endpoint",
    ))
}

fn finding(view: &View<'_>, node: &str, evidence: Vec<Evidence>, rest: &str) -> Finding {
    Finding::new(
        format!(
            "kube-proxy-replacement is false in the agents, so they program no NodePorts, {rest}"
        ),
        "kube-proxy-replacement",
        evidence,
    )
    .about([
        format!("Node/{node}"),
        format!("ConfigMap/{}/cilium-config", view.agent_namespace()),
    ])
    .fix(switch_on(view, Key::KubeProxyReplacement))
}
