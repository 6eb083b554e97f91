//! What an audit looks at, each thing once, and what it finds although no target fails.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::audit::{Audit, Scope, reduce};
use cilium_lb::bundle::Bundle;
use cilium_lb::parse;
use cilium_lb::path::audited;
use cilium_lb::report::{Exit, FailOn, exit_of_list, v1};
use support::scenario;

const GATEWAY: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: cilium}
spec: {controllerName: io.cilium/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec: {gatewayClassName: cilium, listeners: []}
---
apiVersion: v1
kind: Service
metadata:
  name: cilium-gateway-edge
  namespace: infra
  ownerReferences: [{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, name: edge, uid: u}]
spec: {type: LoadBalancer, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: k8s-infra-edge, namespace: infra}
spec:
  serviceRef: {name: cilium-gateway-edge, port: 80}
  targetGroupARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/k8s-infra-edge/0a1b
"#;

const FOREIGN_GATEWAY: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: aws-nlb}
spec: {controllerName: gateway.k8s.aws/nlb}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: other, namespace: infra}
spec: {gatewayClassName: aws-nlb, listeners: []}
"#;

const SHARED_INGRESSES: &str = r#"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: shop, annotations: {ingress.cilium.io/loadbalancer-mode: shared}}
spec: {ingressClassName: cilium}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: b, namespace: blog, annotations: {ingress.cilium.io/loadbalancer-mode: shared}}
spec: {ingressClassName: cilium}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: c, namespace: blog}
spec: {ingressClassName: nginx}
---
apiVersion: v1
kind: Service
metadata: {name: cilium-ingress, namespace: kube-system}
spec: {type: LoadBalancer, ports: [{port: 80, nodePort: 30081}]}
"#;

const CLUSTER_IP: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {type: ClusterIP, ports: [{port: 80}]}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: by-hand, namespace: shop}
spec:
  serviceRef: {name: api, port: 80}
  targetGroupARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/by-hand/0a1b
"#;

/// What is audited of these objects, as `Kind namespace/name`.
fn subjects(documents: &[&str]) -> Vec<String> {
    let mut bundle = Bundle::default();
    for (number, document) in documents.iter().enumerate() {
        bundle.insert(format!("kubernetes/{number}.yaml"), *document);
    }
    audited(&parse::snapshot(&bundle))
        .iter()
        .map(|subject| format!("{} {}", subject.kind.name(), subject.object))
        .collect()
}

#[test]
fn a_gateway_its_service_and_its_binding_are_one_subject() {
    assert_eq!(subjects(&[GATEWAY]), ["Gateway infra/edge"]);
}

#[test]
fn a_gateway_of_another_controller_is_none() {
    assert_eq!(subjects(&[FOREIGN_GATEWAY]), [""; 0]);
}

#[test]
fn ingresses_in_shared_mode_are_their_one_service() {
    assert_eq!(
        subjects(&[SHARED_INGRESSES]),
        ["Service kube-system/cilium-ingress"]
    );
}

#[test]
fn a_binding_of_a_service_without_a_load_balancer_is_a_subject() {
    assert_eq!(subjects(&[CLUSTER_IP]), ["TargetGroupBinding shop/by-hand"]);
}

#[test]
fn subjects_are_ordered_by_kind_namespace_and_name() {
    let all = [CLUSTER_IP, SHARED_INGRESSES, FOREIGN_GATEWAY, GATEWAY];
    assert_eq!(
        subjects(&all),
        [
            "Gateway infra/edge",
            "Service kube-system/cilium-ingress",
            "TargetGroupBinding shop/by-hand",
        ]
    );
}

/// The list of one cluster.
fn audit(bundle: &Bundle) -> v1::DiagnosisList {
    let mut audit = Audit::default();
    let run = v1::Run::default();
    audit.add(reduce(
        &parse::snapshot(bundle),
        "cluster",
        &Scope::default(),
        &run,
    ));
    audit.finish(run)
}

