//! The BPF map of the node has no entry for the address and port that the check goes to.

use super::affinity;
use super::listening::listens;
use super::port_missing::port_missing;
use super::probe::{Entry, Probe, entry, row_key};
use super::proxied::Proxied;
use super::unserved::unserved;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6102),
    slug: "frontend-missing",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the BPF map has no NodePort entry for the target's address",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::AgentStatus,
        Source::DbDevices,
        Source::DbNodeAddresses,
        Source::DbFrontends,
        Source::AgentVersion,
        Source::EndpointSlices,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::DbConfigs,
        Source::Nodes,
        Source::Pods,
        Source::ListeningSockets,
    ],
    page: include_str!("frontend_missing.md"),
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
    if probe.of_agent {
        return not_applicable(
            "the check goes to the agent's health-check node port, which has no BPF entry",
        );
    }
    let found = entry(view, target, probe)?;
    if found.frontend.is_some() {
        return pass("the NodePort has an entry for the target's address");
    }
    if let Some(gap) = found.unreadable() {
        return Err(gap);
    }
    if found.is_left_to_kube_proxy(view)? {
        return not_applicable("Cilium serves no NodePorts on this node (CLB6101)");
    }
    // AWS decides whether a process that listens on the port answers the check in Cilium's place.
    if target.state() != Some("unhealthy") && listens(view, &found, probe) {
        return Err(Gap::new(
            Source::ListeningSockets,
            format!("node {}", found.node),
            Reason::Partial(format!(
                "a process of the host listens on tcp {} and may answer the check (CLB6303)",
                probe.node_port
            )),
        ));
    }
    let others: Vec<_> = found
        .bpf
        .on_port(probe.node_port)
        .filter(|frontend| frontend.key.address.is_ipv4() == found.address.is_ipv4())
        .collect();
    let mut absent = vec![Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        row_key(found.address, probe.node_port),
        "no entry",
    )];
    absent.extend(others.iter().map(|frontend| {
        Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            format!("Node/{}", found.node),
            row_key(frontend.key.address, frontend.key.port),
            frontend.raw.as_str(),
        )
    }));
    if service.is_proxied()
        && let Some(mut finding) = affinity::refused(view, &Proxied { service, probe }, found.node)
    {
        finding.evidence.extend(absent);
        return fail(finding);
    }
    fail(if others.is_empty() {
        port_missing(view, service, probe, &found, absent)
    } else {
        address_missing(view, &found, absent)
    })
}

/// The NodePort is served on this node, but not on the target's address.
fn address_missing(view: &View<'_>, found: &Entry<'_, '_>, mut evidence: Vec<Evidence>) -> Finding {
    let (message, decides) = match unserved(view, found.node, found.address) {
        Some(why) => {
            evidence.extend(why.evidence);
            (why.message, why.decides)
        }
        None => (
            "NodePorts are served on other addresses of the node, but not on the target's address"
                .to_owned(),
            "address not served".to_owned(),
        ),
    };
    Finding::new(message, decides, evidence)
        .about([format!("Node/{}", found.node)])
        .fix(Fix {
            summary: "let Cilium serve NodePorts on the device and address that the target group uses: set \
                      `devices` (such as \"eth+ ens+\", or empty for detection) or `nodePort.addresses` in the \
                      Helm values and restart the agents, or register the node's primary address"
                .to_owned(),
            commands: vec![
                view.agent_exec(found.node, "cilium-dbg shell -- db/show devices"),
                view.kubectl(
                    "get configmap cilium-config -o jsonpath='{.data.devices} {.data.nodeport-addresses}'",
                ),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg bpf lb list` has a key with the target's address and the NodePort".to_owned(),
        })
}
