//! The check connects to the health-check node port and does not read what it answers.

use super::health_check;
use crate::check::datapath::probe::Probe;
use crate::check::finding::Finding;
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::workload::endpoints::{Endpoints, of_other_clusters};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3202),
    slug: "local-check-ignores-answer",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the check connects to the health-check node port and does not read its answer",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroups,
        Source::EndpointSlices,
    ],
    page: include_str!("local_check_ignores_answer.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent && probe.connects_only => {}
        Ok(probe) if probe.of_agent => return pass("the check reads the answer"),
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    }
    let Some((name, group)) = health_check::group(view, path)? else {
        return not_applicable("there is no target group");
    };
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let port = service.spec.health_check_node_port;
    let evidence = health_check::evidence(name, &group, service);
    let finding = |message: String, decides: &str| {
        Finding::new(
            message,
            format!("{} {decides}", name.name),
            evidence.clone(),
        )
        .about([
            format!("TargetGroup/{}", name.name),
            format!("Service/{id}"),
        ])
        .fix(health_check::defaults(service))
    };
    if service.is_proxied() {
        return Ok(Outcome::Note(finding(
            format!(
                "the check of {id} is TCP on healthCheckNodePort {port}: it passes as long as the agent runs, whatever the redirect to Envoy does"
            ),
            "proxied",
        )));
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    if Endpoints::of(view, service)?.ready_on(node) > 0 {
        return pass("the node has an endpoint, whatever the check reads");
    }
    if let Some(gap) = of_other_clusters(service) {
        return Err(gap);
    }
    fail(finding(
        format!(
            "the check of {id} is TCP on healthCheckNodePort {port}, where the agent accepts connections and then answers 503: \
             nodes without a ready endpoint look healthy, and turn away the clients they get"
        ),
        "connects only",
    ))
}
