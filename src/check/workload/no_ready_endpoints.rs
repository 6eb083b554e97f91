//! The Service has no endpoint that could answer.

use super::endpoints::{Endpoints, drains, of_other_clusters};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::Frontend;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::Path;
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8101),
    slug: "no-ready-endpoints",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the Service has no ready endpoint",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EndpointSlices,
        Source::EnvoyConfigs,
        Source::BpfLb,
    ],
    page: include_str!("no_ready_endpoints.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("Envoy accepts the check, whatever stands behind it");
    }
    let Some(port) = service
        .spec
        .ports
        .iter()
        .find(|port| port.port == path.port && port.protocol() == path.protocol)
    else {
        return not_applicable("the Service has no such port");
    };
    let endpoints = Endpoints::of(view, service)?;
    if endpoints.on_port(&port.name).any(|one| one.is_ready()) {
        return pass("endpoints are ready");
    }
    if is_redirected(view, service, path)? {
        return not_applicable("the datapath hands the port to Envoy, which accepts the check");
    }
    if let Some(gap) = of_other_clusters(service) {
        return Err(gap);
    }
    let draining = endpoints.on_port(&port.name).any(drains);
    let all = endpoints.all().count();
    let ready = endpoints.ready();
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let message = if endpoints.slices().is_empty() {
        format!(
            "{id} has no EndpointSlice at all: its selector matches no Pod, or nobody writes its endpoints"
        )
    } else if ready > 0 && endpoints.on_port(&port.name).next().is_some() {
        format!(
            "of the endpoints of {id} that have the port named {:?} none is ready; ready without it: {ready}",
            port.name
        )
    } else if ready > 0 {
        format!(
            "{ready} endpoints of {id} are ready, but no EndpointSlice has a port named {:?}, so none serves that port",
            port.name
        )
    } else if draining {
        format!(
            "0 of {all} endpoints of {id} are ready: the last ones are terminating and still take traffic"
        )
    } else if all > 0 {
        format!("0 of {all} endpoints of {id} are ready")
    } else {
        format!("the EndpointSlices of {id} hold no endpoint: its selector matches no running Pod")
    };
    let finding = Finding::new(
        message,
        format!("{id}:{}", port.name),
        evidence(&endpoints, service, &id),
    )
    .about([format!("Service/{id}")])
    .fix(fix(service));
    let asks_agent = path.targets.iter().any(|target| {
        target.check.port != 0 && target.check.port == service.spec.health_check_node_port
    });
    if draining && !asks_agent {
        // Terminating endpoints go on serving while no other is left, so the NodePort still accepts.
        return Ok(Outcome::Note(finding));
    }
    fail(finding)
}

/// Whether a node hands the port to Envoy, which it does before it looks for a backend (bpf/lib/nodeport.h, nodeport_lb4).
///
/// # Errors
/// The gap of what would tell, where the map of a node was not read: no map speaks for another node's.
fn is_redirected(view: &View<'_>, service: &Service, path: &Path) -> Result<bool, Gap> {
    let nodes: BTreeSet<&str> = path
        .targets
        .iter()
        .filter_map(|target| target.node.as_deref().ok())
        .collect();
    let mut unread = None;
    for node in nodes {
        match view.agent(node).bpf() {
            Ok(bpf) if bpf.on_port(path.node_port).any(Frontend::redirects) => return Ok(true),
            Ok(_) => {}
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    let Some(gap) = unread else {
        return Ok(false);
    };
    match requested(view, service, path.port)? {
        Requested::By(_) => Err(gap),
        _ => Ok(false),
    }
}

fn evidence(endpoints: &Endpoints<'_>, service: &Fact<Service>, id: &str) -> Vec<Evidence> {
    let mut all: Vec<Evidence> = endpoints
        .slices()
        .iter()
        .map(|slice| {
            let ready = slice.endpoints.iter().filter(|one| one.is_ready()).count();
            let ports: Vec<&str> = slice
                .ports
                .iter()
                .map(|port| port.name.as_deref().unwrap_or_default())
                .collect();
            Evidence::new(
                Layer::Declared,
                &slice.origin,
                slice.id(),
                "endpoints[].conditions.ready",
                format!(
                    "{ready} of {} ready, ports {ports:?}",
                    slice.endpoints.len()
                ),
            )
        })
        .collect();
    let selector: Vec<String> = service
        .spec
        .selector
        .iter()
        .map(|(label, value)| format!("{label}={value}"))
        .collect();
    all.push(Evidence::new(
        Layer::Declared,
        &service.origin,
        format!("Service/{id}"),
        "spec.selector",
        if selector.is_empty() {
            "none".to_owned()
        } else {
            selector.join(",")
        },
    ));
    all
}

fn fix(service: &Service) -> Fix {
    let meta = &service.metadata;
    let selector: Vec<String> = service
        .spec
        .selector
        .iter()
        .map(|(label, value)| format!("{label}={value}"))
        .collect();
    let pods = if selector.is_empty() {
        format!(
            "kubectl -n {} get endpointslices -l kubernetes.io/service-name={}",
            meta.namespace, meta.name
        )
    } else {
        format!(
            "kubectl -n {} get pods -l {} -o wide",
            meta.namespace,
            selector.join(",")
        )
    };
    Fix {
        summary: "get a Pod that the selector matches to Ready; the Pods' conditions and events say what is missing"
            .to_owned(),
        commands: vec![
            pods,
            format!("kubectl -n {} describe service {}", meta.namespace, meta.name),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "an EndpointSlice of the Service has a ready endpoint, and the NodePort entries have backends".to_owned(),
    }
}
