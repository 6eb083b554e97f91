//! externalTrafficPolicy Local makes nodes without an endpoint fail on purpose.

use super::probe::{CONNECTS_ONLY, Probe, entry};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::workload::endpoints::Endpoints;
use crate::check::{Bearing, Check, Code, Run, View};
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
            // The external entry of a Local Service holds the node's own backends only.
            let backends = entry(view, target, probe)
                .ok()
                .and_then(|found| found.frontend)
                .map_or(0, |frontend| frontend.backend_count());
            return if backends > 0 {
                pass("a ready endpoint runs on the node")
            } else {
                Err(gap)
            };
        }
    };
    if endpoints.ready_on(node) > 0 {
        return pass("a ready endpoint runs on the node");
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
    Ok(Outcome::Expected(format!(
        "externalTrafficPolicy Local of {}/{}: nodes without a ready endpoint are unhealthy by design",
        service.metadata.namespace, service.metadata.name
    )))
}
