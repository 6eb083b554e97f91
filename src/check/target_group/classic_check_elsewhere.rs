//! The one health check of a Classic Load Balancer asks a port that is none of the Service's.
//!
//! cloud-provider-aws points it at the NodePort of the first Service port (TCP, or SSL for TLS backends), and for
//! externalTrafficPolicy Local at the health-check node port (HTTP, `/healthz`); annotations override both
//! (pkg/providers/v1/aws.go, EnsureLoadBalancer). Its shared mode asks another port.

use super::shared_mode;
use crate::check::balancer::classic::{classic, row, why_not_followed};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::annotation;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::kubernetes::node::KUBE_PROXY_HEALTH;
use crate::model::{Gap, Reason, Source};
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3112),
    slug: "classic-check-elsewhere",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the health check of a Classic Load Balancer asks a port that is none of the Service's",
    since: "0.1.0",
    needs: &[Source::Services, Source::ClassicLoadBalancers],
    page: include_str!("classic_check_elsewhere.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(name) = classic(view, path)? else {
        return not_applicable("there is no Classic Load Balancer");
    };
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind the load balancer");
    };
    let region = view.region(name, Source::ClassicLoadBalancers)?;
    let balancer = region.classic_load_balancer(&name.name)?;
    let check = balancer.health_check.as_ref();
    let Some((check, parts)) = check.and_then(|check| Some((check, check.parts()?))) else {
        return Err(Gap::new(
            Source::ClassicLoadBalancers,
            &name.name,
            Reason::Partial("HealthCheck.Target is not in it".to_owned()),
        ));
    };
    let evidence = vec![
        row(&balancer, "HealthCheck.Target", &check.target),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id(service),
            "spec.ports[].nodePort",
            node_ports(service),
        ),
    ];
    let finding = |message: String| {
        Finding::new(message, check.target.clone(), evidence.clone())
            .about([format!("LoadBalancer/{}", name.name), id(service)])
    };
    let of_service = service
        .spec
        .ports
        .iter()
        .any(|port| port.node_port == parts.port);
    let of_agent = service.spec.health_check_node_port;
    if parts.port == of_agent && of_agent != 0 {
        return pass("the check asks the health-check node port");
    }
    if of_service && service.is_local() && of_agent != 0 && asked_port(service).is_none() {
        return Ok(Outcome::Note(finding(format!(
            "externalTrafficPolicy is Local, and the health check asks {} rather than HTTP:{of_agent}/healthz, which tells the nodes with an endpoint",
            check.target
        ))));
    }
    if of_service {
        return pass("the check asks a NodePort of the Service");
    }
    // cloud-provider-aws asks it in its shared mode; CLB6304 judges it.
    if parts.port == KUBE_PROXY_HEALTH {
        return not_applicable("the check asks kube-proxy's health port");
    }
    if asked_port(service) == Some(parts.port) {
        return pass("the check asks the port of the annotation");
    }
    if asked_port(service).is_none() && may_be_shared(service, parts.protocol) {
        return Err(shared_mode::gap(
            Source::ClassicLoadBalancers,
            &name.name,
            parts.port,
        ));
    }
    fail(
        finding(format!(
            "the health check asks {}, and the NodePorts of {} are {}",
            check.target,
            service.metadata.name,
            node_ports(service)
        ))
        .fix(Fix {
            summary: "read why cloud-provider-aws does not follow the Service; it sets the health check when it reconciles".to_owned(),
            commands: why_not_followed(service),
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("HealthCheck.Target of {} names a NodePort of the Service", name.name),
        }),
    )
}

fn id(service: &Service) -> String {
    let meta = &service.metadata;
    format!("Service/{}/{}", meta.namespace, meta.name)
}

fn node_ports(service: &Service) -> String {
    let ports = service.spec.ports.iter();
    let ports: Vec<String> = ports.map(|port| port.node_port.to_string()).collect();
    ports.join(", ")
}

/// Whether the shared mode of cloud-provider-aws may have set a check of this protocol.
///
/// It asks by HTTP unless the annotation names another protocol, and leaves Services of policy Local alone
/// (EnsureLoadBalancer and ensureLoadBalancerHealthCheck).
fn may_be_shared(service: &Service, protocol: &str) -> bool {
    let asked = annotation(service, "aws-load-balancer-healthcheck-protocol").unwrap_or("HTTP");
    !service.is_local() && asked.eq_ignore_ascii_case(protocol)
}

/// The number that an annotation asks for.
fn asked_port(service: &Service) -> Option<u16> {
    annotation(service, "aws-load-balancer-healthcheck-port")?
        .parse()
        .ok()
}
