//! Names that controllers compute still belong to their Services.

use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use cilium_lb::model::naming::{self, TargetGroupInputs};
use serde_json::{Value, json};

const NAMESPACE: &str = "payments";
const NAME: &str = "front-door";
const UID: &str = "43b9bb7d-0691-4d0a-aac0-de41b40da37e";

fn group(namespace: &str, name: &str, uid: &str, cluster: &str) -> String {
    let inputs = TargetGroupInputs {
        cluster,
        uid,
        target_port: 31080,
        service_port: 80,
        target_type: "instance",
        protocol: "TCP",
        check_protocol: "HTTP",
        check_interval: 30,
    };
    naming::target_group(namespace, name, inputs)
}

/// A Service and what the controllers of a cluster made for it; the cluster is named as `context` or a tag has it.
fn bundle(cluster: &str, context: Option<&str>) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.manifest.context = context.map(str::to_owned);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": NAMESPACE, "name": NAME, "uid": UID,
        "annotations": {"service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval": "30"}},
        "spec": {"ports": [{"port": 80, "nodePort": 31080}]}});
    bundle.insert("kubernetes/services.json", service.to_string());
    let name = naming::load_balancer(cluster, NAMESPACE, NAME, UID, "internal");
    let balancers = json!({"LoadBalancers": [
        {"LoadBalancerName": name, "DNSName": format!("{name}-0123456789abcdef.elb.eu-west-2.amazonaws.com")},
        {"LoadBalancerName": naming::cloud_provider(UID)}]});
    let groups =
        json!({"TargetGroups": [{"TargetGroupName": group(NAMESPACE, NAME, UID, cluster)}]});
    let tags = json!({"TagDescriptions": [{"Tags": [{"Key": "elbv2.k8s.aws/cluster", "Value": cluster}]}]});
    let mut put = |operation: &str, value: Value| {
        bundle.insert(
            format!("aws/111122223333/eu-west-2/elbv2-describe-{operation}.json"),
            value.to_string(),
        );
    };
    put("load-balancers", balancers);
    put("target-groups", groups);
    if context.is_none() {
        put("tags", tags);
    }
    bundle
}

fn read(bundle: &Bundle, operation: &str) -> Value {
    let (_, bytes) = bundle
        .iter()
        .find(|(path, _)| path.contains(operation))
        .unwrap();
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn computed_names_are_those_of_the_stand_ins() {
    for (cluster, context) in [
        ("Shop-Prod", None),
        (
            "shop-prod",
            Some("arn:aws:eks:eu-west-2:111122223333:cluster/shop-prod"),
        ),
        ("shop-prod", Some("admin@shop-prod.eu-west-2.eksctl.io")),
    ] {
        let original = bundle(cluster, context);
        let mut redaction = Redaction::new(&original, &Key::from([6; 32]));
        let redacted = redaction.bundle(&original);
        let cluster = redaction.text(cluster);
        assert!(!cluster.to_ascii_lowercase().contains("shop"), "{cluster}");
        let service = read(&redacted, "services");
        let meta = |field: &str| service["metadata"][field].as_str().unwrap();
        assert!(![NAMESPACE, NAME, UID].contains(&meta("name")) && meta("uid") != UID);
        let expected = naming::load_balancer(
            &cluster,
            meta("namespace"),
            meta("name"),
            meta("uid"),
            "internal",
        );
        let balancers = read(&redacted, "load-balancers");
        assert_eq!(
            balancers["LoadBalancers"][0]["LoadBalancerName"], expected,
            "{context:?}"
        );
        let host = balancers["LoadBalancers"][0]["DNSName"].as_str().unwrap();
        assert!(
            host.starts_with(&expected) && host.ends_with(".elb.eu-west-2.amazonaws.com"),
            "{host}"
        );
        assert_eq!(
            balancers["LoadBalancers"][1]["LoadBalancerName"],
            naming::cloud_provider(meta("uid"))
        );
        let expected = group(meta("namespace"), meta("name"), meta("uid"), &cluster);
        assert_eq!(
            read(&redacted, "target-groups")["TargetGroups"][0]["TargetGroupName"],
            expected,
            "{context:?}"
        );
    }
}
