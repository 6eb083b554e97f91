//! The Service belongs to cloud-provider-aws although it was meant for the AWS Load Balancer Controller.

use super::owner::{self, CLOUD_FINALIZER, LBC_FINALIZER, Owner, PREFIX};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1201),
    slug: "legacy-controller-took-it",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "cloud-provider-aws owns a Service that was meant for the AWS Load Balancer Controller",
    since: "0.1.0",
    needs: &[Source::Services],
    page: include_str!("legacy_controller_took_it.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

/// Annotations that only the AWS Load Balancer Controller reads (its guide, "Service annotations";
/// cloud-provider-aws, pkg/providers/v1/aws.go). The scheme has a check of its own.
const FOREIGN: &[&str] = &[
    "aws-load-balancer-nlb-target-type",
    "aws-load-balancer-name",
    "aws-load-balancer-ip-address-type",
    "aws-load-balancer-attributes",
    "aws-load-balancer-healthcheck-success-codes",
    "aws-load-balancer-disable-nlb-sg",
    "aws-load-balancer-manage-backend-security-group-rules",
    "aws-load-balancer-inbound-sg-rules-on-private-link-traffic",
    "aws-load-balancer-security-group-prefix-lists",
    "aws-load-balancer-proxy-protocol-per-target-group",
    "aws-load-balancer-ipv6-addresses",
    "aws-load-balancer-multi-cluster-target-group",
    "aws-load-balancer-enable-tcp-udp-listener",
];

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind the subject");
    };
    if service.spec.kind != "LoadBalancer" {
        return not_applicable("the Service is of another type");
    }
    let finalizers = &service.metadata.finalizers;
    let both = [LBC_FINALIZER, CLOUD_FINALIZER]
        .iter()
        .all(|wanted| finalizers.iter().any(|finalizer| finalizer == wanted));
    if both && !leaves_a_finalizer(service) {
        return fail(two_controllers(service));
    }
    let balancer = view
        .paths()
        .iter()
        .find_map(|path| path.load_balancer.found())
        .map(|name| name.name.as_str());
    let owner = owner::actual(service, balancer).owner;
    let taken = owner::has_taken(service, owner) == Some(true) || service.hostname().is_some();
    if owner != Owner::CloudProvider || !taken {
        return pass("cloud-provider-aws does not own the Service");
    }
    let ignored: Vec<(String, &str)> = FOREIGN
        .iter()
        .filter_map(|name| Some((format!("{PREFIX}{name}"), owner::annotation(service, name)?)))
        .collect();
    let classic = service
        .hostname()
        .and_then(LoadBalancerName::parse)
        .is_some_and(|name| name.kind == LoadBalancerKind::AlbOrClassic);
    if ignored.is_empty() && !classic {
        return pass("the Service asks for nothing that cloud-provider-aws does not know");
    }
    fail(ignoring(service, &ignored, classic))
}

/// Whether cloud-provider-aws steps back after its finalizer: the service controller puts it on every Service without
/// a class before it asks, and for the types `external` and `nlb-ip` the answer is that somebody else implements it.
fn leaves_a_finalizer(service: &Service) -> bool {
    service.spec.load_balancer_class.is_none()
        && owner::intended(service).owner == Owner::LoadBalancerController
}

fn id(service: &Service) -> String {
    service.id()
}

fn decides(service: &Service) -> String {
    format!("{}/{}", service.metadata.namespace, service.metadata.name)
}

/// Both finalizers: each controller reconciles the Service in its own way.
fn two_controllers(service: &Fact<Service>) -> Finding {
    let name = &service.metadata.name;
    Finding::new(
        format!("{name} carries the finalizers of both controllers, so the AWS Load Balancer Controller and cloud-provider-aws both manage it"),
        decides(service),
        vec![Evidence::new(
            Layer::Programmed,
            &service.origin,
            id(service),
            "metadata.finalizers",
            service.metadata.finalizers.join(", "),
        )],
    )
    .about([id(service)])
    .fix(Fix {
        summary: "make the Service again with spec.loadBalancerClass service.k8s.aws/nlb, which cloud-provider-aws leaves alone; the load balancer of the other one has to be removed by hand".to_owned(),
        commands: vec![format!(
            "kubectl get service {name} -n {} -o yaml",
            service.metadata.namespace
        )],
        risk: Risk::Destructive,
        changes: Vec::new(),
        after: format!("metadata.finalizers of {name} names one controller"),
    })
}

fn ignoring(service: &Fact<Service>, ignored: &[(String, &str)], classic: bool) -> Finding {
    let name = &service.metadata.name;
    let made = if classic {
        "a Classic Load Balancer"
    } else {
        "the load balancer"
    };
    let ownership = owner::intended(service);
    let mut evidence = vec![
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id(service),
            "spec.loadBalancerClass",
            service
                .spec
                .load_balancer_class
                .as_deref()
                .unwrap_or("unset"),
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id(service),
            ownership.field,
            ownership.value,
        ),
    ];
    evidence.extend(ignored.iter().map(|(key, value)| {
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id(service),
            format!("metadata.annotations[{key}]"),
            *value,
        )
    }));
    evidence.extend(service.hostname().map(|hostname| {
        Evidence::new(
            Layer::Programmed,
            &service.origin,
            id(service),
            "status.loadBalancer.ingress[].hostname",
            hostname,
        )
    }));
    let keys: Vec<&str> = ignored
        .iter()
        .map(|(key, _)| key.rsplit('/').next().unwrap_or(key))
        .collect();
    let lost = if keys.is_empty() {
        String::new()
    } else {
        format!(" and ignores {}", keys.join(", "))
    };
    Finding::new(
        format!("no class and no annotation gives {name} to the AWS Load Balancer Controller, so cloud-provider-aws made {made}{lost}"),
        decides(service),
        evidence,
    )
    .about([id(service)])
    .fix(Fix {
        summary: "if the AWS Load Balancer Controller is meant to own it, make it again with spec.loadBalancerClass service.k8s.aws/nlb (a Cilium Gateway: in the CiliumGatewayClassConfig): the class is fixed while the type is LoadBalancer, and aws-load-balancer-type must not be edited on a live Service; the DNS name changes".to_owned(),
        commands: vec![format!(
            "kubectl get service {name} -n {} -o yaml",
            service.metadata.namespace
        )],
        risk: Risk::Destructive,
        changes: Vec::new(),
        after: format!("metadata.finalizers of {name} holds {LBC_FINALIZER}"),
    })
}
