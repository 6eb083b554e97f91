//! External DNS is told to point at another load balancer than the Service has.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Meta;
use crate::model::{Origin, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8207),
    slug: "dns-points-elsewhere",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "DNS is told to point at another load balancer",
    since: "0.1.0",
    needs: &[Source::Services, Source::Gateways],
    page: include_str!("dns_points_elsewhere.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

/// ExternalDNS takes this for the record's target instead of the object's status.
const TARGET: &str = "external-dns.alpha.kubernetes.io/target";

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this load balancer");
    };
    let Some(own) = service.hostname() else {
        return not_applicable("the Service has no load balancer yet");
    };
    let id = format!(
        "Service/{}/{}",
        service.metadata.namespace, service.metadata.name
    );
    let mut carriers: Vec<(&str, &Meta, &Origin)> =
        vec![("Service", &service.metadata, &service.origin)];
    if let Some(gateway) = setting::gateway(view)? {
        carriers.push(("Gateway", &gateway.metadata, &gateway.origin));
    }
    let mut evidence = Vec::new();
    let mut objects = Vec::new();
    let mut commands = Vec::new();
    for (kind, meta, origin) in carriers {
        let Some(target) = meta.annotations.get(TARGET) else {
            continue;
        };
        let elsewhere: Vec<&str> = target
            .split(',')
            .map(str::trim)
            .filter(|name| is_load_balancer(name) && plain(name) != plain(own))
            .collect();
        if elsewhere.is_empty() {
            continue;
        }
        let object = format!("{kind}/{}/{}", meta.namespace, meta.name);
        evidence.push(Evidence::new(
            Layer::Declared,
            origin,
            object.clone(),
            format!("metadata.annotations[{TARGET}]"),
            elsewhere.join(", "),
        ));
        objects.push(object);
        commands.push(format!(
            "kubectl annotate {} {} -n {} {TARGET}-",
            kind.to_ascii_lowercase(),
            meta.name,
            meta.namespace
        ));
    }
    if evidence.is_empty() {
        return pass("no annotation points DNS elsewhere");
    }
    evidence.push(Evidence::new(
        Layer::Programmed,
        &service.origin,
        id.clone(),
        "status.loadBalancer.ingress[0].hostname",
        own,
    ));
    fail(
        Finding::new(
            format!("{TARGET} names another load balancer than {own}, which {id} has now: clients that follow DNS do not reach it"),
            id.clone(),
            evidence,
        )
        .about(objects)
        .fix(Fix {
            summary: "remove the annotation, so that the record follows the object's status; correct records made by hand".to_owned(),
            commands,
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("the public name resolves to {own}"),
        }),
    )
}

fn is_load_balancer(name: &str) -> bool {
    let name = plain(name);
    name.contains(".elb.")
        && (name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn"))
}

/// DNS names compare without case and final dot; `dualstack.` is another name of the same load balancer.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.")
        .map(str::to_owned)
        .unwrap_or(name)
}
