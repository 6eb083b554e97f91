//! externalTrafficPolicy Local makes nodes without an endpoint fail on purpose.

use super::probe::{CONNECTS_ONLY, Probe, entry};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::workload::endpoints::{Endpoints, of_other_clusters};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6201),
    slug: "local-policy-no-endpoint",
    hop: Hop::Datapath,
    severity: Severity::Info,
    bearing: Bearing::Health,
    title: "externalTrafficPolicy Local, and no endpoint runs on the node",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EndpointSlices,
        Source::BpfLb,
        Source::HealthCheckNodePort,
    ],
    page: include_str!("local_policy_no_endpoint.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_local() {
        return not_applicable("externalTrafficPolicy is Cluster, every node may answer");
    }
    if service.is_proxied() {
        return not_applicable("Envoy on every node serves the Service, whatever the policy");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    if probe.of_agent && probe.connects_only {
        return not_applicable(CONNECTS_ONLY);
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let endpoints = match Endpoints::of(view, service) {
        Ok(endpoints) => endpoints,
        Err(gap) => {
            return match has_backends(view, target, probe) {
                Some(true) => pass("a ready endpoint runs on the node"),
                _ => Err(gap),
            };
        }
    };
    if endpoints.ready_on(node) > 0 {
        return pass("a ready endpoint runs on the node");
    }
    if let Some(gap) = of_other_clusters(service) {
        return of_mesh(view, service, target, probe).unwrap_or(Err(gap));
    }
    if endpoints.ready() == 0 {
        return not_applicable("no endpoint is ready on any node (CLB8101)");
    }
    if probe.of_agent
        && let Ok(answer) = view.agent(node).health_answer(target.check.port)
        && answer.code == Some(200)
    {
        // Two readings of two moments, or a server that is wrong: CLB6205 says which.
        return Err(Gap::new(
            Source::EndpointSlices,
            format!("node {node}"),
            Reason::Partial(format!(
                "they name no endpoint on the node, and its health-check node port {} answers 200",
                target.check.port
            )),
        ));
    }
    by_design(service)
}

fn by_design(service: &Service) -> Checked {
    Ok(Outcome::Expected(format!(
        "externalTrafficPolicy Local of {}/{}: nodes without a ready endpoint are unhealthy by design",
        service.metadata.namespace, service.metadata.name
    )))
}

/// Whether the node's entry has backends: the external one of a Local Service holds those that count as local only.
///
/// `None` where the entry was not read or is missing, and where its rows may be among those that could not be read.
fn has_backends(view: &View<'_>, target: &Target, probe: Probe) -> Option<bool> {
    let found = entry(view, target, probe).ok()?;
    let frontend = found.frontend?;
    let has_some = frontend.backend_count() > 0;
    // Without a count the backends are rows of their own.
    let is_told = has_some || frontend.count.is_some() || found.unreadable().is_none();
    is_told.then_some(has_some)
}

/// What the node itself says of a global Service without an endpoint of its own there; `None` where that decides nothing.
///
/// Backends of other clusters count as local on every node, so EndpointSlices alone do not tell.
fn of_mesh(view: &View<'_>, service: &Service, target: &Target, probe: Probe) -> Option<Checked> {
    let programmed = has_backends(view, target, probe)?;
    if probe.of_agent {
        let node = target.node.as_ref().ok()?;
        let answer = view.agent(node).health_answer(target.check.port).ok()?;
        if (answer.code == Some(200)) != programmed {
            return None;
        }
    }
    Some(if programmed {
        pass("backends of other clusters of the mesh count as local on the node")
    } else {
        by_design(service)
    })
}
