//! The parts of CLB1101 in which a CiliumGatewayClassConfig (1.18 on) made the Service one that AWS does not serve.

use super::class;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::model::Fact;
use crate::model::kubernetes::{CiliumGatewayClassConfig, Object, Service};

/// `spec.service.type` of the class is what the Service has instead of LoadBalancer.
pub(super) fn service_type(view: &View<'_>, service: &Fact<Service>) -> Option<Finding> {
    let config = class::parameters(view, service)?;
    let (wanted, row) = class::service_field(config, "type")?;
    if wanted != service.spec.kind || wanted == "LoadBalancer" {
        return None;
    }
    let name = &service.metadata.name;
    let message = format!(
        "spec.type of {name} is {wanted}, not LoadBalancer, because {} says so",
        class::config_id(config)
    );
    let fix = Fix {
        summary: "let the class make load balancer Services".to_owned(),
        commands: vec![class::patch(config, "type", "\"LoadBalancer\"")],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("spec.type of {name} is LoadBalancer and its status has a host name"),
    };
    Some(finding(
        service,
        config,
        message,
        "spec.type",
        &wanted,
        row,
        fix,
    ))
}

/// `spec.service.loadBalancerClass` of the class is one that no AWS controller owns.
pub(super) fn load_balancer_class(view: &View<'_>, service: &Fact<Service>) -> Option<Finding> {
    let config = class::parameters(view, service)?;
    let (wanted, row) = class::service_field(config, "loadBalancerClass")?;
    let is_aws = matches!(
        wanted.as_str(),
        "service.k8s.aws/nlb" | "eks.amazonaws.com/nlb"
    );
    if is_aws || service.spec.load_balancer_class.as_deref() != Some(wanted.as_str()) {
        return None;
    }
    let name = &service.metadata.name;
    let message = format!(
        "loadBalancerClass of {name} is {wanted}, which belongs to no AWS controller, because {} says so",
        class::config_id(config)
    );
    let namespace = &service.metadata.namespace;
    let fix = Fix {
        summary: "name the class of the AWS Load Balancer Controller, then delete the Service so that the operator makes it again: the class of a Service is fixed".to_owned(),
        commands: vec![
            class::patch(config, "loadBalancerClass", "\"service.k8s.aws/nlb\""),
            format!("kubectl delete service {name} -n {namespace}"),
        ],
        risk: Risk::Destructive,
        changes: Vec::new(),
        after: format!("status.loadBalancer of {name} has a host name"),
    };
    Some(finding(
        service,
        config,
        message,
        "spec.loadBalancerClass",
        &wanted,
        row,
        fix,
    ))
}

fn finding(
    service: &Fact<Service>,
    config: &CiliumGatewayClassConfig,
    message: String,
    field: &str,
    value: &str,
    row: Evidence,
    fix: Fix,
) -> Finding {
    let id = service.id();
    let own = Evidence::new(Layer::Declared, &service.origin, id.clone(), field, value);
    let config = class::config_id(config);
    Finding::new(message, format!("{config} {field}"), vec![own, row])
        .about([id, config])
        .fix(fix)
}
