//! External DNS is told to point at another load balancer than the Service has.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{Meta, Object};
use crate::model::{Origin, Source};
use crate::parse::hostname::LoadBalancerName;

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
    let Some(parsed) = LoadBalancerName::parse(own) else {
        return not_applicable("the host name of the Service is not one of AWS");
    };
    let id = service.id();
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
            .filter(|name| is_another(name, &parsed))
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
            format!("{TARGET} names another load balancer than {own}, which {id} has now: clients that follow such a record do not reach it"),
            id.clone(),
            evidence,
        )
        .about(objects)
        .confidence(Confidence::Medium)
        .assuming("ExternalDNS runs, takes its names from this object, and clients use them")
        .fix(Fix {
            summary: "remove the annotation, so that the record follows the object's status; correct records made by hand".to_owned(),
            commands,
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("the public name resolves to {own}"),
        }),
    )
}

/// Whether a name is that of a load balancer of AWS which is not `own`; zonal names and those with `dualstack.` are
/// names of the same load balancer.
fn is_another(name: &str, own: &LoadBalancerName) -> bool {
    LoadBalancerName::parse(name).is_some_and(|other| {
        (other.region.as_str(), other.partition) != (own.region.as_str(), own.partition)
            || other.id != own.id
            || !other.name.eq_ignore_ascii_case(&own.name)
    })
}

#[cfg(test)]
mod tests {
    use super::{LoadBalancerName, is_another};

    #[test]
    fn other_names_of_one_load_balancer() {
        let own = "web-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn";
        let parsed = LoadBalancerName::parse(own).unwrap();
        for (name, another) in [
            (own, false),
            (
                "WEB-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn.",
                false,
            ),
            (
                "cn-north-1a.web-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn",
                false,
            ),
            ("old-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn", true),
            ("web-fedcba9876543210.elb.cn-north-1.amazonaws.com.cn", true),
            ("web-0123456789abcdef.elb.us-iso-east-1.c2s.ic.gov", true),
            ("web.example.com", false),
        ] {
            assert_eq!(is_another(name, &parsed), another, "{name}");
        }
    }
}
