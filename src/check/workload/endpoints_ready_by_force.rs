//! publishNotReadyAddresses: endpoints count as ready whatever their Pods say.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8120),
    slug: "endpoints-ready-by-force",
    hop: Hop::Workload,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "publishNotReadyAddresses makes every endpoint count as ready",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Services],
    page: include_str!("endpoints_ready_by_force.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    if service.is_proxied() {
        return not_applicable("Envoy accepts the check, whatever stands behind it");
    }
    if !service.spec.publish_not_ready_addresses {
        return not_applicable("endpoints are ready when their Pods are");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "spec.publishNotReadyAddresses of {name} is true: Pods that are not Ready get health checks and clients as well, so readiness in EndpointSlices proves nothing here"
            ),
            format!("{namespace}/{name}"),
            vec![Evidence::new(
                Layer::Declared,
                &service.origin,
                id.clone(),
                "spec.publishNotReadyAddresses",
                "true",
            )],
        )
        .about([id])
        .fix(Fix {
            summary: "leave it to headless Services for peers that find each other before they are Ready; a Service behind a load balancer rarely wants it".to_owned(),
            commands: vec![format!(
                "kubectl patch service {name} -n {namespace} -p '{{\"spec\":{{\"publishNotReadyAddresses\":false}}}}'"
            )],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "EndpointSlices show ready=false for Pods that are not Ready".to_owned(),
        }),
    ))
}
