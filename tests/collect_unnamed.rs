//! Load balancers of Services whose status names none, looked for in the AWS double.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::model::aws::Region;
use serde_json::{Value, json};
use support::edited::{UID, region};
use support::world::{World, outcome};

const BALANCER: &str = "k8s-gateway-ciliumga-64535184d1";
fn balancers(region: &Region) -> Vec<String> {
    let all = region.load_balancers.as_ref().expect("load balancers");
    all.iter()
        .map(|found| found.load_balancer_name.clone())
        .collect()
}

#[test]
fn a_wiped_status_is_looked_up_by_interfaces_within_the_budget() {
    let world = World::healthy();
    let cluster = world.wiped(&[]);
    let (bundle, calls) = world.captured(&cluster);
    let found = region(&bundle);
    assert_eq!(balancers(&found), [BALANCER]);
    assert_eq!(found.target_health.len(), 2);
    assert!(found.tags.is_ok() && found.network_interfaces.is_ok());
    assert!(calls <= 12 + 2 * 2, "{calls}: {:?}", world.aws.calls());

    let ran = world
        .command(&["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"])
        .args(["-o", "json", "--all-nodes"])
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap();
    let (_, document, stderr) = outcome(&ran);
    assert_eq!(
        document["subject"]["loadBalancer"]["name"], BALANCER,
        "{stderr}\n{document:#}"
    );
    let listeners: Vec<&Value> = document["paths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| &path["listener"])
        .collect();
    assert_eq!(listeners.len(), 2, "{document:#}");
    let told = document.to_string();
    assert!(
        told.contains("CLB1101") && told.contains(&format!("load balancer {BALANCER} exists")),
        "{document:#}"
    );
}

#[test]
fn a_load_balancer_of_another_uid_is_somebody_elses() {
    let world = World::silent();
    let other = "0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55";
    let cluster = world.wiped(&[("services.yaml", UID, other)]);
    let (bundle, _) = world.captured(&cluster);
    let found = region(&bundle);
    assert_eq!(balancers(&found), Vec::<String>::new());
    assert!(!found.instances.unwrap().is_empty(), "the account is right");
    assert!(found.target_health.is_empty());
}

#[test]
fn without_interfaces_the_computed_names_are_asked_for() {
    let world = World::silent();
    let label = "topology.kubernetes.io/region: eu-west-2";
    let labels = format!("{label}\n      alpha.eksctl.io/cluster-name: obs-eu-dev-cluster");
    let cluster = world.wiped(&[("nodes.yaml", label, &labels)]);
    let denied =
        json!({"code": "UnauthorizedOperation", "status": 403, "message": "no", "count": -1});
    world
        .aws
        .faults(&json!({"ec2:DescribeNetworkInterfaces": denied}));
    let (bundle, _) = world.captured(&cluster);
    assert_eq!(balancers(&region(&bundle)), [BALANCER]);
    // The scheme of the annotation is asked for first.
    let asked = world.aws.calls()["elbv2:DescribeLoadBalancers"];
    assert_eq!(asked, 1);
}

#[test]
fn names_that_nobody_has_are_an_answer() {
    let world = World::silent();
    let annotation = "service.beta.kubernetes.io/aws-load-balancer-type: external";
    let label = "topology.kubernetes.io/region: eu-west-2";
    let labels = format!("{label}\n      alpha.eksctl.io/cluster-name: another-cluster");
    let cluster = world.wiped(&[
        ("services.yaml", annotation, "example.com/none: none"),
        ("services.yaml", UID, "0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55"),
        ("nodes.yaml", label, &labels),
    ]);
    let denied =
        json!({"code": "UnauthorizedOperation", "status": 403, "message": "no", "count": -1});
    world
        .aws
        .faults(&json!({"ec2:DescribeNetworkInterfaces": denied}));
    let (bundle, _) = world.captured(&cluster);
    assert_eq!(balancers(&region(&bundle)), Vec::<String>::new());
    let gaps = &bundle.manifest.gaps;
    assert!(
        gaps.iter()
            .all(|gap| !gap.source.contains("describe-load-balancers")),
        "{gaps:#?}"
    );
    // Both schemes and the name of cloud-provider-aws.
    assert_eq!(world.aws.calls()["elbv2:DescribeLoadBalancers"], 3);
}
