//! Load balancers of Services whose status names none, and Classic ones, looked for in the AWS double.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::bundle::{self, Bundle};
use cilium_lb::model::aws::Region;
use cilium_lb::parse;
use serde_json::{Value, json};
use std::fs;
use support::cluster::ClusterDouble;
use support::world::{World, forget_balancer, outcome};

const BALANCER: &str = "k8s-gateway-ciliumga-64535184d1";
const UID: &str = "e57726fb-7cd2-4615-8242-678a6b3037f4";
/// The name that cloud-provider-aws gives for that UID.
const CLOUD: &str = "ae57726fb7cd246158242678a6b3037f";
const HOST_LINE: &str = "      ingress:\n      - hostname: ";

/// The world's cluster after its Service lost its status and its bindings; `changes` are made in its objects.
fn wiped(world: &World, changes: &[(&str, &str, &str)]) -> ClusterDouble {
    forget_balancer(&world.made, &world.path("cluster"));
    for (file, from, to) in changes {
        edit(world, file, from, to);
    }
    ClusterDouble::start(world.path("cluster"))
}

fn edit(world: &World, file: &str, from: &str, to: &str) {
    let path = world.path("cluster/kubernetes").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// What `capture` reads of the Gateway, and how often AWS was asked for it.
fn capture(world: &World, cluster: &ClusterDouble) -> (Bundle, u64) {
    world.aws.reset_calls();
    let to = world.path("captured");
    let ran = world
        .command(&["capture", "gateway/shared-gateway", "-n", "gateway"])
        .args(["--no-exec", "-o"])
        .arg(&to)
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    (bundle::read(&to).unwrap(), world.aws.calls().values().sum())
}

/// The one region that was read.
fn region(bundle: &Bundle) -> Region {
    let regions = parse::snapshot(bundle).aws.regions;
    assert_eq!(regions.len(), 1, "{:?}", regions.keys());
    regions.into_values().next().unwrap()
}

fn balancers(region: &Region) -> Vec<String> {
    let all = region.load_balancers.as_ref().expect("load balancers");
    all.iter()
        .map(|found| found.load_balancer_name.clone())
        .collect()
}

#[test]
fn a_wiped_status_is_looked_up_by_interfaces_within_the_budget() {
    let world = World::healthy();
    let cluster = wiped(&world, &[]);
    let (bundle, calls) = capture(&world, &cluster);
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
    let cluster = wiped(&world, &[("services.yaml", UID, other)]);
    let (bundle, _) = capture(&world, &cluster);
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
    let cluster = wiped(&world, &[("nodes.yaml", label, &labels)]);
    let denied =
        json!({"code": "UnauthorizedOperation", "status": 403, "message": "no", "count": -1});
    world
        .aws
        .faults(&json!({"ec2:DescribeNetworkInterfaces": denied}));
    let (bundle, _) = capture(&world, &cluster);
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
    let cluster = wiped(
        &world,
        &[
            ("services.yaml", annotation, "example.com/none: none"),
            ("services.yaml", UID, "0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55"),
            ("nodes.yaml", label, &labels),
        ],
    );
    let denied =
        json!({"code": "UnauthorizedOperation", "status": 403, "message": "no", "count": -1});
    world
        .aws
        .faults(&json!({"ec2:DescribeNetworkInterfaces": denied}));
    let (bundle, _) = capture(&world, &cluster);
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

#[test]
fn a_classic_load_balancer_is_a_gap_that_says_how_to_read_it() {
    let world = World::silent();
    let host = format!("{CLOUD}-1234567890.eu-west-2.elb.amazonaws.com");
    let ingress = format!("{HOST_LINE}{host}\n");
    let cluster = wiped(
        &world,
        &[("services.yaml", "      ingress: []\n", &ingress)],
    );
    let (bundle, _) = capture(&world, &cluster);
    let gaps = &bundle.manifest.gaps;
    let gap = gaps
        .iter()
        .find(|gap| gap.source.ends_with("/elb-describe-load-balancers"))
        .unwrap_or_else(|| panic!("{gaps:#?}"));
    for part in [
        format!("aws elb describe-load-balancers --region eu-west-2 --load-balancer-names {CLOUD}"),
        format!("aws/123456789012/eu-west-2/elb-describe-instance-health.{CLOUD}.json"),
    ] {
        assert!(gap.reason.contains(&part), "{}", gap.reason);
    }
    let ran = world
        .command(&["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"])
        .args(["-o", "json", "--from"])
        .arg(world.path("captured"))
        .output()
        .unwrap();
    let (code, document, stderr) = outcome(&ran);
    assert_eq!(
        (code, &document["verdict"]),
        (3, &"unknown".into()),
        "{stderr}\n{document:#}"
    );
    let gaps = document["gaps"].as_array().unwrap();
    let told = gaps.iter().any(|gap| {
        gap["reason"]
            .as_str()
            .unwrap()
            .contains("aws elb describe-instance-health")
            && gap["wouldDecide"].to_string().contains("CLB2101")
    });
    assert!(told, "{gaps:#?}");
}
