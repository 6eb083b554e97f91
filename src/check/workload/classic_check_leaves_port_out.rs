//! A Classic Load Balancer checks one port for all, and another port of the Service is dead on its instances.
//!
//! cloud-provider-aws configures a TCP check on the first port only, so that instances stay in service for ports
//! that nothing serves.

use crate::check::balancer::classic::{classic, row};
use crate::check::datapath::listening::listens;
use crate::check::datapath::probe::{Probe, entry, row_key};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Object;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8208),
    slug: "classic-check-leaves-port-out",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "a Classic Load Balancer checks one port, and another port of the Service is dead",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ClassicLoadBalancers,
        Source::BpfLb,
        Source::AgentConfig,
        Source::ListeningSockets,
    ],
    page: include_str!("classic_check_leaves_port_out.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(name) = classic(view, path)? else {
        return not_applicable("there is no Classic Load Balancer");
    };
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind the load balancer");
    };
    let checked = target.check.port;
    if path.protocol != "TCP" || path.node_port == 0 {
        return not_applicable("the port has no TCP NodePort");
    }
    if checked == path.node_port {
        return not_applicable("the check asks this very port");
    }
    if !service
        .spec
        .ports
        .iter()
        .any(|port| port.node_port == checked)
    {
        return not_applicable("the check asks no NodePort of the Service");
    }
    if target.state() != Some("healthy") {
        return not_applicable("the instance is not in service");
    }
    let probe = Probe {
        node_port: path.node_port,
        service_port: path.port,
        of_agent: false,
        connects_only: true,
    };
    let found = entry(view, target, probe)?;
    if found.frontend.is_some() {
        return pass("the NodePort that nobody checks has an entry");
    }
    if let Some(gap) = found.unreadable() {
        return Err(gap);
    }
    if found.is_left_to_kube_proxy(view)? {
        return not_applicable("Cilium serves no NodePorts on this node");
    }
    if listens(view, &found, probe) {
        let why = format!(
            "a process of the host listens on tcp {} and may answer in Cilium's place",
            path.node_port
        );
        let node = format!("node {}", found.node);
        return Err(Gap::new(
            Source::ListeningSockets,
            node,
            Reason::Partial(why),
        ));
    }
    let balancer = view
        .region(name, Source::ClassicLoadBalancers)?
        .classic_load_balancer(&name.name)?;
    let check = balancer.health_check.as_ref();
    let asked = check.map_or("unset", |check| &check.target);
    let (port, node_port) = (path.port, path.node_port);
    let object = format!("LoadBalancer/{}", name.name);
    let evidence = vec![
        row(&balancer, "HealthCheck.Target", asked),
        Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            format!("Node/{}", found.node),
            row_key(found.address, node_port),
            "no entry",
        ),
    ];
    fail(
        Finding::new(
            format!("the Classic Load Balancer checks {checked} only, and NodePort {node_port} of port {port} has no entry in the BPF map: the instance stays in service, and clients of port {port} fail"),
            format!("{}:{port}", name.name),
            evidence,
        )
        .about([
            object,
            service.id(),
        ])
        .fix(Fix {
            summary: "find out why the agent has no entry for that NodePort; a Network Load Balancer checks every port by itself".to_owned(),
            commands: vec![view.agent_exec(found.node, "cilium-dbg service list")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("`cilium-dbg bpf lb list` has a key with the node's address and {node_port}"),
        }),
    )
}
