//! The listener sends clients to another target group than the one that the Service fills.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::{Arn, Listener};
use crate::model::kubernetes::service::ServicePort;
use crate::model::kubernetes::{Object, Service, TargetGroupBinding};
use crate::model::{Fact, Origin, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2108),
    slug: "listener-forwards-elsewhere",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the listener sends clients to another target group than the Service's",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::Listeners,
    ],
    page: include_str!("listener_forwards_elsewhere.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service fills a target group");
    };
    let port = service
        .spec
        .ports
        .iter()
        .find(|port| port.port == path.port && port.protocol() == path.protocol);
    let (Some(balancer), Some(port)) = (path.load_balancer.read()?, port) else {
        return not_applicable("there is no load balancer");
    };
    let Some(number) = path.listener.read()? else {
        return not_applicable("there is no listener (CLB2103)");
    };
    let bound = bound(view, service, port);
    if bound.is_empty() {
        if owner::actual(service, Some(&balancer.name)).owner == Owner::LoadBalancerController {
            // It keeps a binding for every target group it fills.
            view.target_group_bindings()
                .complete(&service.metadata.namespace)?;
        }
        return not_applicable("no TargetGroupBinding says which target group the Service fills");
    }
    let listeners = view
        .region(balancer, Source::Listeners)?
        .listeners(&balancer.name)?;
    let Some(listener) = listeners.iter().find(|found| found.port == *number) else {
        return not_applicable("there is no listener (CLB2103)");
    };
    let weights: Vec<(String, Option<i32>)> = weights(listener);
    let weight_of = |arn: &Arn| {
        let name = arn.name()?;
        let (_, weight) = weights.iter().find(|(group, _)| group == name)?;
        Some(weight.unwrap_or(1))
    };
    let mine: Vec<Option<i32>> = bound.iter().map(|(_, arn)| weight_of(arn)).collect();
    if mine.iter().flatten().any(|weight| *weight > 0) {
        return pass("the listener forwards to the target group that the Service fills");
    }
    if weights.is_empty() {
        return not_applicable("the listener forwards to no target group (CLB3101)");
    }
    let idle = mine.iter().any(Option::is_some);
    let at = (listener, &listeners.origin);
    let finding = finding(service, balancer, at, &bound, &weights, idle);
    // Weights that the Service itself declares are a release in progress, not a defect.
    let action = format!("actions.{}-{}", path.protocol, path.port);
    let declared = service
        .metadata
        .annotations
        .keys()
        .any(|key| key.ends_with(&action));
    if idle && declared {
        return Ok(Outcome::Note(finding));
    }
    fail(finding)
}

/// The bindings of a port: the controller's own if there are any, otherwise all.
fn bound<'a>(
    view: &View<'a>,
    service: &Service,
    port: &ServicePort,
) -> Vec<(&'a Fact<TargetGroupBinding>, Arn)> {
    let meta = &service.metadata;
    let all: Vec<(&Fact<TargetGroupBinding>, Arn)> = view
        .target_group_bindings()
        .known()
        .filter(|binding| {
            binding.of_service(&meta.namespace, &meta.name)
                && binding.spec.service_ref.port.is(port)
        })
        .filter_map(|binding| Some((binding, binding.spec.target_group_arn.parse().ok()?)))
        .collect();
    if all.iter().any(|(binding, _)| binding.is_generated()) {
        return all
            .into_iter()
            .filter(|(binding, _)| binding.is_generated())
            .collect();
    }
    all
}

/// The target groups of a listener by name, with their weights; none means 1.
fn weights(listener: &Listener) -> Vec<(String, Option<i32>)> {
    let mut all: Vec<(&str, Option<i32>)> = Vec::new();
    for action in &listener.default_actions {
        match &action.forward_config {
            Some(config) if !config.target_groups.is_empty() => all.extend(
                config
                    .target_groups
                    .iter()
                    .filter_map(|group| Some((group.target_group_arn.as_deref()?, group.weight))),
            ),
            _ => all.extend(action.target_group_arn.as_deref().map(|arn| (arn, None))),
        }
    }
    let mut named: Vec<(String, Option<i32>)> = all
        .into_iter()
        .filter_map(|(arn, weight)| {
            let arn: Arn = arn.parse().ok()?;
            Some((arn.name()?.to_owned(), weight))
        })
        .collect();
    named.sort();
    named.dedup();
    named
}

fn finding(
    service: &Fact<Service>,
    balancer: &AwsName,
    (listener, origin): (&Listener, &Origin),
    bound: &[(&Fact<TargetGroupBinding>, Arn)],
    weights: &[(String, Option<i32>)],
    idle: bool,
) -> Finding {
    let name = &service.metadata.name;
    let ours: Vec<&str> = bound.iter().filter_map(|(_, arn)| arn.name()).collect();
    let ours = ours.join(", ");
    let shown: Vec<String> = weights
        .iter()
        .map(|(group, weight)| format!("{group} weight {}", weight.unwrap_or(1)))
        .collect();
    let message = if idle {
        format!(
            "the listener on port {} gives target group {ours} of {name} the weight 0, so clients meet other targets",
            listener.port
        )
    } else {
        format!(
            "the listener on port {} forwards to {}, and {name} fills {ours}: what is registered there gets no clients and no health checks from it",
            listener.port,
            weights
                .iter()
                .map(|(group, _)| group.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        origin,
        format!("LoadBalancer/{}", balancer.name),
        format!("Listeners[Port={}].DefaultActions", listener.port),
        shown.join(", "),
    )];
    evidence.extend(bound.iter().map(|(binding, arn)| {
        Evidence::new(
            Layer::Declared,
            &binding.origin,
            binding.id(),
            "spec.targetGroupARN",
            arn.to_string(),
        )
    }));
    let arns: Vec<String> = bound.iter().map(|(_, arn)| arn.to_string()).collect();
    Finding::new(message, format!("{} {}", balancer.name, listener.port), evidence)
        .about([
            format!("LoadBalancer/{}", balancer.name),
            format!("Service/{}/{name}", service.metadata.namespace),
        ])
        .fix(Fix {
            summary: "a listener of the controller is set back when it reconciles: correct the annotation actions.PROTOCOL-PORT or what the Service's events name; one that a person made is changed by hand".to_owned(),
            commands: vec![
                format!("kubectl describe service {name} -n {}", service.metadata.namespace),
                format!(
                    "aws elbv2 modify-listener --region {} --listener-arn {} --default-actions Type=forward,TargetGroupArn={}",
                    balancer.region.1,
                    listener.listener_arn,
                    arns.first().map_or("", String::as_str)
                ),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("describe-listeners of {} shows {ours} on port {}", balancer.name, listener.port),
        })
}
