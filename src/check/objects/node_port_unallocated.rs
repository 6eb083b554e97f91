//! A target group of instances needs a NodePort, and the Service port has none.

use super::load_balancer_not_provisioned::bound_by_hand;
use super::owner::{self, Owner};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(1103),
    slug: "node-port-unallocated",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a target group of instances has no NodePort to send to",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::TargetGroups,
    ],
    page: include_str!("node_port_unallocated.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if path.node_port != 0 {
        return pass("the Service port has a NodePort");
    }
    let has_node_ports = matches!(service.spec.kind.as_str(), "LoadBalancer" | "NodePort");
    if !has_node_ports && !bound_by_hand(view, service)? {
        return not_applicable(
            "a Service of this type has no NodePorts and no load balancer (CLB1101)",
        );
    }
    let Some(wanted) = target_type(view, path, service)? else {
        return not_applicable("no controller wants instance targets for this Service");
    };
    if wanted.value != "instance" {
        return not_applicable("targets are addresses, which need no NodePort");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let allocate = service.spec.allocate_load_balancer_node_ports;
    let why = if allocate == Some(false) {
        "spec.allocateLoadBalancerNodePorts is false"
    } else {
        "spec.ports[].nodePort is 0"
    };
    let evidence = vec![
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.clone(),
            format!("spec.ports[port={}].nodePort", path.port),
            "0",
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.clone(),
            "spec.allocateLoadBalancerNodePorts",
            allocate.map_or("unset".to_owned(), |value| value.to_string()),
        ),
        wanted,
    ];
    fail(
        Finding::new(
            format!(
                "port {} of {name} has no NodePort ({why}), and the target type is instance",
                path.port
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([id])
        .fix(fix(service)),
    )
}

/// The target type with where it is said: the target group's own, or what the owner will make of the annotations.
fn target_type(
    view: &View<'_>,
    path: &Path,
    service: &Fact<Service>,
) -> Result<Option<Evidence>, Gap> {
    if let Some(name) = path.target_group.read()? {
        let group = view
            .region(name, Source::TargetGroups)?
            .target_group(&name.name)?;
        return Ok(Some(Evidence::new(
            Layer::Programmed,
            group.origin,
            format!("TargetGroup/{}", name.name),
            "TargetType",
            group.target_type.clone(),
        )));
    }
    if service.spec.kind != "LoadBalancer" {
        return Ok(None);
    }
    let intended = owner::intended(service);
    let annotated = owner::annotation(service, "aws-load-balancer-nlb-target-type");
    let wanted = match intended.owner {
        Owner::LoadBalancerController if intended.value == "nlb-ip" => "ip",
        Owner::LoadBalancerController => annotated.unwrap_or("instance"),
        Owner::CloudProvider => "instance",
        Owner::AutoMode | Owner::Other | Owner::Nobody => return Ok(None),
    };
    Ok(Some(Evidence::new(
        Layer::Declared,
        &service.origin,
        service.id(),
        format!("target type ({}={})", intended.field, intended.value),
        wanted,
    )))
}

fn fix(service: &Service) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let after = format!("every port of {name} has a nodePort, and the target group fills");
    // Cilium replaces the spec of the Services it generates on every reconcile.
    if service.is_proxied() {
        return Fix {
            summary: "let NodePorts be allocated: Cilium writes the field from spec.service of the class's CiliumGatewayClassConfig (1.18 on)".to_owned(),
            commands: vec![
                "kubectl get gatewayclass -o jsonpath='{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.parametersRef.namespace}/{.spec.parametersRef.name}{\"\\n\"}{end}'".to_owned(),
                "kubectl patch ciliumgatewayclassconfig NAME -n NAMESPACE --type merge -p '{\"spec\":{\"service\":{\"allocateLoadBalancerNodePorts\":true}}}'".to_owned(),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after,
        };
    }
    Fix {
        summary: "let NodePorts be allocated".to_owned(),
        commands: vec![format!(
            "kubectl patch service {name} -n {namespace} -p '{{\"spec\":{{\"allocateLoadBalancerNodePorts\":true}}}}'"
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after,
    }
}
