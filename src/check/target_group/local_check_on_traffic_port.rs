//! externalTrafficPolicy Local is checked on the traffic port instead of the health-check node port.

use super::health_check::{self, defaults};
use crate::check::datapath::probe::Probe;
use crate::check::finding::{Confidence, Finding};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3201),
    slug: "local-check-on-traffic-port",
    hop: Hop::TargetGroup,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the check of externalTrafficPolicy Local does not go to the health-check node port",
    since: "0.1.0",
    needs: &[Source::Services, Source::TargetGroups],
    page: include_str!("local_check_on_traffic_port.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_local() || service.spec.health_check_node_port == 0 {
        return not_applicable("externalTrafficPolicy is Cluster");
    }
    if service.is_proxied() {
        return not_applicable(
            "Envoy on every node serves the Service, so its own port is the better check",
        );
    }
    let Some((name, group)) = health_check::group(view, path)? else {
        return not_applicable("there is no target group");
    };
    if group.target_type != "instance" {
        return not_applicable("targets are Pods, which no health-check node port describes");
    }
    let on_traffic_port = path
        .targets
        .iter()
        .filter_map(|target| Probe::of(service, path, target).ok())
        .any(|probe| !probe.of_agent);
    if !on_traffic_port {
        return pass("the check goes to the health-check node port, or to no port of the Service");
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let port = service.spec.health_check_node_port;
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "externalTrafficPolicy of {id} is Local, and the check is {} on the NodePort instead of HTTP on healthCheckNodePort {port}: \
                 nodes without an endpoint fail it as well, and a node whose last endpoint is going away looks healthy until it is gone",
                group.health_check_protocol.as_deref().unwrap_or("TCP")
            ),
            name.name.clone(),
            health_check::evidence(name, &group, service),
        )
        .about([
            format!("TargetGroup/{}", name.name),
            format!("Service/{id}"),
        ])
        .confidence(Confidence::High)
        .fix(defaults(service)),
    ))
}
