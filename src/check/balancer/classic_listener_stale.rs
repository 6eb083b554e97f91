//! A Classic Load Balancer has no listener for a port of the Service, or one that leads to another port than its NodePort.

use super::classic::{classic, row, why_not_followed};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2110),
    slug: "classic-listener-stale",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "a Classic Load Balancer does not forward a port of the Service to its NodePort",
    since: "0.1.0",
    needs: &[Source::Services, Source::ClassicLoadBalancers],
    page: include_str!("classic_listener_stale.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(name) = classic(view, path)? else {
        return not_applicable("there is no Classic Load Balancer");
    };
    let Some(service) = view.service()? else {
        return not_applicable("no Service asks for a listener");
    };
    let region = view.region(name, Source::ClassicLoadBalancers)?;
    let balancer = region.classic_load_balancer(&name.name)?;
    let listener = balancer.listener(path.port);
    if listener.is_some_and(|listener| listener.instance_port == path.node_port) {
        return pass("the listener leads to the NodePort");
    }
    if path.node_port == 0 {
        return not_applicable("the Service port has no NodePort (CLB1102)");
    }
    let (port, node_port) = (path.port, path.node_port);
    let (message, value) = match listener {
        None => (
            format!(
                "Classic Load Balancer {} has no listener on port {port} of the Service",
                name.name
            ),
            "none".to_owned(),
        ),
        Some(listener) => (
            format!(
                "port {port} of Classic Load Balancer {} leads to {} of the instances, and its NodePort is {node_port}",
                name.name, listener.instance_port
            ),
            listener.instance_port.to_string(),
        ),
    };
    let meta = &service.metadata;
    let id = format!("Service/{}/{}", meta.namespace, meta.name);
    let object = format!("LoadBalancer/{}", name.name);
    let evidence = vec![
        row(
            &balancer,
            format!("ListenerDescriptions[LoadBalancerPort={port}].Listener.InstancePort"),
            value,
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.clone(),
            format!("spec.ports[port={port}].nodePort"),
            node_port.to_string(),
        ),
    ];
    fail(
        Finding::new(message, format!("{}:{port}", name.name), evidence)
            .about([object, id])
            .fix(Fix {
                summary: "read why cloud-provider-aws does not follow the Service; it makes listeners anew when it reconciles".to_owned(),
                commands: why_not_followed(service),
                risk: Risk::Safe,
                changes: Vec::new(),
                after: format!("the listener on {port} has InstancePort {node_port}"),
            }),
    )
}
