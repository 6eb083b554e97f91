//! The Gateway, Ingress or Service never became a load balancer.

use super::absent_service::{self, conditions, refusal};
use super::{class_settings, controller, events, owner, refusal, service_type, setting};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{Object, Service, TargetGroupBinding};
use crate::model::{Fact, Gap, Source};
use crate::parse::hostname::LoadBalancerName;
use crate::path::SubjectKind;
use owner::Owner;

/// The check.
pub static CHECK: Check = Check {
    code: Code(1101),
    slug: "load-balancer-not-provisioned",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "no controller has made a load balancer",
    since: "0.1.0",
    needs: &[
        Source::Gateways,
        Source::GatewayClasses,
        Source::GatewayClassConfigs,
        Source::Deployments,
        Source::Pods,
        Source::OperatorLog,
        Source::Services,
        Source::Ingresses,
        Source::TargetGroupBindings,
        Source::ConfigMaps,
        Source::Events,
        Source::LoadBalancers,
        Source::ClassicLoadBalancers,
    ],
    page: include_str!("load_balancer_not_provisioned.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    if view.subject().kind == SubjectKind::LoadBalancer {
        return not_applicable("the subject is a load balancer itself");
    }
    if view.subject().kind == SubjectKind::TargetGroup {
        return not_applicable("the subject is a target group itself");
    }
    let Some(service) = view.service()? else {
        return absent_service::finding(view);
    };
    if let Some(hostname) = service.hostname()
        && service.spec.kind == "LoadBalancer"
    {
        return of_hostname(view, service, hostname);
    }
    if bound_by_hand(view, service)? {
        return pass("a TargetGroupBinding connects the Service to a load balancer");
    }
    if service.spec.kind != "LoadBalancer" {
        let by_class = class_settings::service_type(view, service);
        return fail(by_class.unwrap_or_else(|| service_type::finding(view, service)));
    }
    let by_class = class_settings::load_balancer_class(view, service);
    fail(by_class.unwrap_or_else(|| no_host_name(view, service)))
}

/// The status has a host name: one of AWS, or one that another controller wrote.
fn of_hostname(view: &View<'_>, service: &Fact<Service>, hostname: &str) -> Checked {
    let is_read = || {
        view.paths()
            .iter()
            .any(|path| path.load_balancer.found().is_some())
    };
    if LoadBalancerName::parse(hostname).is_some() || is_read() {
        return refused_gateway(view, service);
    }
    if bound_by_hand(view, service)? {
        return pass("a TargetGroupBinding connects the Service to a load balancer");
    }
    let id = service.id();
    fail(foreign(service, &id, "host name", "hostname", hostname))
}

/// A load balancer exists; a Gateway that is refused now still has the last accepted state behind it.
fn refused_gateway(view: &View<'_>, service: &Fact<Service>) -> Checked {
    const PROOF: &str = "the Service has a load balancer's host name";
    if view.subject().kind != SubjectKind::Gateway {
        return pass(PROOF);
    }
    let Some(gateway) = setting::gateway(view)? else {
        return pass(PROOF);
    };
    let Some(reason) = refusal(gateway) else {
        return pass(PROOF);
    };
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    Ok(Outcome::Note(
        Finding::new(
            format!("gateway {name} is not accepted ({reason}): Cilium keeps the Service of the last accepted state and follows no change"),
            format!("{namespace}/{name}"),
            conditions(gateway),
        )
        .about([
            format!("Gateway/{namespace}/{name}"),
            format!("Service/{namespace}/{}", service.metadata.name),
        ]),
    ))
}

/// Whether somebody other than the Service's own controller bound a target group to it.
///
/// The controller's own bindings do not count: when the type of a Service changes they stay behind,
/// with the targets of before. Those that it made for the load balancer of another Service do: a weighted action
/// of that one sends to this one as well.
pub(super) fn bound_by_hand(view: &View<'_>, service: &Service) -> Result<bool, Gap> {
    let meta = &service.metadata;
    let own = (meta.namespace.as_str(), meta.name.as_str());
    let names = |binding: &TargetGroupBinding| {
        let is_own = binding.is_generated() && binding.stack().is_none_or(|stack| stack == own);
        binding.of_service(own.0, own.1) && !is_own
    };
    if view.target_group_bindings().known().any(|b| names(b)) {
        return Ok(true);
    }
    view.target_group_bindings().complete(&meta.namespace)?;
    Ok(false)
}

