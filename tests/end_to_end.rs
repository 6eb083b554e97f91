//! The program against a cluster and an account that answer over the network.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use support::cluster::{ClusterDouble, Faults, RequestAction, RequestFault};
use support::world::{PORTS, World, outcome, plugin_folder};

/// A document without what depends on the run.
fn facts(mut document: Value) -> Value {
    document["run"] = Value::Null;
    document
}

#[test]
fn a_healthy_world_is_healthy_within_the_budgets_and_replays_to_the_same_document() {
    let world = World::healthy();
    world.aws.reset_calls();
    let (code, live, stderr) = world.why(&["--all-nodes"]);
    assert_eq!(live["verdict"], "healthy", "{stderr}\n{live:#}");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(live["causes"], serde_json::json!([]));

    let calls: u64 = world.aws.calls().values().sum();
    let groups = 2;
    assert!(
        calls <= 12 + 2 * groups,
        "{calls} AWS calls: {:?}",
        world.aws.calls()
    );
    assert_eq!(
        live["run"]["calls"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| !name.starts_with("kubernetes:") && *name != "exec")
            .map(|(_, n)| n.as_u64().unwrap())
            .sum::<u64>(),
        calls
    );
    let mut pods: Vec<String> = world
        .cluster
        .execs()
        .into_iter()
        .map(|(pod, _)| pod)
        .collect();
    let all = pods.len();
    pods.sort();
    pods.dedup();
    assert_eq!(pods.len(), all, "an agent was read by more than one exec");
    assert_eq!(all, 5);

    let folder = world.path("captured");
    let to = folder.to_str().unwrap();
    let ran = world
        .command(&[
            "capture",
            "gateway/shared-gateway",
            "-n",
            "gateway",
            "--all-nodes",
            "-o",
            to,
        ])
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let (code, replayed, stderr) = world.why(&["--from", to]);
    assert_eq!(code, 0, "{stderr}");
    let (mut live, mut replayed) = (facts(live), facts(replayed));
    // Two captures are two moments.
    strip_times(&mut live);
    strip_times(&mut replayed);
    assert_eq!(live, replayed);
}

fn strip_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("at");
            fields.values_mut().for_each(strip_times);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_times),
        _ => {}
    }
}

