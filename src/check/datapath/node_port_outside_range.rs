//! The NodePort lies outside the range that the agents know.

use super::probe::Probe;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6302),
    slug: "node-port-outside-range",
    hop: Hop::Datapath,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the NodePort lies outside the agents' node-port-range",
    since: "0.1.0",
    needs: &[Source::Services, Source::AgentStatus],
    page: include_str!("node_port_outside_range.md"),
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
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let status = view.agent(node).status()?;
    let Some(range) = status
        .node_port
        .as_ref()
        .filter(|range| range.port_max != 0)
    else {
        return not_applicable("the agent names no range of NodePorts");
    };
    if (range.port_min..=range.port_max).contains(&probe.node_port) {
        return pass("the NodePort is inside the agents' range");
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let said = format!("{}-{}", range.port_min, range.port_max);
    // Source NAT takes its ports from behind the range (`NODEPORT_PORT_MIN_NAT`).
    let taken = if probe.node_port > range.port_max {
        ", and source NAT may take the same port"
    } else {
        ""
    };
    let finding = Finding::new(
        format!(
            "NodePort {} of {id} is outside node-port-range {said} of the agents: packets from outside are served, but \
             127.0.0.1 and other nodes' addresses are not translated in the socket{taken}",
            probe.node_port
        ),
        format!("{id}:{}", probe.node_port),
        vec![
            Evidence::new(
                Layer::Programmed,
                &status.origin,
                format!("Node/{node}"),
                "kube-proxy-replacement.features.nodePort.portMin-portMax",
                said,
            ),
            Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{id}"),
                "spec.ports[].nodePort",
                probe.node_port.to_string(),
            ),
        ],
    )
    .about([format!("Service/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "give Cilium the range of the API server (--service-node-port-range) and restart the agents".to_owned(),
        commands: vec![view.helm_upgrade("--set 'nodePort.range=<first>\\,<last>'")],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "`cilium-dbg status --verbose` names a NodePort range that holds the port".to_owned(),
    });
    Ok(Outcome::Note(finding))
}