fn problem<'a>(list: &'a v1::DiagnosisList, code: &str) -> Option<&'a v1::Problem> {
    list.problems.iter().find(|problem| problem.code == code)
}

#[test]
fn an_orphan_is_found_without_being_asked_for() {
    let list = audit(&scenario::one("orphaned-load-balancer").bundle);
    let found = problem(&list, "CLB2111").expect("CLB2111");
    assert_eq!(found.severity, "warning");
    assert_eq!(found.subjects.len(), 1);
    assert_eq!(found.subjects[0].kind, "LoadBalancer");
    assert_eq!(found.subjects[0].name, "k8s-shop-old-1f2e3d4c5b");
    // Everything that somebody needs is healthy.
    assert_eq!(exit_of_list(&list, FailOn::Error), Exit::Ok);
    assert_eq!(exit_of_list(&list, FailOn::Warning), Exit::Findings);

    let list = audit(&scenario::one("orphaned-target-group").bundle);
    let found = problem(&list, "CLB3114").expect("CLB3114");
    assert_eq!(found.subjects[0].kind, "TargetGroup");
    assert_eq!(exit_of_list(&list, FailOn::Error), Exit::Ok);
}

#[test]
fn what_may_be_somebody_elses_is_no_subject() {
    for name in [
        "orphaned-load-balancer-near-miss",
        "orphaned-load-balancer-near-miss-same-vpc",
        "orphaned-load-balancer-near-miss-cluster",
        "orphaned-load-balancer-near-miss-group",
        "orphaned-load-balancer-unknown",
        "orphaned-load-balancer-unknown-cluster",
        "orphaned-target-group-near-miss",
        "orphaned-target-group-unknown",
    ] {
        let list = audit(&scenario::one(name).bundle);
        let of_aws = list.items.iter().filter(|item| {
            let subject = &item.subject;
            matches!(subject.kind.as_str(), "LoadBalancer" | "TargetGroup")
        });
        assert_eq!(of_aws.count(), 0, "{name}");
        assert!(problem(&list, "CLB3114").is_none(), "{name}");
    }
}

#[test]
fn agents_that_differ_are_shown_although_every_target_is_healthy() {
    let mut bundle = scenario::one("obs-eu-dev-healthy").bundle;
    let configs: Vec<String> = bundle
        .iter()
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.starts_with("cilium/") && path.ends_with("/config.json"))
        .take(2)
        .collect();
    assert_eq!(configs.len(), 2);
    for path in &configs {
        let text = String::from_utf8(bundle.get(path).unwrap().to_vec()).unwrap();
        let off = text.replace(
            "\"EnableEnvoyConfig\": true",
            "\"EnableEnvoyConfig\": false",
        );
        assert_ne!(text, off, "{path}");
        bundle.insert(path.clone(), off);
    }
    let list = audit(&bundle);
    assert_eq!(list.items.len(), 1);
    assert_eq!(list.items[0].verdict, "healthy");
    let found = problem(&list, "CLB5103").expect("CLB5103");
    assert_eq!(
        (found.role.as_str(), found.severity.as_str()),
        ("latent", "warning")
    );
    assert_eq!(found.subjects[0].name, "shared-gateway");
    // Each of the two nodes, on both ports.
    assert_eq!(found.targets, 4);
}

#[test]
fn a_subject_counts_once_where_its_targets_differ() {
    // Some of its targets are blocked and the others are threatened: two findings that one thing decides.
    let list = audit(&scenario::one("network-acl-replies-flap").bundle);
    let found = problem(&list, "CLB4201").expect("CLB4201");
    let item = list.items.iter().find(|item| found.subjects[0].names(item));
    let item = item.unwrap();
    let of_code = item.causes.iter().chain(&item.notes);
    assert_eq!(of_code.filter(|one| one.code == "CLB4201").count(), 2);
    assert_eq!((found.subjects.len(), found.fingerprints.len()), (1, 1));
    assert_eq!(found.targets, 10);
}
