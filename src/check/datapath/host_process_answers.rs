//! A process of the host listens on a NodePort that Cilium does not serve, and passes the health check.

use super::listening::socket;
use super::probe::{Probe, entry};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6303),
    slug: "host-process-answers",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "a process of the host answers on the NodePort instead of the Service",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::ListeningSockets,
        Source::Pods,
    ],
    page: include_str!("host_process_answers.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if !probe.of_agent => probe,
        Ok(_) => return not_applicable("the check goes to the agent's health-check node port"),
        Err(why) => return not_applicable(why),
    };
    if target.state() != Some("healthy") {
        return not_applicable("AWS does not report the target as healthy");
    }
    let found = entry(view, target, probe)?;
    if found.frontend.is_some() {
        return pass("Cilium serves the NodePort before any process of the host");
    }
    if let Some(gap) = found.unreadable() {
        return Err(gap);
    }
    if !found.serves_node_ports() {
        return not_applicable(
            "Cilium serves no NodePorts on this node, so something else is meant to",
        );
    }
    let sockets = view.agent(found.node).listeners()?;
    let Some(socket) = socket(sockets, found.address, probe.node_port) else {
        return not_applicable("no process of the host listens on the NodePort");
    };
    // kube-proxy up to 1.26 held the NodePorts that it served with its rules.
    if pods::of_node(view, pods::KUBE_PROXY, found.node)
        .is_some_and(|pod| pods::running(pod, "kube-proxy"))
    {
        return not_applicable("kube-proxy serves the NodePorts that Cilium does not (CLB6304)");
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    fail(
        Finding::new(
            format!(
                "a process of the host listens on NodePort {} of {id}, and Cilium has no entry for the target's address: \
                 the health check passes, and clients reach that process",
                probe.node_port
            ),
            format!("{id}:{}", probe.node_port),
            vec![
                Evidence::new(
                    Layer::Programmed,
                    &found.bpf.origin,
                    format!("Node/{}", found.node),
                    format!("{}:{}/TCP", found.address, probe.node_port),
                    "no entry",
                ),
                Evidence::new(
                    Layer::Observed,
                    &sockets.origin,
                    format!("Node/{}", found.node),
                    "LISTEN",
                    socket.to_string(),
                ),
            ],
        )
        .about([format!("Service/{id}"), format!("Node/{}", found.node)])
        .fix(Fix {
            summary: "find the process and stop it or give it another port, then see why Cilium does not serve the NodePort \
                      on this address (CLB6102)"
                .to_owned(),
            commands: vec![format!(
                "kubectl debug node/{} -it --profile=sysadmin --image=busybox -- chroot /host ss -ltnp 'sport = :{}'",
                found.node, probe.node_port
            )],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg bpf lb list` has a key with the target's address and the NodePort".to_owned(),
        }),
    )
}
