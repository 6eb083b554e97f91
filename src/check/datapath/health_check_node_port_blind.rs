//! The health-check node port answers 200 on a node whose NodePort refuses the traffic.

use super::health_server;
use super::probe::{Probe, entry, row_key};
use super::unserved::unserved;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6121),
    slug: "health-check-node-port-blind",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the health-check node port answers 200, and the NodePort is not served on the target's address",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::HealthCheckNodePort,
        Source::AgentModules,
        Source::DbServices,
        Source::DbBackends,
        Source::AgentVersion,
        Source::DbDevices,
        Source::AgentStatus,
        Source::DbNodeAddresses,
        Source::AgentStartConfig,
        Source::ConfigMaps,
    ],
    page: include_str!("health_check_node_port_blind.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => probe,
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    if found.frontend.is_some() {
        return not_applicable("the NodePort has an entry for the target's address (CLB6102)");
    }
    if let Some(gap) = found.unreadable() {
        return Err(gap);
    }
    let others: Vec<_> = found
        .bpf
        .on_port(probe.node_port)
        .filter(|frontend| frontend.key.address.is_ipv4() == found.address.is_ipv4())
        .collect();
    if others.is_empty() {
        return not_applicable("the node serves the NodePort on no address");
    }
    let port = service.spec.health_check_node_port;
    let node = format!("Node/{}", found.node);
    let mut evidence = match view.agent(found.node).health_answer(port) {
        Ok(answer) if answer.code == Some(200) => vec![Evidence::new(
            Layer::Observed,
            &answer.origin,
            node.clone(),
            format!("http://127.0.0.1:{port}/healthz"),
            answer.text.as_str(),
        )],
        Ok(_) => return not_applicable("the health-check node port does not answer 200"),
        Err(gap) => health_server::promises(view, service, found.node).ok_or(gap)?,
    };
    evidence.push(Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        node.clone(),
        row_key(found.address, probe.node_port),
        "no entry",
    ));
    evidence.extend(others.iter().map(|frontend| {
        Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            node.clone(),
            row_key(frontend.key.address, frontend.key.port),
            frontend.raw.as_str(),
        )
    }));
    let device = match unserved(view, found.node, found.address) {
        Some(why) => {
            evidence.extend(why.evidence);
            why.message
        }
        None => "NodePorts are served on other addresses of the node".to_owned(),
    };
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    fail(
        Finding::new(
            format!("the health-check node port of {id} answers 200 where every connection of a client is refused: {device}"),
            format!("{id} {device}"),
            evidence,
        )
        .about([format!("Service/{id}"), node])
        .fix(Fix {
            summary: "let Cilium serve NodePorts on the device and address that the target group uses: set `devices` or \
                      `nodePort.addresses` in the Helm values and restart the agents, or register the node's primary address"
                .to_owned(),
            commands: vec![
                view.kubectl(
                    "get configmap cilium-config -o jsonpath='{.data.devices} {.data.nodeport-addresses}'",
                ),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg bpf lb list` has a key with the target's address and the NodePort".to_owned(),
        }),
    )
}
