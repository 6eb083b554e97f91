//! `audit` against three clusters in two accounts that answer over the network.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod shard;
#[path = "../support/mod.rs"]
mod support;
mod trouble;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use support::estate::{Estate, LEFT, OTHER, OWN, ROLE};

/// Cluster, kind and verdict of every item.
fn verdicts(list: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let subject = &item["subject"];
            (
                text(&subject["context"]),
                text(&subject["kind"]),
                text(&item["verdict"]),
            )
        })
        .collect()
}

/// The same of the Gateways alone: `eu-dev` also has a target group that was left behind.
fn gateways(list: &Value) -> Vec<(String, String, String)> {
    let all = verdicts(list).into_iter();
    all.filter(|(_, kind, _)| kind == "Gateway").collect()
}

#[test]
fn all_clusters_and_accounts_are_one_list() {
    let estate = Estate::start();
    estate.aws.reset_calls();
    let (code, list, stderr) = estate.audit(&["--all-contexts", "--role-arn", ROLE]);
    let found = verdicts(&list);
    let expected = [
        ("eu-dev", "Gateway", "healthy"),
        ("eu-dev", "TargetGroup", "unknown"),
        ("eu-prod", "Gateway", "unhealthy"),
        ("eu-test", "Gateway", "healthy"),
    ];
    let expected: Vec<_> = expected
        .map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
        .into();
    assert_eq!(found, expected, "{stderr}\n{:#}", list["problems"]);
    assert_eq!(code, 1, "{stderr}");
    let causes: Vec<&Value> = list["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["role"] == "cause")
        .collect();
    assert_eq!(causes.len(), 1, "{causes:#?}");
    assert_eq!(causes[0]["code"], "CLB4102");
    let left = list["problems"].as_array().unwrap().iter();
    let left: Vec<&Value> = left
        .filter(|problem| problem["code"] == "CLB3114")
        .collect();
    assert_eq!(
        left.len(),
        1,
        "the other cluster of the account has another name"
    );
    assert_eq!(left[0]["subjects"][0]["name"], LEFT);
    let accounts: Vec<&Value> = list["accounts"].as_array().unwrap().iter().collect();
    let numbers: Vec<&str> = accounts
        .iter()
        .map(|account| account["account"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, [OWN, OTHER], "{accounts:#?}");

    // Whole accounts are listed once, and nobody signs in twice.
    let calls = estate.aws.calls();
    assert_eq!(calls["elbv2:DescribeLoadBalancers"], 2, "{calls:?}");
    assert_eq!(calls["elbv2:DescribeTargetGroups"], 2);
    assert_eq!(calls["elbv2:DescribeTags"], 2);
    assert_eq!(calls["sts:GetCallerIdentity"], 2);
    assert_eq!(calls["sts:AssumeRole"], 1);
    // Of what nobody uses only who is in the group that carries the cluster's tags.
    assert_eq!(calls["elbv2:DescribeTargetHealth"], 7);
    // Elsewhere than on a terminal each cluster is a line as it ends.
    for (place, cluster) in [
        ("/3] eu-dev: ", "2"),
        ("/3] eu-prod: ", "1"),
        ("/3] eu-test: ", "1"),
    ] {
        let mut lines = stderr.lines();
        let line = lines.find(|line| line.contains(place));
        let line = line.unwrap_or_else(|| panic!("no line for {place}: {stderr}"));
        let subjects = format!(" of {cluster} subjects not healthy");
        assert!(line.contains(&subjects), "{line}");
    }
    let told: u64 = list["run"]["calls"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.contains("Describe"))
        .map(|(_, count)| count.as_u64().unwrap())
        .sum();
    let seen: u64 = calls
        .iter()
        .filter(|(name, _)| name.contains("Describe"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(told, seen);
}

#[test]
fn one_bad_account_and_one_bad_cluster_are_gaps() {
    let mut estate = Estate::start();
    estate.aws.faults(&json!({
        "sts:AssumeRole": {"code": "AccessDenied", "status": 403, "message": "not authorized to perform sts:AssumeRole"}
    }));
    let gone = estate.clusters.remove(2);
    let kubeconfig = std::fs::read_to_string(gone.1.kubeconfig()).unwrap();
    let left = estate.path("gone.json");
    std::fs::write(&left, kubeconfig).unwrap();
    drop(gone);
    let files = estate
        .clusters
        .iter()
        .map(|(_, cluster)| cluster.kubeconfig());
    let files = std::env::join_paths(files.chain([left])).unwrap();
    let mut command = estate.auditing(&["--all-contexts", "--role-arn", ROLE]);
    let (code, list, stderr) =
        support::world::outcome(&command.env("KUBECONFIG", files).output().unwrap());
    let found = gateways(&list);
    let of = |cluster: &str| {
        found
            .iter()
            .find(|(name, ..)| name == cluster)
            .map(|(.., verdict)| verdict.as_str())
    };
    assert_eq!(of("eu-dev"), Some("healthy"), "{stderr}");
    assert_eq!(of("eu-prod"), Some("unknown"), "{stderr}");
    assert_eq!(of("eu-test"), None);
    assert_eq!(code, 3, "{stderr}");
    let clusters = list["clusters"].as_array().unwrap();
    let error = clusters[2]["error"].as_str().unwrap();
    assert!(error.contains("cannot reach the API server"), "{error}");
    let prod = &list["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["account"] == OTHER)
        .unwrap()["errors"];
    assert!(prod.to_string().contains("AssumeRole"), "{list:#}");
}

/// A second context of `eu-dev`, as another user would have it.
fn again(estate: &Estate) -> PathBuf {
    let (_, cluster) = &estate.clusters[0];
    let text = std::fs::read_to_string(cluster.kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["contexts"][0]["name"] = json!("zz-again");
    let file = estate.path("again.json");
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

#[test]
fn the_real_kubectl_audits_each_cluster_once() {
    let estate = Estate::start();
    let folder = estate.path("bin");
    support::world::plugin_folder(&folder);
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path)));
    let configs = estate
        .clusters
        .iter()
        .map(|(_, cluster)| cluster.kubeconfig());
    let configs = std::env::join_paths(configs.chain([again(&estate)])).unwrap();
    let mut kubectl = Command::new("kubectl");
    estate.environment(&mut kubectl);
    kubectl
        .env("PATH", path.unwrap())
        .env("KUBECONFIG", configs)
        .args(["cilium-lb", "audit", "-A", "-o", "json"])
        .args(["--all-contexts", "--role-arn", ROLE]);
    let (code, list, stderr) = support::world::outcome(&kubectl.output().unwrap());
    assert_eq!(code, 1, "{stderr}");
    let clusters = list["clusters"].as_array().unwrap().iter();
    let names: Vec<&str> = clusters
        .map(|found| found["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["eu-dev", "eu-prod", "eu-test"], "{stderr}");
}

#[test]
fn contexts_and_profiles_are_chosen_by_flags() {
    let estate = Estate::start();
    let (code, list, stderr) = estate.audit(&["--contexts", "eu-test,eu-dev"]);
    assert_eq!(code, 0, "{stderr}");
    let found: Vec<String> = gateways(&list).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(found, ["eu-dev", "eu-test"]);

    let (code, _, stderr) = estate.audit(&["--contexts", "eu-dev", "--aws-profile", "us=p"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("--aws-profile \"us=p\": \"us\" is not among the contexts"),
        "{stderr}"
    );
    let (_, list, stderr) = estate.audit(&["--contexts", "nowhere,eu-dev"]);
    assert!(
        list["clusters"].to_string().contains("has no context"),
        "{stderr}"
    );

    // A profile for each account, and one for a cluster of its own.
    let config = estate.path("config");
    let role = |account: &str| {
        format!(
            "role_arn = {}\nsource_profile = base\n",
            ROLE.replace("{account}", account)
        )
    };
    let text = format!(
        "[profile base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n[profile prod]\n{}",
        role(OTHER)
    );
    std::fs::write(&config, text).unwrap();
    for flags in [
        ["--aws-profile", "base", "--aws-profile", "prod"],
        ["--aws-profile", "base", "--aws-profile", "eu-prod=prod"],
    ] {
        let mut command = estate.auditing(&["--contexts", "eu-dev,eu-prod"]);
        let ran = command
            .args(flags)
            .env("AWS_CONFIG_FILE", &config)
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .output()
            .unwrap();
        let (code, list, stderr) = support::world::outcome(&ran);
        let found: Vec<String> = gateways(&list)
            .into_iter()
            .map(|(.., verdict)| verdict)
            .collect();
        assert_eq!(found, ["healthy", "unhealthy"], "{flags:?}: {stderr}");
        assert_eq!(code, 1);
    }
}