#[test]
fn a_missing_security_group_rule_is_the_cause_and_its_fix_is_proven() {
    let world = World::start((30000, 30800), &PORTS);
    world.aws.reset_calls();
    let (code, document, stderr) = world.why(&[]);
    assert_eq!(
        (code, &document["verdict"]),
        (1, &"unhealthy".into()),
        "{stderr}\n{document:#}"
    );
    let causes: Vec<&str> = document["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["code"].as_str().unwrap())
        .collect();
    assert!(
        causes.iter().all(|code| *code == "CLB4102") && !causes.is_empty(),
        "{causes:?}"
    );
    assert_eq!(document["causes"][0]["fix"]["verified"], true);

    // The ids of rules are asked for once, and only because a target is not healthy.
    let (calls, groups) = (world.aws.calls(), 2);
    assert_eq!(calls["ec2:DescribeSecurityGroupRules"], 1);
    let all: u64 = calls.values().sum();
    assert!(all <= 13 + 2 * groups, "{all} AWS calls: {calls:?}");
    let said = document["causes"][0]["message"].as_str().unwrap();
    let id = said
        .split_once("the nearest rule ")
        .and_then(|(_, rest)| rest.split_once(" allows tcp 30000-30800"))
        .unwrap_or_else(|| panic!("{said}"))
        .0;
    assert!(id.starts_with("sgr-"), "{said}");
    let evidence = document["causes"][0]["evidence"].as_array().unwrap();
    let read = evidence.iter().any(|one| {
        one["source"]
            .as_str()
            .unwrap()
            .contains("ec2-describe-security-group-rules")
            && one["value"].as_str().unwrap().starts_with(id)
    });
    assert!(read, "{evidence:#?}");
}

#[test]
fn without_the_ids_of_rules_the_same_is_said() {
    let world = World::start((30000, 30800), &PORTS);
    world.aws.faults(&json!({
        "ec2:DescribeSecurityGroupRules": {"code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized to perform: ec2:DescribeSecurityGroupRules", "count": -1}
    }));
    let (code, document, stderr) = world.why(&[]);
    assert_eq!(code, 1, "{stderr}\n{document:#}");
    let said = document["causes"][0]["message"].as_str().unwrap();
    assert!(
        said.contains("the nearest rule allows tcp 30000-30800"),
        "{said}"
    );
    let gaps = document["gaps"].as_array().unwrap();
    let mut of_rules = gaps
        .iter()
        .filter(|gap| gap["permission"] == "ec2:DescribeSecurityGroupRules");
    assert_eq!(
        of_rules.next().unwrap()["wouldDecide"],
        json!([]),
        "{gaps:#?}"
    );
}

#[test]
fn a_denied_call_is_a_gap_that_names_the_permission() {
    let world = World::healthy();
    world.aws.faults(&serde_json::json!({
        "ec2:DescribeNetworkAcls": {"code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized to perform: ec2:DescribeNetworkAcls", "count": -1}
    }));
    let (_, document, stderr) = world.why(&[]);
    let gaps = document["gaps"].as_array().unwrap();
    let denied = gaps
        .iter()
        .find(|gap| gap["permission"] == "ec2:DescribeNetworkAcls");
    assert!(denied.is_some(), "{gaps:#?}\n{stderr}");
    assert!(
        denied.unwrap()["wouldDecide"]
            .as_array()
            .unwrap()
            .contains(&"CLB4201".into())
    );
}

#[test]
fn the_real_kubectl_runs_the_plugin_and_passes_its_exit_code() {
    let world = World::silent();
    let folder = world.path("bin");
    plugin_folder(&folder);
    let mut command = Command::new("kubectl");
    world.environment(&mut command);
    let path = std::env::join_paths(
        std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    command.env("PATH", path.unwrap()).args([
        "cilium-lb",
        "why-unhealthy",
        "gateway/shared-gateway",
        "-n",
        "gateway",
        "-o",
        "json",
    ]);
    let (code, document, stderr) = outcome(&command.output().unwrap());
    // Nothing listens, and every hop that was read passes: the program says so instead of guessing.
    assert_eq!(code, 1, "{stderr}\n{document:#}");
    assert_eq!(document["causes"], serde_json::json!([]), "{stderr}");
    let targets = document["paths"][0]["targets"].as_array().unwrap();
    assert!(
        targets
            .iter()
            .any(|target| target["agreement"] == "unexplained"),
        "{targets:#?}"
    );
}

/// An Ingress of Cilium that the world's Service serves as well.
const INGRESS: &str = "apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: site, namespace: gateway, uid: 0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55}
  spec:
    ingressClassName: cilium
    rules: [{host: www.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
";

/// Kind, name and verdict of what the program says of `words`.
fn said(world: &World, cluster: &ClusterDouble, words: &[&str]) -> (String, String, String) {
    let ran = world
        .command(&["why-unhealthy", "-o", "json"])
        .args(words)
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap();
    let (code, document, stderr) = outcome(&ran);
    assert_eq!(code, 0, "{words:?}: {stderr}\n{document:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&document["subject"]["kind"]),
        text(&document["subject"]["name"]),
        text(&document["verdict"]),
    )
}

#[test]
fn every_form_of_a_subject_is_diagnosed_live() {
    let world = World::healthy();
    let kubernetes = world.path("cluster/kubernetes");
    fs::write(kubernetes.join("ingresses.yaml"), INGRESS).unwrap();
    let services = kubernetes.join("services.yaml");
    let text = fs::read_to_string(&services).unwrap().replace(
        "    ownerReferences:\n",
        "    ownerReferences:\n    - {apiVersion: networking.k8s.io/v1, kind: Ingress, name: site, uid: 0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55}\n",
    );
    fs::write(&services, text).unwrap();
    let cluster = ClusterDouble::start(world.path("cluster"));
    let arn = |value: &Value| value["arn"].as_str().unwrap().to_owned();
    let balancer = &world.made["load_balancers"]["lb"];
    let hostname = balancer["dns_name"].as_str().unwrap();
    let bindings = fs::read_to_string(kubernetes.join("targetgroupbindings.yaml")).unwrap();
    let binding = bindings
        .lines()
        .find_map(|line| line.trim().strip_prefix("name: k8s-"))
        .map(|rest| format!("k8s-{rest}"))
        .unwrap();
    let group = arn(&world.made["target_groups"]["k8s-gateway-ciliumga-ab026b9331"]);
    for (words, kind, name) in [
        (
            vec!["shared-gateway", "-n", "gateway"],
            "Gateway",
            "shared-gateway",
        ),
        (
            vec!["service", "cilium-gateway-shared-gateway", "-n", "gateway"],
            "Service",
            "cilium-gateway-shared-gateway",
        ),
        (vec!["ingress/site", "-n", "gateway"], "Ingress", "site"),
        (
            vec!["tgb", &binding, "-n", "gateway"],
            "TargetGroupBinding",
            &binding,
        ),
        (vec![hostname], "Gateway", "shared-gateway"),
        (vec![&arn(balancer)], "Gateway", "shared-gateway"),
    ] {
        let healthy = (kind.to_owned(), name.to_owned(), "healthy".to_owned());
        assert_eq!(said(&world, &cluster, &words), healthy, "{words:?}");
    }
    let (kind, _, verdict) = said(&world, &cluster, &[&group]);
    assert_eq!(
        (kind.as_str(), verdict.as_str()),
        ("TargetGroupBinding", "healthy")
    );
}

#[test]
fn without_aws_or_with_the_wrong_region_nothing_reads_as_healthy() {
    let world = World::healthy();
    let expired = json!({"code": "ExpiredToken", "status": 403, "message": "expired", "count": -1});
    world.aws.faults(&json!({"sts:GetCallerIdentity": expired}));
    let (code, document, stderr) = world.why(&[]);
    assert_eq!(
        (code, &document["verdict"]),
        (3, &"unknown".into()),
        "{stderr}"
    );
    let told = document["gaps"].to_string();
    assert!(
        told.contains("ExpiredToken") && told.contains("aws sso login"),
        "{told}"
    );

    // The host name says the region; a wrong --region must not be believed over it.
    world.aws.faults(&json!({}));
    let (code, document, stderr) = world.why(&["--region", "us-east-1"]);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &"healthy".into()),
        "{stderr}\n{document:#}"
    );

    // Throttling costs time, not truth.
    let throttled =
        json!({"code": "Throttling", "status": 400, "message": "Rate exceeded", "count": 2});
    world
        .aws
        .faults(&json!({"elbv2:DescribeTargetHealth": throttled}));
    let (code, document, stderr) = world.why(&[]);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &"healthy".into()),
        "{stderr}\n{document:#}"
    );
}

#[test]
fn a_cluster_that_refuses_the_caller_is_an_error_that_says_what_to_do() {
    let world = World::silent();
    let refused = RequestFault::at("/", RequestAction::answer(401));
    world.cluster.set_faults(Faults::none().request(refused));
    let (code, document, stderr) = world.why(&[]);
    assert_eq!((code, document), (4, Value::Null), "{stderr}");
    assert!(
        stderr.contains("401") || stderr.contains("Unauthorized"),
        "{stderr}"
    );
}