/// Type LoadBalancer, and no host name in the status.
fn no_host_name(view: &View<'_>, service: &Fact<Service>) -> Finding {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let ingress = &service.status.load_balancer.ingress;
    if let Some(ip) = ingress.iter().find_map(|ingress| ingress.ip.as_deref()) {
        return foreign(service, &id, "address", "ip", ip);
    }
    let mut ownership = owner::intended(service);
    let serves = controller::served_class(view);
    let class = service.spec.load_balancer_class.as_deref();
    if class.is_some() && serves.map(|(_, served)| served) == class {
        ownership.owner = Owner::LoadBalancerController;
    }
    // The controller was told another class than the one that is its own by default.
    let misfits = ownership.owner == Owner::LoadBalancerController
        && class.is_some()
        && serves.is_some_and(|(_, served)| Some(served) != class);
    let who = ownership.owner.name();
    let mut evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &service.origin,
            id.clone(),
            "status.loadBalancer",
            "{}",
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.clone(),
            ownership.field.clone(),
            ownership.value.clone(),
        ),
    ];
    let why = match ownership.owner {
        Owner::Nobody => format!(
            "type external needs aws-load-balancer-nlb-target-type ip or instance, and it is {}: no controller takes the Service",
            ownership.value
        ),
        Owner::Other => match serves {
            Some((_, served)) => format!(
                "loadBalancerClass {} belongs to no controller that this program knows, and the AWS Load Balancer Controller serves {served}",
                ownership.value
            ),
            None => format!(
                "loadBalancerClass {} belongs to no controller that this program knows",
                ownership.value
            ),
        },
        Owner::LoadBalancerController if misfits => {
            format!(
                "{who} was started with {} and does not take loadBalancerClass {}",
                controller::CLASS_FLAG,
                ownership.value
            )
        }
        owner => match owner::has_taken(service, owner) {
            Some(false) => format!("{who} should own it and has not taken it"),
            _ => format!("{who} owns it and has not finished"),
        },
    };
    if let (Some((deployment, served)), Some(_)) = (serves, class) {
        evidence.push(Evidence::new(
            Layer::Declared,
            &deployment.origin,
            deployment.id(),
            controller::CLASS_FLAG,
            served,
        ));
    }
    let existing = existing(view);
    let although = match &existing {
        Some(found) => format!(" although {}", found.says),
        None => String::new(),
    };
    evidence.extend(existing.map(|found| found.evidence));
    let warnings = events::warnings(view, "Service", namespace, name);
    evidence.extend(warnings.iter().take(3).map(|event| events::evidence(event)));
    let meant = refusal::understood(warnings.iter().map(|event| &event.value));
    let said = match (meant, warnings.first()) {
        (Some((event, known)), _) => format!(" ({}): {}", event.reason, known.says),
        (None, Some(event)) => format!(" ({})", event.reason),
        (None, None) => String::new(),
    };
    let fix = match meant {
        Some((_, known)) => known.fix(
            service,
            format!("status.loadBalancer of {name} has a host name"),
        ),
        None => fix_owner(
            service,
            if misfits {
                Owner::Other
            } else {
                ownership.owner
            },
            serves.map_or(controller::CLASS, |(_, served)| served),
            !warnings.is_empty(),
        ),
    };
    let finding = Finding::new(
        format!("status.loadBalancer of {name} is empty{although}: {why}{said}"),
        format!("{namespace}/{name}"),
        evidence,
    )
    .about([id])
    .fix(fix);
    if ownership.owner != Owner::Other {
        return finding;
    }
    finding
        .confidence(Confidence::Medium)
        .assuming("no other controller of the cluster serves this class and is still at work")
}

