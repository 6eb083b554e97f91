//! The collector against the AWS double: throttling, refusals, expired and foreign credentials, and names that are not there.
//!
//! The clients take their endpoint from the environment, so the program itself runs: `capture`, and then its bundle.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::bundle::{self, Bundle};
use cilium_lb::parse;
use serde_json::{Value, json};
use std::path::Path;
use support::cluster::ClusterDouble;
use support::world::World;

const GATEWAY: &str = "gateway/shared-gateway";

/// What `capture` reads with these arguments; `kubeconfig` leads elsewhere than to the world's own cluster.
fn capture(world: &World, name: &str, arguments: &[&str], kubeconfig: Option<&Path>) -> Bundle {
    let to = world.path(name);
    let mut command = world.command(&["capture"]);
    command
        .args(arguments)
        .args(["-n", "gateway", "--no-exec", "-o"])
        .arg(&to);
    if let Some(path) = kubeconfig {
        command.env("KUBECONFIG", path);
    }
    let ran = command.output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    bundle::read(&to).unwrap()
}

fn fault(code: &str, count: i32) -> Value {
    json!({"code": code, "status": 400, "message": format!("{code} of the double"), "count": count})
}

fn gap<'a>(bundle: &'a Bundle, part: &str) -> &'a str {
    let gaps = &bundle.manifest.gaps;
    let found = gaps.iter().find(|gap| gap.source.contains(part));
    &found
        .unwrap_or_else(|| panic!("no gap {part} in {gaps:#?}"))
        .reason
}

fn aws_gaps(bundle: &Bundle) -> Vec<String> {
    let gaps = bundle
        .manifest
        .gaps
        .iter()
        .filter(|gap| gap.source.starts_with("aws/"));
    gaps.map(|gap| format!("{}: {}", gap.source, gap.reason))
        .collect()
}

fn operations(bundle: &Bundle) -> Vec<String> {
    let documents = bundle
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("aws/"));
    documents
        .filter_map(|path| Some(path.split('/').nth(2)?.to_owned()))
        .collect()
}

fn elb_calls(world: &World) -> u64 {
    let calls = world.aws.calls();
    calls
        .iter()
        .filter(|(name, _)| name.starts_with("elbv2:"))
        .map(|(_, count)| count)
        .sum()
}

#[test]
fn throttling_costs_time_and_refusals_one_document() {
    let world = World::silent();
    world.aws.faults(&json!({
        "elbv2:DescribeTargetHealth": fault("Throttling", 3),
        "ec2:DescribeInstances": fault("RequestLimitExceeded", 2),
        "ec2:DescribeSubnets": fault("UnauthorizedOperation", -1),
    }));
    let bundle = capture(&world, "throttled", &[GATEWAY], None);
    let gaps = aws_gaps(&bundle);
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    assert_eq!(
        gap(&bundle, "ec2-describe-subnets"),
        "UnauthorizedOperation: UnauthorizedOperation of the double"
    );
    let documents = operations(&bundle);
    let has = |start: &str| {
        documents
            .iter()
            .filter(|name| name.starts_with(start))
            .count()
    };
    assert_eq!(has("elbv2-describe-target-health."), 2, "{documents:#?}");
    assert_eq!(has("ec2-describe-instances.json"), 1);
    assert_eq!(has("ec2-describe-vpcs"), 0, "no target is an address");
    assert!(world.aws.calls()["elbv2:DescribeTargetHealth"] >= 5);
}

#[test]
fn every_page_of_an_answer_is_read() {
    let world = World::start((30000, 32767), &[]);
    let whole = capture(&world, "whole", &[GATEWAY], None);
    let paged = [
        ("elbv2:DescribeListeners", "elbv2-describe-listeners."),
        (
            "ec2:DescribeNetworkInterfaces",
            "ec2-describe-network-interfaces",
        ),
        ("ec2:DescribeSecurityGroups", "ec2-describe-security-groups"),
        (
            "ec2:DescribeSecurityGroupRules",
            "ec2-describe-security-group-rules",
        ),
        ("ec2:DescribeSubnets", "ec2-describe-subnets"),
    ];
    let one_at_a_time = paged.map(|(action, _)| (action.to_owned(), json!({"page": 1})));
    let one_at_a_time: serde_json::Map<String, Value> = one_at_a_time.into_iter().collect();
    world.aws.faults(&Value::Object(one_at_a_time));
    world.aws.reset_calls();
    let pages = capture(&world, "pages", &[GATEWAY], None);
    assert_eq!(aws_gaps(&pages), Vec::<String>::new());
    let calls = world.aws.calls();
    for (action, document) in paged {
        assert!(calls[action] > 1, "{action} was asked once: {calls:?}");
        let of = |bundle: &Bundle| -> Vec<Value> {
            let found = bundle.iter().filter(|(path, _)| path.contains(document));
            found
                .map(|(_, bytes)| serde_json::from_slice(bytes).unwrap())
                .collect()
        };
        assert!(!of(&whole).is_empty());
        assert_eq!(of(&pages), of(&whole), "{action}");
    }
}

