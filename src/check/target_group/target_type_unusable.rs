//! The target group's type, protocol or address family is one that the Service cannot serve.

use super::facts;
use super::registrar::is_of_another;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::{owner, setting};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::Located;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::TargetGroup;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3102),
    slug: "target-type-unusable",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the target group's type, protocol or address family does not fit the Service",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EndpointSlices,
        Source::TargetGroupBindings,
        Source::TargetGroups,
        Source::TargetHealth,
    ],
    page: include_str!("target_type_unusable.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service says what it needs");
    };
    let Some(name) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let region = view.region(name, Source::TargetGroups)?;
    let group = region.target_group(&name.name)?;
    let of_another = is_of_another(view, path, service, name);
    if of_another == Ok(true) {
        return not_applicable("the target group is not filled for this Service");
    }
    // Without the bindings nothing tells whether the target group is this Service's; one that fits needs none.
    let unusable = |finding| of_another.clone().and_then(|_| fail(finding));
    match group.target_type.as_str() {
        "instance" => {}
        "ip" if service.is_proxied() => {
            region.target_health_origin(&name.name)?;
            if path.targets.is_empty() {
                return unusable(placeholder(view, service, name, &group));
            }
        }
        "ip" => {}
        "" => return Err(facts::no_target_type(name)),
        other => {
            return not_applicable(format!("targets of type {other} are no nodes and no pods"));
        }
    }
    if let Some(finding) = protocol(service, path, name, &group) {
        return unusable(finding);
    }
    if let Some(finding) = family(service, name, &group)? {
        return unusable(finding);
    }
    pass(format!(
        "target type {}, protocol {}",
        group.target_type, group.protocol
    ))
}

/// The controller registers only endpoints that are pods, and the placeholder is none.
fn placeholder(
    view: &View<'_>,
    service: &Fact<Service>,
    name: &AwsName,
    group: &Located<'_, TargetGroup>,
) -> Finding {
    let service_name = &service.metadata.name;
    let mut evidence = vec![row(name, group, "TargetType", &group.target_type)];
    let slice = view
        .endpoint_slices()
        .known()
        .find(|slice| slice.service() == Some(service_name.as_str()) && slice.is_placeholder());
    if let Some(slice) = slice {
        evidence.push(Evidence::new(
            Layer::Declared,
            &slice.origin,
            slice.id(),
            "endpoints[].targetRef",
            "absent",
        ));
    }
    Finding::new(
        format!(
            "the target type is ip, not instance: the endpoint of {service_name} is Cilium's placeholder and no pod, so the target group stays empty"
        ),
        format!("{}/{service_name} ip", service.metadata.namespace),
        evidence,
    )
    .about(objects(service, name))
    .fix(Fix {
        summary: "register instances: the controller makes a new target group".to_owned(),
        commands: vec![setting::annotate(
            service,
            &format!("{}aws-load-balancer-nlb-target-type", owner::PREFIX),
            "instance",
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("the listener of {service_name} forwards to a target group with TargetType instance that lists the nodes"),
    })
}

/// NLB health checks are TCP on the wire, whatever the protocol of the traffic.
fn protocol(
    service: &Fact<Service>,
    path: &Path,
    name: &AwsName,
    group: &Located<'_, TargetGroup>,
) -> Option<Finding> {
    if path.protocol == "TCP" || path.node_port == 0 {
        return None;
    }
    let serves_tcp = service
        .spec
        .ports
        .iter()
        .any(|port| port.protocol() == "TCP" && port.node_port == path.node_port);
    let on_traffic_port = group.health_check_port_for(path.node_port) == Some(path.node_port);
    if serves_tcp || !on_traffic_port {
        return None;
    }
    let id = &service.metadata.name;
    Some(
        Finding::new(
            format!(
                "the health check is {} on the traffic port, and port {} of {id} is {} only",
                group.health_check_protocol.as_deref().unwrap_or("TCP"),
                path.port,
                path.protocol
            ),
            name.name.clone(),
            vec![
                row(name, group, "Protocol", &group.protocol),
                row(
                    name,
                    group,
                    "HealthCheckPort",
                    group.health_check_port.as_deref().unwrap_or("traffic-port"),
                ),
                Evidence::new(
                    Layer::Declared,
                    &service.origin,
                    format!("Service/{}/{id}", service.metadata.namespace),
                    format!("spec.ports[port={}].protocol", path.port),
                    path.protocol.clone(),
                ),
            ],
        )
        .about(objects(service, name))
        .fix(Fix {
            summary: "check a port of the nodes that answers TCP, such as the NodePort of another port of the Service".to_owned(),
            commands: vec![setting::annotate(
                service,
                &format!("{}aws-load-balancer-healthcheck-port", owner::PREFIX),
                &tcp_port(service),
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("HealthCheckPort of {} is a port that answers TCP", name.name),
        }),
    )
}

/// The NodePort of another port of the Service that is TCP, or a word that says what to fill in.
fn tcp_port(service: &Service) -> String {
    service
        .spec
        .ports
        .iter()
        .find(|port| port.protocol() == "TCP" && port.node_port != 0)
        .map_or("PORT".to_owned(), |port| port.node_port.to_string())
}

/// A NodePort exists only in the address families of its Service.
fn family(
    service: &Fact<Service>,
    name: &AwsName,
    group: &Located<'_, TargetGroup>,
) -> Result<Option<Finding>, Gap> {
    let wanted = match group.ip_address_type.as_deref() {
        Some("ipv6") => "IPv6",
        _ => "IPv4",
    };
    let families = &service.spec.ip_families;
    if families.is_empty() {
        // The API always fills it in; only a Service that was captured in part lacks it.
        return match wanted {
            "IPv4" => Ok(None),
            _ => Err(Gap::new(
                Source::Services,
                &service.metadata.name,
                Reason::Partial("spec.ipFamilies was not captured".to_owned()),
            )),
        };
    }
    if families.iter().any(|family| family == wanted) {
        return Ok(None);
    }
    let id = &service.metadata.name;
    Ok(Some(
        Finding::new(
            format!(
                "the target group has the address type {}, and {id} is {} only",
                group.ip_address_type.as_deref().unwrap_or("ipv4"),
                families.join(" and ")
            ),
            format!("{}/{id} {wanted}", service.metadata.namespace),
            vec![
                row(
                    name,
                    group,
                    "IpAddressType",
                    group.ip_address_type.as_deref().unwrap_or("ipv4"),
                ),
                Evidence::new(
                    Layer::Declared,
                    &service.origin,
                    format!("Service/{}/{id}", service.metadata.namespace),
                    "spec.ipFamilies",
                    families.join(","),
                ),
            ],
        )
        .about(objects(service, name))
        .fix(Fix {
            summary: "make both of one family: a Service of both (ipFamilyPolicy PreferDualStack; for a Gateway in the CiliumGatewayClassConfig), or a target group of the Service's own".to_owned(),
            commands: Vec::new(),
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("spec.ipFamilies of {id} holds {wanted}, or the address type of the target group is the Service's"),
        }),
    ))
}

fn objects(service: &Service, name: &AwsName) -> [String; 2] {
    [format!("TargetGroup/{}", name.name), service.id()]
}

fn row(name: &AwsName, group: &Located<'_, TargetGroup>, field: &str, value: &str) -> Evidence {
    Evidence::new(
        Layer::Programmed,
        group.origin,
        format!("TargetGroup/{}", name.name),
        field,
        value,
    )
}
