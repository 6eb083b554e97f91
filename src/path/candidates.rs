//! Under which names a controller may have made the load balancer and the target groups of a Service.
//!
//! A Service whose provisioning stopped half way, or whose status somebody wiped, names nothing itself. The
//! names follow from its UID and the cluster's name, so that one of them is also the proof of whose it is:
//! a Service of the same name in another cluster, or of before, has another UID.

use super::annotation::annotation;
use crate::model::kubernetes::Service;
use crate::model::kubernetes::binding::PortRef;
use crate::model::kubernetes::service::ServicePort;
use crate::model::naming::{self, TargetGroupInputs};
use std::collections::BTreeSet;

/// The class of the AWS Load Balancer Controller.
const CONTROLLER_CLASS: &str = "service.k8s.aws/nlb";
/// Seconds between health checks unless an annotation says otherwise.
const INTERVAL: u32 = 10;
/// The target port that stands for a named one in the name of a target group.
const NAMED_PORT: u16 = 1;

/// Whether a controller of AWS with known names may have taken the Service.
///
/// cloud-provider-aws takes no Service with a class, the AWS Load Balancer Controller none of another class.
pub fn may_have_names(service: &Service) -> bool {
    service.spec.kind == "LoadBalancer"
        && !service.metadata.uid.is_empty()
        && matches!(
            service.spec.load_balancer_class.as_deref(),
            None | Some(CONTROLLER_CLASS)
        )
}

/// The computed names of the load balancer, the likeliest first; `clusters` are possible names of the cluster.
///
/// The name that an annotation asks for is not among them: anybody may give it to any load balancer.
pub fn balancers(service: &Service, clusters: &BTreeSet<String>) -> Vec<String> {
    if !may_have_names(service) {
        return Vec::new();
    }
    let meta = &service.metadata;
    let schemes = match annotation(service, "aws-load-balancer-scheme") {
        Some("internet-facing") => ["internet-facing", "internal"],
        _ => ["internal", "internet-facing"],
    };
    let mut names: Vec<String> = clusters
        .iter()
        .flat_map(|cluster| {
            schemes.map(|scheme| {
                naming::load_balancer(cluster, &meta.namespace, &meta.name, &meta.uid, scheme)
            })
        })
        .collect();
    if let Some(cloud) = classic(service) {
        match annotation(service, "aws-load-balancer-type") {
            Some("external" | "nlb-ip") => names.push(cloud),
            _ => names.insert(0, cloud),
        }
    }
    names
}

/// The name that cloud-provider-aws computes for a Classic Load Balancer, the same as for a Network Load Balancer.
pub fn classic(service: &Service) -> Option<String> {
    let may_have = may_have_names(service) && service.spec.load_balancer_class.is_none();
    may_have.then(|| naming::cloud_provider(&service.metadata.uid))
}

/// The name that an annotation asks the AWS Load Balancer Controller for.
pub fn asked_name(service: &Service) -> Option<&str> {
    annotation(service, "aws-load-balancer-name").filter(|name| !name.is_empty())
}

/// What interfaces of the load balancer are described as, with `*` for what only AWS knows.
///
/// Elastic Load Balancing writes `ELB net/<name>/<id>`, and `ELB <name>` for a classic one.
pub fn interface_descriptions(service: &Service) -> Vec<String> {
    if !may_have_names(service) {
        return Vec::new();
    }
    let meta = &service.metadata;
    let computed = naming::prefix(&meta.namespace, &meta.name);
    let mut all = vec![format!("ELB net/{computed}*/*")];
    all.extend(asked_name(service).map(|name| format!("ELB net/{name}/*")));
    if let Some(cloud) = classic(service) {
        all.push(format!("ELB net/{cloud}/*"));
        all.push(format!("ELB {cloud}"));
    }
    all
}