#[test]
fn credentials_that_do_not_work_are_gaps_that_say_what_to_do() {
    let world = World::silent();
    world.aws.reset_calls();
    world
        .aws
        .faults(&json!({"sts:GetCallerIdentity": fault("ExpiredToken", -1)}));
    let bundle = capture(&world, "expired", &[GATEWAY], None);
    let reason = gap(&bundle, "elbv2-describe-load-balancers");
    assert!(
        reason.starts_with("ExpiredToken: ") && reason.contains("aws sso login"),
        "{reason}"
    );
    assert_eq!(elb_calls(&world), 0);
    assert!(bundle.get("kubernetes/nodes.json").is_some());

    world.aws.faults(&json!({}));
    let bundle = capture(
        &world,
        "profile",
        &[GATEWAY, "--aws-profile", "nowhere"],
        None,
    );
    let reason = gap(&bundle, "sts-get-caller-identity");
    assert!(
        reason.contains("nowhere") && !reason.starts_with("ExpiredToken"),
        "{reason}"
    );
    assert_eq!(
        elb_calls(&world),
        0,
        "keys of the environment must not stand in for the profile"
    );
}

#[test]
fn another_account_is_told_and_not_asked() {
    let world = World::silent();
    world.aws.reset_calls();
    let role = "arn:aws:iam::444455556666:role/audit";
    let bundle = capture(&world, "role", &[GATEWAY, "--role-arn", role], None);
    let reason = gap(
        &bundle,
        "123456789012/eu-west-2/elbv2-describe-load-balancers",
    );
    assert!(reason.starts_with("WrongAccount: "), "{reason}");
    assert!(
        reason.contains("123456789012") && reason.contains("444455556666"),
        "{reason}"
    );
    assert_eq!(elb_calls(&world), 0);
    assert!(
        operations(&bundle)
            .iter()
            .all(|name| name == "sts-get-caller-identity.json")
    );
}

#[test]
fn a_load_balancer_is_absent_only_from_the_clusters_own_account() {
    let world = World::silent();
    world
        .aws
        .faults(&json!({"elbv2:DescribeLoadBalancers": fault("LoadBalancerNotFound", -1)}));
    let bundle = capture(&world, "deleted", &[GATEWAY], None);
    let regions = parse::snapshot(&bundle).aws.regions;
    let region = regions.values().next().unwrap();
    assert_eq!(region.load_balancers.as_ref().map(|fact| fact.len()), Ok(0));
    assert!(!region.instances.as_ref().unwrap().is_empty());

    // Neither a binding nor an instance of the cluster is in this account.
    let folder = world.path("cluster");
    std::fs::remove_file(folder.join("kubernetes/targetgroupbindings.yaml")).unwrap();
    let nodes = folder.join("kubernetes/nodes.yaml");
    let text = std::fs::read_to_string(&nodes).unwrap();
    std::fs::write(&nodes, text.replace("/i-", "/i-0000000")).unwrap();
    let elsewhere = ClusterDouble::start(&folder);
    let bundle = capture(&world, "foreign", &[GATEWAY], Some(&elsewhere.kubeconfig()));
    let reason = gap(&bundle, "elbv2-describe-load-balancers");
    assert!(
        reason.starts_with("LoadBalancerNotFound: ") && reason.contains("another account"),
        "{reason}"
    );
    let regions = parse::snapshot(&bundle).aws.regions;
    assert!(
        regions
            .values()
            .all(|region| region.load_balancers.is_err())
    );
}

#[test]
fn names_and_arns_lead_to_the_service_wherever_it_is() {
    let world = World::silent();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let balancer = &world.made["load_balancers"]["lb"];
    let group = &world.made["target_groups"]["k8s-gateway-ciliumga-ab026b9331"];
    let subjects = [
        text(&balancer["dns_name"]),
        text(&balancer["arn"]),
        text(&group["arn"]),
    ];
    for (number, subject) in subjects.iter().enumerate() {
        let name = format!("subject-{number}");
        let bundle = capture(&world, &name, &[subject], None);
        assert!(
            bundle.get("kubernetes/services.json").is_some(),
            "{subject}"
        );
        for kind in ["gateways", "endpointslices", "ciliumenvoyconfigs"] {
            let document = format!("kubernetes/gateway/{kind}.json");
            assert!(bundle.get(&document).is_some(), "{subject}: {document}");
        }
        let documents = operations(&bundle);
        let health = documents
            .iter()
            .filter(|name| name.starts_with("elbv2-describe-target-health."));
        assert!(health.count() >= 1, "{subject}: {documents:#?}");
        assert!(
            documents.contains(&"elbv2-describe-load-balancers.json".to_owned()),
            "{subject}"
        );
    }
}
