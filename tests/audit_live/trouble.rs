//! A cluster that hangs, an account whose token has expired, a throttled account, and Ctrl-C: the rest is still a list.

use crate::gateways;
use crate::support::estate::{Estate, OTHER, ROLE};
use crate::support::world::outcome;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The errors of an account.
fn errors(list: &Value, account: &str) -> String {
    let accounts = list["accounts"].as_array().unwrap();
    let found = accounts.iter().find(|known| known["account"] == account);
    found.map_or_else(String::new, |known| known["errors"].to_string())
}

#[test]
fn a_cluster_that_hangs_costs_its_own_time_only() {
    let estate = Estate::start();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let hanging = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "hangs", "cluster": {"server": format!("https://{}", listener.local_addr().unwrap())}}],
        "users": [{"name": "hangs", "user": {"token": "t"}}],
        "contexts": [{"name": "hangs", "context": {"cluster": "hangs", "user": "hangs"}}],
    });
    let file = estate.path("hangs.json");
    std::fs::write(&file, hanging.to_string()).unwrap();
    let mut files: Vec<_> = estate
        .clusters
        .iter()
        .map(|(_, cluster)| cluster.kubeconfig())
        .collect();
    files.push(file);
    let flags = ["--request-timeout", "3s", "--contexts", "eu-dev,hangs"];
    let start = Instant::now();
    let ran = estate
        .auditing(&flags)
        .env("KUBECONFIG", std::env::join_paths(files).unwrap())
        .output()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(60));
    let (code, list, stderr) = outcome(&ran);
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(gateways(&list).len(), 1);
    let hangs = &list["clusters"][1];
    assert_eq!(hangs["name"], "hangs");
    assert!(
        hangs["error"]
            .as_str()
            .unwrap()
            .contains("cannot reach the API server"),
        "{hangs}"
    );
}

#[test]
fn an_expired_token_in_one_account_names_the_command_that_renews_it() {
    let estate = Estate::start();
    let config = estate.path("sso");
    let text = "[profile prod]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = read\n\
                [sso-session corp]\nsso_start_url = https://corp.example.com\nsso_region = eu-west-2\n";
    std::fs::write(&config, text).unwrap();
    let ran = estate
        .auditing(&[
            "--contexts",
            "eu-dev,eu-prod",
            "--aws-profile",
            "eu-prod=prod",
        ])
        .env("AWS_CONFIG_FILE", &config)
        .output()
        .unwrap();
    let (code, list, stderr) = outcome(&ran);
    let found: Vec<_> = gateways(&list)
        .into_iter()
        .map(|(name, _, verdict)| (name, verdict))
        .collect();
    assert_eq!(
        found[0],
        ("eu-dev".to_owned(), "healthy".to_owned()),
        "{stderr}"
    );
    assert_eq!(
        found[1],
        ("eu-prod".to_owned(), "unknown".to_owned()),
        "{stderr}"
    );
    assert_eq!(code, 3);
    let errors = errors(&list, OTHER);
    assert!(
        errors.contains("aws sso login --profile prod"),
        "{errors}\n{:#}",
        list["accounts"]
    );
}

#[test]
fn throttling_slows_the_audit_down_and_loses_nothing() {
    let estate = Estate::start();
    estate.aws.faults(&json!({
        "elbv2:DescribeTargetHealth": {"code": "Throttling", "status": 400, "message": "Rate exceeded", "count": 2}
    }));
    let (code, list, stderr) = estate.audit(&["--all-contexts", "--role-arn", ROLE]);
    assert_eq!(code, 1, "{stderr}");
    let found: Vec<String> = gateways(&list)
        .into_iter()
        .map(|(.., verdict)| verdict)
        .collect();
    assert_eq!(found, ["healthy", "unhealthy", "healthy"], "{stderr}");
}

#[test]
fn an_interrupted_audit_prints_what_it_has() {
    let estate = Estate::start();
    estate
        .aws
        .faults(&json!({"elbv2:DescribeTargetHealth": {"delay_ms": 30000}}));
    let child = estate
        .auditing(&["--all-contexts", "--role-arn", ROLE])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The health of some group is being waited for.
    let start = Instant::now();
    while !estate
        .aws
        .calls()
        .contains_key("elbv2:DescribeTargetHealth")
    {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "health is never asked for"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ran = child.wait_with_output().unwrap();
    let (code, list, stderr) = outcome(&ran);
    assert_eq!(code, 130, "{stderr}");
    assert_eq!(list["kind"], "DiagnosisList", "{stderr}");
    assert_eq!(list["run"]["incomplete"], true);
    assert_eq!(
        gateways(&list).len(),
        3,
        "every cluster had told its subjects: {stderr}"
    );
}
