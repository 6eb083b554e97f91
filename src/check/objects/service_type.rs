//! The part of CLB1101 in which the Service is of a type that gets no load balancer.

use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::age::config_map;
use crate::model::Fact;
use crate::model::kubernetes::Service;

/// Says why the type is not LoadBalancer: host network mode, Cilium's configuration, or a person.
pub(super) fn finding(view: &View<'_>, service: &Fact<Service>) -> Finding {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let kind = match service.spec.kind.as_str() {
        "" => "ClusterIP",
        kind => kind,
    };
    let id = format!("Service/{namespace}/{name}");
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        &service.origin,
        id.clone(),
        "spec.type",
        kind,
    )];
    let host_network = host_network(view, service);
    let message = match &host_network {
        Some(row) => {
            evidence.push(row.clone());
            format!(
                "spec.type of {name} is {kind}, not LoadBalancer, because host network mode is on ({}=true)",
                row.field
            )
        }
        None => format!(
            "spec.type of {name} is {kind}, not LoadBalancer, so no controller makes a load balancer"
        ),
    };
    let fix = if host_network.is_some() {
        Fix {
            summary: "decide: turn host network mode off, or keep it and register the listener ports of the nodes in a target group of your own".to_owned(),
            commands: vec![view.helm_upgrade(&format!("--set {}=false", helm_value(service)))],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("spec.type of {name} is LoadBalancer and its status has a host name"),
        }
    } else if service.is_proxied() {
        Fix {
            summary: "Cilium writes spec.type: change it in the CiliumGatewayClassConfig of the class or in the Helm values".to_owned(),
            commands: vec!["kubectl get ciliumgatewayclassconfigs -A -o yaml".to_owned()],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("spec.type of {name} is LoadBalancer"),
        }
    } else {
        Fix {
            summary: "make it a load balancer Service of the AWS Load Balancer Controller"
                .to_owned(),
            commands: vec![format!(
                "kubectl patch service {name} -n {namespace} -p '{{\"spec\":{{\"type\":\"LoadBalancer\",\"loadBalancerClass\":\"service.k8s.aws/nlb\"}}}}'"
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("status.loadBalancer of {name} has a host name"),
        }
    };
    Finding::new(message, format!("{namespace}/{name}"), evidence)
        .about([id])
        .fix(fix)
}

fn helm_value(service: &Service) -> &'static str {
    if is_gateway(service) {
        "gatewayAPI.hostNetwork.enabled"
    } else {
        "ingressController.hostNetwork.enabled"
    }
}

fn is_gateway(service: &Service) -> bool {
    let owners = &service.metadata.owner_references;
    owners.iter().any(|owner| owner.kind == "Gateway")
}

/// The key of `cilium-config` that explains why Cilium made no load balancer Service.
fn host_network(view: &View<'_>, service: &Service) -> Option<Evidence> {
    if !service.is_proxied() {
        return None;
    }
    let key = if is_gateway(service) {
        "gateway-api-hostnetwork-enabled"
    } else {
        "ingress-hostnetwork-enabled"
    };
    let config = config_map(view)?;
    let value = config.data.get(key).filter(|value| *value == "true")?;
    Some(Evidence::new(
        Layer::Declared,
        &config.origin,
        "ConfigMap/cilium-config",
        key,
        value.clone(),
    ))
}
