//! Annotations on a Gateway's metadata, where Cilium does not copy them from.

use super::owner::PREFIX;
use super::setting;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(1106),
    slug: "annotation-not-copied",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "a load balancer annotation sits where Cilium does not copy it from",
    since: "0.1.0",
    needs: &[Source::Gateways, Source::Services],
    page: include_str!("annotation_not_copied.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(gateway) = setting::gateway(view)? else {
        return not_applicable("no Gateway stands behind the subject");
    };
    let candidates: Vec<(&String, &String)> = gateway
        .metadata
        .annotations
        .iter()
        .filter(|(key, _)| is_for_the_load_balancer(key))
        .filter(|(key, _)| {
            !gateway
                .spec
                .infrastructure
                .as_ref()
                .is_some_and(|infrastructure| infrastructure.annotations.contains_key(*key))
        })
        .collect();
    if candidates.is_empty() {
        return pass("no load balancer annotation sits on the Gateway's metadata alone");
    }
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    let lost: Vec<(&String, &String)> = candidates
        .into_iter()
        .filter(|(key, _)| !service.metadata.annotations.contains_key(*key))
        .collect();
    if lost.is_empty() {
        return pass("the Service carries the annotations of the Gateway's metadata");
    }
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let id = format!("Gateway/{namespace}/{name}");
    let service_id = format!("Service/{namespace}/{}", service.metadata.name);
    let mut evidence = Vec::new();
    for (key, value) in &lost {
        evidence.push(Evidence::new(
            Layer::Declared,
            &gateway.origin,
            id.clone(),
            format!("metadata.annotations[{key}]"),
            (*value).clone(),
        ));
        evidence.push(Evidence::new(
            Layer::Programmed,
            &service.origin,
            service_id.clone(),
            format!("metadata.annotations[{key}]"),
            "absent",
        ));
    }
    let keys: Vec<&str> = lost
        .iter()
        .map(|(key, _)| key.rsplit('/').next().unwrap_or(key.as_str()))
        .collect();
    fail(
        Finding::new(
            format!(
                "{} on the metadata of gateway {name} never reached its Service: Cilium copies spec.infrastructure.annotations only",
                keys.join(", ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([id, service_id])
        .fix(Fix {
            summary: "move it to spec.infrastructure.annotations (Cilium 1.15 on); a changed scheme or type makes the controller replace the load balancer, with a new DNS name".to_owned(),
            commands: lost
                .iter()
                .map(|(key, value)| setting::annotate_gateway(namespace, name, key, value))
                .collect(),
            risk: Risk::Destructive,
            changes: Vec::new(),
            after: format!("Service {} carries the annotation", service.metadata.name),
        }),
    )
}

/// No controller of AWS reads another prefix, so that under another one nothing is lost.
fn is_for_the_load_balancer(key: &str) -> bool {
    key.starts_with(PREFIX)
}
