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
use support::cluster::ClusterDouble;
use support::edited::{UID, region};
use support::world::{PORTS, World, outcome, plan};

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

/// A call to the tagging API, as the double counts it.
const TAGGING: &str = "resourcegroupstaggingapi:GetResources";
/// What `capture` writes of it.
const TAGGED: &str = "aws/123456789012/eu-west-2/resourcegroupstaggingapi-get-resources.json";
/// Tells the name of the cluster.
const LABELLED: (&str, &str, &str) = (
    "nodes.yaml",
    "topology.kubernetes.io/region: eu-west-2",
    "topology.kubernetes.io/region: eu-west-2\n      alpha.eksctl.io/cluster-name: obs-eu-dev-cluster",
);

/// The world whose load balancer has a name that an annotation gave once. Another cluster of the account has one for a
/// Service of the same name.
fn front() -> World {
    let mut plan = plan("", (30000, 32767), &PORTS);
    let (balancers, groups) = ("load_balancers", "target_groups");
    plan[balancers]["lb"]["name"] = json!("front");
    let mut theirs = plan[groups]["k8s-gateway-ciliumga-ab026b9331"].clone();
    theirs["name"] = json!("k8s-gateway-ciliumga-0123456789");
    let mut strangers = plan[balancers]["lb"].clone();
    strangers["name"] = json!("strangers");
    strangers["listeners"] = json!([{"port": 80, "protocol": "TCP", "target_group": "theirs"}]);
    for made in [&mut theirs, &mut strangers] {
        made["tags"]["elbv2.k8s.aws/cluster"] = json!("another-cluster");
    }
    plan[groups]["theirs"] = theirs;
    plan[balancers]["strangers"] = strangers;
    World::of(&plan)
}

/// What is said of the Gateway, as the user of these keys.
fn why(
    world: &World,
    cluster: &ClusterDouble,
    keys: Option<(String, String)>,
) -> (i32, Value, String) {
    let mut command = world.command(&["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"]);
    command
        .args(["-o", "json"])
        .env("KUBECONFIG", cluster.kubeconfig());
    if let Some((id, secret)) = keys {
        command
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret);
    }
    outcome(&command.output().unwrap())
}

#[test]
fn a_name_that_nothing_tells_any_more_is_found_by_tags_page_by_page() {
    let world = front();
    // Of a class that cloud-provider-aws does not take, so that without the cluster's name no name can be computed.
    let class = "    type: LoadBalancer\n";
    let classed = format!("    loadBalancerClass: service.k8s.aws/nlb\n{class}");
    let cluster = world.wiped(&[("services.yaml", class, &classed)]);
    let throttled =
        json!({"code": "ThrottledException", "status": 400, "message": "rate", "count": 2});
    for (faults, asked) in [
        (json!({}), 1),
        (json!({TAGGING: {"page": 1}}), 2),
        (json!({TAGGING: throttled}), 3),
    ] {
        world.aws.faults(&faults);
        let (bundle, _) = world.captured(&cluster);
        let found = region(&bundle);
        assert_eq!(balancers(&found), ["front"], "{faults}");
        assert_eq!(
            found.target_health.len(),
            2,
            "of its own target groups only"
        );
        assert!(bundle.get(TAGGED).is_some());
        let gaps = &bundle.manifest.gaps;
        let of_aws = gaps.iter().filter(|gap| gap.source.starts_with("aws/"));
        assert_eq!(of_aws.count(), 0, "{gaps:#?}");
        // Once for the controller, and what a second page or the rate adds.
        assert_eq!(world.aws.calls()[TAGGING], asked, "{faults}");
    }
    world.aws.faults(&json!({}));
    let keys = {
        let ran = world.command(&["permissions", "iam"]).output().unwrap();
        world.aws.restrict(&String::from_utf8(ran.stdout).unwrap())
    };
    let (_, document, stderr) = why(&world, &cluster, Some(keys));
    assert_eq!(
        document["subject"]["loadBalancer"]["name"], "front",
        "{stderr}\n{document:#}"
    );
    assert!(
        document.to_string().contains("load balancer front exists"),
        "{document:#}"
    );
    let calls = document["run"]["calls"].as_object().unwrap();
    assert_eq!(calls["tag:GetResources"], 1, "{calls:?}");
}

#[test]
fn where_the_cluster_has_a_name_only_its_own_are_asked_for() {
    let world = front();
    let cluster = world.wiped(&[LABELLED]);
    let (bundle, _) = world.captured(&cluster);
    assert_eq!(balancers(&region(&bundle)), ["front"]);
    assert_eq!(world.aws.calls()[TAGGING], 2, "once for each controller");
    let document = String::from_utf8(bundle.get(TAGGED).unwrap().to_vec()).unwrap();
    assert!(
        document.contains("/front/") && !document.contains("strangers"),
        "{document}"
    );

    // An audit lists the account with its tags, and asks nobody else.
    world.aws.reset_calls();
    let mut command = world.command(&["audit", "-A", "-o", "json"]);
    let ran = command.env("KUBECONFIG", cluster.kubeconfig()).output();
    let (_, list, stderr) = outcome(&ran.unwrap());
    assert!(
        list.to_string().contains("load balancer front exists"),
        "{stderr}\n{list:#}"
    );
    assert!(!world.aws.calls().contains_key(TAGGING));
}

#[test]
fn tags_of_another_cluster_prove_nothing_and_a_denied_call_is_a_gap() {
    let mut plan = plan("x", (30000, 32767), &PORTS);
    plan["load_balancers"]["lb"]["name"] = json!("front");
    plan["load_balancers"]["lb"]["tags"]["elbv2.k8s.aws/cluster"] = json!("another-cluster");
    let world = World::of(&plan);
    let cluster = world.wiped(&[]);
    let (bundle, _) = world.captured(&cluster);
    let found = region(&bundle);
    assert_eq!(balancers(&found), Vec::<String>::new());
    assert!(found.target_health.is_empty() && found.instances.is_ok());
    let (code, answered, _) = why(&world, &cluster, None);
    assert_eq!(code, 1, "{answered:#}");
    assert!(!answered.to_string().contains("front exists"));

    let denied = json!({"code": "AccessDeniedException", "status": 400,
        "message": "not authorized to perform: tag:GetResources"});
    world.aws.faults(&json!({TAGGING: denied}));
    let (code, document, stderr) = why(&world, &cluster, None);
    assert_eq!(code, 1, "{stderr}\n{document:#}");
    let causes = |document: &Value| -> Vec<Value> {
        let all = document["causes"].as_array().unwrap().iter();
        all.map(|cause| cause["causeFingerprint"].clone()).collect()
    };
    assert_eq!(causes(&document), causes(&answered), "it goes on without");
    let gaps = document["gaps"].as_array().unwrap();
    let about = |gap: &&Value| gap["permission"] == "tag:GetResources";
    let gap = gaps.iter().find(about);
    let gap = gap.unwrap_or_else(|| panic!("{gaps:#?}"));
    assert!(
        gap["reason"].to_string().contains("AccessDenied"),
        "{gap:#}"
    );
}
