//! A target group of instances needs a NodePort, and the Service port has none.

use super::controller;
use super::load_balancer_not_provisioned::bound_by_hand;
use super::owner::{self, Owner};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
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
        Source::Deployments,
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
    if wanted.is_addresses {
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
        wanted.evidence,
    ];
    let finding = Finding::new(
        format!(
            "port {} of {name} has no NodePort ({why}), and the target type is instance",
            path.port
        ),
        format!("{namespace}/{name}"),
        evidence,
    )
    .about([id])
    .fix(fix(service));
    fail(match wanted.assuming {
        Some(assumption) => finding.confidence(Confidence::Medium).assuming(assumption),
        None => finding,
    })
}

/// What targets are to be.
struct TargetType {
    /// Addresses, which need no NodePort, instead of instances.
    is_addresses: bool,
    /// Where that is said.
    evidence: Evidence,
    /// What was not read.
    assuming: Option<String>,
}

/// The target group's own type, or what the owner will make of the annotations; `None` without such an owner.
fn target_type(
    view: &View<'_>,
    path: &Path,
    service: &Fact<Service>,
) -> Result<Option<TargetType>, Gap> {
    if let Some(name) = path.target_group.read()? {
        let group = view
            .region(name, Source::TargetGroups)?
            .target_group(&name.name)?;
        return Ok(Some(TargetType {
            is_addresses: group.target_type != "instance",
            evidence: Evidence::new(
                Layer::Programmed,
                group.origin,
                format!("TargetGroup/{}", name.name),
                "TargetType",
                group.target_type.clone(),
            ),
            assuming: None,
        }));
    }
    if service.spec.kind != "LoadBalancer" {
        return Ok(None);
    }
    let intended = owner::intended(service);
    let declared = |wanted: &str| TargetType {
        is_addresses: wanted == "ip",
        evidence: Evidence::new(
            Layer::Declared,
            &service.origin,
            service.id(),
            format!("target type ({}={})", intended.field, intended.value),
            wanted,
        ),
        assuming: None,
    };
    let annotated = owner::annotation(service, "aws-load-balancer-nlb-target-type");
    Ok(match intended.owner {
        Owner::LoadBalancerController
            if owner::annotation(service, "aws-load-balancer-type") == Some("nlb-ip") =>
        {
            Some(declared("ip"))
        }
        Owner::LoadBalancerController => Some(match annotated {
            Some(wanted) => declared(wanted),
            None => by_default(view, declared(controller::TARGET_TYPE))?,
        }),
        Owner::CloudProvider => Some(declared("instance")),
        Owner::AutoMode | Owner::Other | Owner::Nobody => None,
    })
}

/// The type that the AWS Load Balancer Controller takes where the Service names none.
fn by_default(view: &View<'_>, usual: TargetType) -> Result<TargetType, Gap> {
    let Some((deployment, flag)) = controller::default_target_type(view) else {
        // It may run under another name, or elsewhere.
        view.deployments().complete("kube-system")?;
        return Ok(TargetType {
            assuming: Some(format!(
                "the AWS Load Balancer Controller was not started with {}=ip",
                controller::TARGET_TYPE_FLAG
            )),
            ..usual
        });
    };
    Ok(TargetType {
        is_addresses: flag == Some("ip"),
        evidence: Evidence::new(
            Layer::Declared,
            &deployment.origin,
            deployment.id(),
            controller::TARGET_TYPE_FLAG,
            flag.unwrap_or("unset, which means instance"),
        ),
        assuming: None,
    })
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