/// The names that the AWS Load Balancer Controller may have given to the target groups of a Service.
///
/// Its own defaults and what annotations set decide; a target group that other flags of the controller shaped
/// has another name.
pub fn target_groups(service: &Service, clusters: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if !may_have_names(service) {
        return names;
    }
    let meta = &service.metadata;
    let asked = |name: &str| annotation(service, &format!("aws-load-balancer-healthcheck-{name}"));
    let interval = asked("interval").and_then(|text| text.parse().ok());
    let checks: Vec<String> = match asked("protocol") {
        Some(protocol) => vec![protocol.to_ascii_uppercase()],
        None => vec!["TCP".to_owned(), "HTTP".to_owned()],
    };
    for (cluster, port) in clusters
        .iter()
        .flat_map(|cluster| service.spec.ports.iter().map(move |port| (cluster, port)))
    {
        for (target_type, target_port) in [("instance", port.node_port), ("ip", pod_port(port))] {
            for protocol in [port.protocol(), "TLS", "TCP_UDP"] {
                for check_protocol in &checks {
                    let inputs = TargetGroupInputs {
                        cluster,
                        uid: &meta.uid,
                        target_port,
                        service_port: port.port,
                        target_type,
                        protocol,
                        check_protocol,
                        check_interval: interval.unwrap_or(INTERVAL),
                    };
                    names.insert(naming::target_group(&meta.namespace, &meta.name, inputs));
                }
            }
        }
    }
    names
}

/// The port of the Pods as the name of a target group has it.
fn pod_port(port: &ServicePort) -> u16 {
    match &port.target_port {
        Some(PortRef::Number(number)) => *number,
        Some(PortRef::Name(_)) => NAMED_PORT,
        None => port.port,
    }
}

#[cfg(test)]
mod tests {
    use super::{balancers, interface_descriptions, target_groups};
    use crate::model::kubernetes::Service;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn service(more: Value) -> Service {
        let mut value = json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "43b9bb7d-0691-4d0a-aac0-de41b40da37e"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 31080, "targetPort": "http"}]},
        });
        json_merge(&mut value, more);
        serde_json::from_value(value).unwrap()
    }

    fn json_merge(into: &mut Value, more: Value) {
        match (into, more) {
            (Value::Object(into), Value::Object(more)) => {
                for (key, value) in more {
                    json_merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
            (into, more) => *into = more,
        }
    }

    fn cluster() -> BTreeSet<String> {
        BTreeSet::from(["shop-prod".to_owned()])
    }

    #[test]
    fn class_and_type_say_whose_names_there_can_be() {
        let cloud = "a43b9bb7d06914d0aaac0de41b40da37";
        let facing = "k8s-shop-web-fba545b2c1";
        let plain = balancers(&service(json!({})), &cluster());
        assert_eq!(plain.first().map(String::as_str), Some(cloud));
        assert_eq!(plain.len(), 3);
        let of_class = service(json!({"spec": {"loadBalancerClass": "service.k8s.aws/nlb"},
            "metadata": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}}}));
        let names = balancers(&of_class, &cluster());
        assert_eq!((names[0].as_str(), names.len()), (facing, 2));
        let foreign = service(json!({"spec": {"loadBalancerClass": "io.cilium/l2-announcer"}}));
        assert!(balancers(&foreign, &cluster()).is_empty());
        assert!(interface_descriptions(&foreign).is_empty());
        let inside = service(json!({"spec": {"type": "ClusterIP"}}));
        assert!(balancers(&inside, &cluster()).is_empty());
        assert!(target_groups(&inside, &cluster()).is_empty());
    }

    #[test]
    fn interfaces_are_described_by_what_is_known_of_the_name() {
        assert_eq!(
            interface_descriptions(&service(json!({}))),
            [
                "ELB net/k8s-shop-web-*/*",
                "ELB net/a43b9bb7d06914d0aaac0de41b40da37/*",
                "ELB a43b9bb7d06914d0aaac0de41b40da37",
            ]
        );
        let named = service(json!({"spec": {"loadBalancerClass": "service.k8s.aws/nlb"},
            "metadata": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-name": "front"}}}));
        assert_eq!(
            interface_descriptions(&named),
            ["ELB net/k8s-shop-web-*/*", "ELB net/front/*"]
        );
    }

    #[test]
    fn target_groups_of_both_types_and_checks() {
        let names = target_groups(&service(json!({})), &cluster());
        // Names of a real controller for this Service: TCP on the traffic port, HTTP for Local.
        for hash in ["b4a77d92c5", "c6b68c993d"] {
            assert!(names.contains(&format!("k8s-shop-web-{hash}")), "{names:?}");
        }
        let slow = service(json!({"metadata": {"annotations": {
            "service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval": "20"}}}));
        assert!(!target_groups(&slow, &cluster()).contains("k8s-shop-web-b4a77d92c5"));
    }
}
