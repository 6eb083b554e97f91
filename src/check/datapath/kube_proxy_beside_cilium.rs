//! kube-proxy runs on a node whose agent replaces it: two components program the same NodePorts.

use super::kube_proxy_answers_health_check::remove;
use super::probe::Probe;
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6304),
    slug: "kube-proxy-beside-cilium",
    hop: Hop::Datapath,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "kube-proxy still runs on nodes where Cilium replaces it",
    since: "0.1.0",
    needs: &[Source::Services, Source::AgentStatus, Source::Pods],
    page: include_str!("kube_proxy_beside_cilium.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if let Err(why) = Probe::of(service, path, target) {
        return not_applicable(why);
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let Some(pod) = pods::of_node(view, pods::KUBE_PROXY, node) else {
        return not_applicable("no kube-proxy was seen on the node");
    };
    if !pods::running(pod, "kube-proxy") {
        return pass("kube-proxy does not run on the node");
    }
    let status = view.agent(node).status()?;
    if status.kube_proxy_replacement != Some(true) {
        return not_applicable("Cilium does not replace kube-proxy on this node");
    }
    let name = pod.id();
    let evidence = vec![
        Evidence::new(
            Layer::Observed,
            &pod.origin,
            name.clone(),
            "status.containerStatuses[].state",
            "running",
        ),
        Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{node}"),
            "kube-proxy-replacement.mode",
            "True",
        ),
    ];
    Ok(Outcome::Note(
        Finding::new(
            "kube-proxy runs beside agents with kube-proxy-replacement True: Cilium answers first on its devices, and \
             kube-proxy where Cilium has no entry and on health-check node ports",
            "kube-proxy",
            evidence,
        )
        .about([name, format!("Node/{node}")])
        .fix(remove(view)),
    ))
}
