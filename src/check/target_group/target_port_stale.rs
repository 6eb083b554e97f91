//! The target, or its health check, has a port of before.

use super::facts;
use super::registrar::is_of_another;
use super::shared_mode;
use crate::check::finding::{Change, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::TargetHealthDescription;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::{AwsName, Path, Target};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3104),
    slug: "target-port-stale",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a target or its health check has a port that the Service no longer has",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::TargetGroups,
        Source::TargetHealth,
    ],
    page: include_str!("target_port_stale.md"),
    known_issues: &[],
    run: Run::Target(run),
};

/// The API server's default `--service-node-port-range`. A fixed check port outside it was chosen by a person.
const NODE_PORTS: RangeInclusive<u16> = 30000..=32767;

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service says which port it needs");
    };
    if path.node_port == 0 {
        return not_applicable("the Service port has no NodePort");
    }
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    if !facts::is_instance(&target.id) {
        return not_applicable("the target is an address, not an instance");
    }
    if reported.target_health.state == "draining" {
        return not_applicable("the target is being deregistered");
    }
    // Without the bindings nothing tells whether the target group is this Service's; a port that fits needs none.
    let of_another = is_of_another(view, path, service, group);
    if of_another == Ok(true) {
        return not_applicable("the target group is not filled for this Service");
    }
    if target.port != path.node_port {
        of_another?;
        return fail(registered(view, service, path, target, group, reported)?);
    }
    let definition = view
        .region(group, Source::TargetGroups)?
        .target_group(&group.name)?;
    // AWS resolves `traffic-port` to the number it really uses.
    let checked = target.check.port;
    let node_ports = service.spec.ports.iter().map(|port| port.node_port);
    let health = service.spec.health_check_node_port;
    if checked == health || node_ports.into_iter().any(|port| port == checked) {
        return pass("registered and checked on ports of the Service");
    }
    if !NODE_PORTS.contains(&checked) {
        return not_applicable(format!(
            "the check goes to port {checked}, which is no NodePort"
        ));
    }
    of_another?;
    let balancer = path.load_balancer.found().map(|name| name.name.as_str());
    if owner::actual(service, balancer).owner == Owner::CloudProvider
        && shared_mode::may_have_set(service, definition.value)
    {
        return Err(shared_mode::gap(Source::TargetGroups, &group.name, checked));
    }
    let evidence = Evidence::new(
        Layer::Programmed,
        definition.origin,
        format!("TargetGroup/{}", group.name),
        "HealthCheckPort",
        definition
            .health_check_port
            .as_deref()
            .unwrap_or("traffic-port"),
    );
    fail(check_port(service, path, group, checked, evidence))
}

/// The target is registered with another port than the NodePort.
fn registered(
    view: &View<'_>,
    service: &Fact<Service>,
    path: &Path,
    target: &Target,
    group: &AwsName,
    reported: &TargetHealthDescription,
) -> Result<Finding, Gap> {
    let name = &service.metadata.name;
    let other = service
        .spec
        .ports
        .iter()
        .find(|port| port.node_port == target.port)
        .map_or(String::new(), |port| {
            format!(", which belongs to port {}", port.port)
        });
    let origin = view
        .region(group, Source::TargetHealth)?
        .target_health_origin(&group.name)?;
    Ok(Finding::new(
        format!(
            "targets of {} are registered with port {}{other}, and the NodePort of {name} port {} is {}",
            group.name, target.port, path.port, path.node_port
        ),
        format!("{} {}", group.name, target.port),
        vec![
            Evidence::new(
                Layer::Programmed,
                origin,
                format!("Target/{}", facts::label(reported)),
                "Target.Port",
                target.port.to_string(),
            ),
            node_port(service, path),
        ],
    )
    .about(objects(service, group))
    .fix(Fix {
        summary: "the controller registers the NodePort when it reconciles: see what keeps it from doing so; without a controller, register it by hand".to_owned(),
        commands: vec![
            format!("kubectl describe targetgroupbindings -n {}", service.metadata.namespace),
            register(path, group),
        ],
        risk: Risk::Safe,
        changes: vec![Change::TargetPort {
            region: group.region.clone(),
            group: group.name.clone(),
            id: target.id.clone(),
            from: target.port,
            to: path.node_port,
        }],
        after: format!("describe-target-health of {} shows port {}", group.name, path.node_port),
    }))
}

/// Registers every target of the group with the NodePort.
fn register(path: &Path, group: &AwsName) -> String {
    let ids: BTreeSet<&str> = path
        .targets
        .iter()
        .filter(|target| facts::is_instance(&target.id) && target.port != path.node_port)
        .map(|target| target.id.as_str())
        .collect();
    let targets: Vec<String> = ids
        .into_iter()
        .map(|id| format!("Id={id},Port={}", path.node_port))
        .collect();
    format!(
        "aws elbv2 register-targets --region {0} --target-group-arn $(aws elbv2 describe-target-groups --region {0} --names {1} --query 'TargetGroups[0].TargetGroupArn' --output text) --targets {2}",
        group.region.1,
        group.name,
        targets.join(" ")
    )
}

/// The check goes to a NodePort that the Service does not have.
fn check_port(
    service: &Fact<Service>,
    path: &Path,
    group: &AwsName,
    checked: u16,
    evidence: Evidence,
) -> Finding {
    let name = &service.metadata.name;
    let health = service.spec.health_check_node_port;
    let (wanted, has) = if health == 0 {
        (
            "traffic-port".to_owned(),
            format!("the NodePort {}", path.node_port),
        )
    } else {
        (
            health.to_string(),
            format!("the healthCheckNodePort {health}"),
        )
    };
    let mut rows = vec![evidence, node_port(service, path)];
    if health != 0 {
        rows.push(Evidence::new(
            Layer::Declared,
            &service.origin,
            id(service),
            "spec.healthCheckNodePort",
            health.to_string(),
        ));
    }
    Finding::new(
        format!(
            "the health check of {} goes to port {checked}, and {name} has {has}",
            group.name
        ),
        format!("{} check {checked}", group.name),
        rows,
    )
    .about(objects(service, group))
    .fix(Fix {
        summary: "check the port that the Service has; a controller that owns the target group sets it when it reconciles".to_owned(),
        commands: vec![format!(
            "aws elbv2 modify-target-group --region {} --target-group-arn $(aws elbv2 describe-target-groups --region {} --names {} --query 'TargetGroups[0].TargetGroupArn' --output text) --health-check-port {wanted}",
            group.region.1, group.region.1, group.name
        )],
        risk: Risk::Safe,
        changes: vec![Change::HealthCheckPort {
            region: group.region.clone(),
            group: group.name.clone(),
            port: wanted.clone(),
        }],
        after: format!("HealthCheckPort of {} is {wanted}", group.name),
    })
}

fn node_port(service: &Fact<Service>, path: &Path) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &service.origin,
        id(service),
        format!("spec.ports[port={}].nodePort", path.port),
        path.node_port.to_string(),
    )
}

fn id(service: &Service) -> String {
    service.id()
}

fn objects(service: &Service, group: &AwsName) -> [String; 2] {
    [format!("TargetGroup/{}", group.name), id(service)]
}