/// A load balancer that exists although the status does not name it.
struct Existing {
    says: String,
    evidence: Evidence,
}

/// The load balancer that its computed name proves to be the Service's.
fn existing(view: &View<'_>) -> Option<Existing> {
    let path = view.paths().iter().find(|path| path.owned)?;
    let (kind, name, origin, field, value) = if let Some(name) = path.load_balancer.found() {
        let region = view.region(name, Source::LoadBalancers).ok()?;
        let found = region.load_balancer(&name.name).ok()?;
        let state = found.value.state.code.clone();
        ("load balancer", name, found.origin, "State.Code", state)
    } else {
        let name = path.classic.as_ref()?;
        let region = view.region(name, Source::ClassicLoadBalancers).ok()?;
        let found = region.classic_load_balancer(&name.name).ok()?;
        let host = found.value.dns_name.clone();
        ("Classic Load Balancer", name, found.origin, "DNSName", host)
    };
    Some(Existing {
        says: format!("{kind} {} exists", name.name),
        evidence: Evidence::new(
            Layer::Observed,
            origin,
            format!("LoadBalancer/{}", name.name),
            field,
            value,
        ),
    })
}

/// The controllers of AWS write their own host names only, so anything else comes from somebody else.
fn foreign(service: &Fact<Service>, id: &str, what: &str, field: &str, value: &str) -> Finding {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let lacks = match field {
        "ip" => " and no host name: LB-IPAM or another controller wrote it, not AWS",
        _ => ", which is no load balancer of AWS: another controller wrote it",
    };
    Finding::new(
        format!("status.loadBalancer of {name} has the {what} {value}{lacks}"),
        format!("{namespace}/{name}"),
        vec![Evidence::new(
            Layer::Programmed,
            &service.origin,
            id,
            format!("status.loadBalancer.ingress[].{field}"),
            value,
        )],
    )
    .about([id.to_owned()])
    .fix(Fix {
        summary: "if AWS is meant to serve it, make the Service again with loadBalancerClass service.k8s.aws/nlb: the class is fixed once the type is LoadBalancer, and LB-IPAM leaves foreign classes alone".to_owned(),
        commands: Vec::new(),
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("status.loadBalancer of {name} has a host name"),
    })
}

fn fix_owner(service: &Service, owner: Owner, served: &str, explained: bool) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let prefix = owner::PREFIX;
    let after = format!("status.loadBalancer of {name} has a host name");
    let (summary, commands) = match owner {
        Owner::Nobody => (
            "say how targets are registered".to_owned(),
            vec![setting::annotate(
                service,
                &format!("{prefix}aws-load-balancer-nlb-target-type"),
                "instance",
            )],
        ),
        Owner::Other => (
            format!("the class cannot be changed while the type is LoadBalancer: make the Service again with loadBalancerClass {served}"),
            Vec::new(),
        ),
        _ if explained => (
            "correct what the Warning event names".to_owned(),
            vec![format!("kubectl describe service {name} -n {namespace}")],
        ),
        Owner::LoadBalancerController => (
            "read the controller's log: a controller that runs writes an event for every failure".to_owned(),
            controller::log(owner).into_iter().collect(),
        ),
        Owner::CloudProvider if owner::has_taken(service, owner) == Some(true) => (
            "read the log of the cloud controller manager, which runs outside the cluster on EKS".to_owned(),
            controller::log(owner).into_iter().collect(),
        ),
        Owner::CloudProvider => (
            "if the AWS Load Balancer Controller is meant to own it, say so; otherwise read the log of the cloud controller manager".to_owned(),
            vec![
                setting::annotate(service, &format!("{prefix}aws-load-balancer-nlb-target-type"), "instance"),
                setting::annotate(service, &format!("{prefix}aws-load-balancer-type"), "external"),
            ],
        ),
        Owner::AutoMode => (
            "read the Service's events".to_owned(),
            vec![format!("kubectl describe service {name} -n {namespace}")],
        ),
    };
    Fix {
        summary,
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after,
    }
}
