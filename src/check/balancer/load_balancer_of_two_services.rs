//! Two Services have the same load balancer in their status.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Source};
use crate::parse::hostname::LoadBalancerName;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2112),
    slug: "load-balancer-of-two-services",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Hygiene,
    title: "two Services have one load balancer",
    since: "0.1.0",
    needs: &[Source::Services],
    page: include_str!("load_balancer_of_two_services.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

/// Annotation after the prefix that gives a load balancer its name.
const NAME: &str = "aws-load-balancer-name";

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind the subject");
    };
    let Some(hostname) = service.hostname() else {
        return not_applicable("the Service has no load balancer of its own");
    };
    if LoadBalancerName::parse(hostname).is_none() {
        return not_applicable("the host name is not one of AWS");
    }
    let mut sharing: Vec<&Fact<Service>> = view
        .services()
        .known()
        .filter(|other| {
            other
                .hostname()
                .is_some_and(|name| name.eq_ignore_ascii_case(hostname))
        })
        // Whoever takes a load balancer over waits for the one before to go.
        .filter(|other| other.metadata.deletion_timestamp.is_none())
        .collect();
    if sharing.len() < 2 {
        // Both controllers compute names from the Service's UID, so only names that are given can meet.
        if owner::annotation(service, NAME).is_none() {
            return pass("the name of its load balancer is computed from its UID");
        }
        view.services().complete(&service.metadata.namespace)?;
        return pass("no other Service has its load balancer");
    }
    sharing.sort_by_key(|service| name(service));
    let names: Vec<String> = sharing.iter().map(|service| name(service)).collect();
    let mut evidence = Vec::new();
    for service in &sharing {
        let id = format!("Service/{}", name(service));
        evidence.push(Evidence::new(
            Layer::Programmed,
            &service.origin,
            id.clone(),
            "status.loadBalancer.ingress[].hostname",
            service.hostname().unwrap_or_default(),
        ));
        evidence.extend(owner::annotation(service, NAME).map(|value| {
            Evidence::new(
                Layer::Declared,
                &service.origin,
                id,
                format!("metadata.annotations[{NAME}]"),
                value,
            )
        }));
    }
    let objects = names.iter().map(|name| format!("Service/{name}"));
    fail(
        Finding::new(
            format!(
                "the Services {} have one load balancer, {hostname}: each sets its listeners for itself alone",
                names.join(" and ")
            ),
            hostname.to_ascii_lowercase(),
            evidence,
        )
        .about(objects)
        .fix(Fix {
            summary: "give all but one of them another aws-load-balancer-name, or none, and make those Services again: the name of a load balancer that exists does not change".to_owned(),
            commands: sharing
                .iter()
                .map(|service| {
                    let meta = &service.metadata;
                    format!("kubectl get service {} -n {} -o yaml", meta.name, meta.namespace)
                })
                .collect(),
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "every Service has a host name of its own".to_owned(),
        }),
    )
}

fn name(service: &Service) -> String {
    format!("{}/{}", service.metadata.namespace, service.metadata.name)
}
