//! The NodePort entry of an ordinary Service exists and has no backend to choose from.

use super::probe::{Probe, TAKEN, entry, is_taken, row_key};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::workload::endpoints::{Endpoints, drains};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6103),
    slug: "frontend-without-backends",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the NodePort entry of the Service has no backends",
    since: "0.1.0",
    needs: &[Source::Services, Source::BpfLb, Source::EndpointSlices],
    page: include_str!("frontend_without_backends.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("Envoy serves the Service, its entries have no backends by design");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend else {
        return not_applicable("there is no entry that could have backends");
    };
    if is_taken(frontend) {
        return not_applicable(TAKEN);
    }
    if frontend.redirects() {
        return not_applicable("the entry hands connections to Envoy and needs no backends");
    }
    if frontend.backend_count() > 0 {
        return pass("the NodePort entry has backends");
    }
    // Without a count the backends are rows of their own, and those may not have been readable.
    if let (None, Some(gap)) = (frontend.count, found.unreadable()) {
        return Err(gap);
    }
    let port = service
        .spec
        .ports
        .iter()
        .find(|port| port.node_port == probe.node_port)
        .map_or("", |port| port.name.as_str());
    let endpoints = Endpoints::of(view, service);
    let usable: Option<Vec<_>> = match &endpoints {
        Ok(endpoints) => Some(
            endpoints
                .on_port(port)
                .filter(|one| one.is_ready() || drains(one))
                .filter(|one| !service.is_local() || one.is_local_to(found.node))
                .collect(),
        ),
        Err(gap) if service.is_local() => return Err(gap.clone()),
        Err(_) => None,
    };
    if usable.as_ref().is_some_and(Vec::is_empty) {
        return not_applicable(if service.is_local() {
            "no endpoint runs on the node, so the entry has none (CLB6201)"
        } else {
            "no endpoint is ready, so the entry has none (CLB8101)"
        });
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let entries = format!("the NodePort entries of {id} have 0 backends");
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        row_key(found.address, probe.node_port),
        frontend.raw.as_str(),
    )];
    let message = match (&usable, &endpoints) {
        (Some(usable), Ok(endpoints)) => {
            evidence.extend(endpoints.slices().iter().map(|slice| {
                Evidence::new(
                    Layer::Declared,
                    &slice.origin,
                    slice.id(),
                    "endpoints[].conditions.ready",
                    format!(
                        "{} of {} ready",
                        slice.endpoints.iter().filter(|one| one.is_ready()).count(),
                        slice.endpoints.len()
                    ),
                )
            }));
            // How many run on one node differs from node to node, so it stays out of the message.
            if service.is_local() {
                format!("{entries}, although endpoints on the node are ready")
            } else {
                format!("{entries}, although {} endpoints are ready", usable.len())
            }
        }
        _ => entries,
    };
    fail(
        Finding::new(message, format!("{id}:{}", probe.node_port), evidence)
            .about([format!("Service/{id}"), format!("Node/{}", found.node)])
            .fix(Fix {
                summary: "see why the agent has no backends for the port: a stale agent, or backends that it holds \
                          under another port name"
                    .to_owned(),
                commands: vec![view.agent_exec(found.node, "cilium-dbg service list")],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: "the NodePort entry of every target node has rows (1), (2), … with backends".to_owned(),
            }),
    )
}
