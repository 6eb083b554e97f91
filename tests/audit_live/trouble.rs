//! A cluster that hangs, an account whose token has expired, a throttled account, and Ctrl-C: the rest is still a list.

use crate::gateways;
use crate::support::estate::{Estate, OTHER, ROLE};
use crate::support::world::outcome;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what happens in seconds, and the program for much longer.
const PATIENCE: Duration = Duration::from_secs(120);

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
fn a_call_refused_for_the_rate_is_repeated_and_nothing_is_lost() {
    let estate = Estate::start();
    let flags = ["--contexts", "eu-dev,eu-test"];
    estate.aws.reset_calls();
    let (_, _, stderr) = estate.audit(&flags);
    let calls: u64 = estate.aws.calls().values().sum();
    let throttling = json!({
        "elbv2:DescribeTargetHealth": {"code": "Throttling", "status": 400, "message": "Rate exceeded", "count": 1}
    });
    estate.aws.faults(&throttling);
    estate.aws.reset_calls();
    let (code, list, _) = estate.audit(&flags);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(gateways(&list).len(), 2);
    assert_eq!(estate.aws.calls().values().sum::<u64>(), calls + 1);
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

/// The token that `aws sso login` left behind and that has expired since, under the name that the AWS CLI gives it: the
/// SHA-1 of the session's name.
#[test]
fn an_expired_sso_session_names_the_command_that_renews_it() {
    let estate = Estate::start();
    let config = estate.path("sso");
    let text = "[profile prod]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = read\n\
                [sso-session corp]\nsso_start_url = https://corp.example.com\nsso_region = eu-west-2\n";
    std::fs::write(&config, text).unwrap();
    let cache = estate.path(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let token = json!({
        "startUrl": "https://corp.example.com", "region": "eu-west-2", "accessToken": "old",
        "expiresAt": "2020-01-01T00:00:00Z",
    });
    let name = "ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    std::fs::write(cache.join(name), token.to_string()).unwrap();
    let flags = ["--contexts", "eu-prod", "--aws-profile", "eu-prod=prod"];
    let mut command = estate.command(&["audit", "-A", "-o", "json"]);
    let ran = command.args(flags).env("AWS_CONFIG_FILE", &config);
    let (code, list, stderr) = outcome(&ran.output().unwrap());
    assert_eq!(code, 3, "{stderr}");
    let errors = errors(&list, OTHER);
    for said in ["ExpiredToken", "expired", "aws sso login --profile prod"] {
        assert!(errors.contains(said), "{said}: {errors}");
    }
    // The token itself was found: without one the SDK names the file that it misses.
    assert!(!errors.contains(".aws/sso/cache"), "{errors}");
}

#[test]
fn the_external_id_goes_with_the_role() {
    let estate = Estate::start();
    estate.aws.reset_calls();
    let flags = ["--contexts", "eu-prod", "--role-arn", ROLE];
    estate.audit(&[&flags[..], &["--external-id", "hub"][..]].concat());
    let log = estate.aws.log();
    let assumed: Vec<&Value> = log
        .iter()
        .filter(|call| call["call"] == "sts:AssumeRole")
        .map(|call| &call["parameters"])
        .collect();
    assert_eq!(assumed.len(), 1);
    assert_eq!(assumed[0]["ExternalId"], "hub");
    assert_eq!(assumed[0]["RoleArn"], ROLE.replace("{account}", OTHER));
}

/// API servers that accept a connection and say nothing.
struct Silent {
    /// The kubeconfigs of the estate, and one with a context for each of the servers.
    files: OsString,
    /// How many of them were met.
    met: Arc<AtomicUsize>,
    /// Whether those that were met, and those that will be, hang up.
    hang_up: Arc<AtomicBool>,
}

impl Silent {
    fn meets(&self, count: usize) {
        let start = Instant::now();
        while self.met.load(Ordering::SeqCst) < count {
            assert!(start.elapsed() < PATIENCE, "nobody calls");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Contexts `z1`, `z2`, … of silent servers beside the estate.
fn silent(estate: &Estate, count: usize) -> Silent {
    let met = Arc::new(AtomicUsize::new(0));
    let hang_up = Arc::new(AtomicBool::new(false));
    let (mut clusters, mut contexts) = (Vec::new(), Vec::new());
    for number in 1..=count {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (name, address) = (format!("z{number}"), listener.local_addr().unwrap());
        clusters.push(json!({"name": name, "cluster": {"server": format!("https://{address}")}}));
        contexts.push(json!({"name": name, "context": {"cluster": name, "user": "silent"}}));
        let (met, hang_up) = (Arc::clone(&met), Arc::clone(&hang_up));
        thread::spawn(move || {
            let _first = listener.accept();
            met.fetch_add(1, Ordering::SeqCst);
            while !hang_up.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(20));
            }
        });
    }
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "clusters": clusters, "contexts": contexts,
        "users": [{"name": "silent", "user": {"token": "t"}}],
    });
    let file = estate.path("silent.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let files = estate
        .clusters
        .iter()
        .map(|(_, cluster)| cluster.kubeconfig());
    Silent {
        files: std::env::join_paths(files.chain([file])).unwrap(),
        met,
        hang_up,
    }
}

#[test]
fn lines_come_while_a_later_cluster_hangs_and_a_closed_pipe_ends_it() {
    let estate = Estate::start();
    let silent = silent(&estate, 1);
    for closed in [false, true] {
        let mut child = estate
            .command(&["audit", "-A", "-o", "jsonl", "--deadline", "10m"])
            .args(["--contexts", "eu-dev,eu-test,z1"])
            .env("KUBECONFIG", &silent.files)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        if closed {
            // Nobody reads: the first line meets a closed pipe, and the cluster that hangs is not waited for.
            drop(out);
            let ended = child.wait().unwrap();
            assert!(start.elapsed() < PATIENCE, "{ended}");
            assert_eq!(ended.code(), Some(0));
            continue;
        }
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let item: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(item["subject"]["context"], "eu-dev");
        assert!(child.try_wait().unwrap().is_none(), "z1 still hangs");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn at_most_four_clusters_are_read_at_once() {
    let estate = Estate::start();
    let silent = silent(&estate, 6);
    let mut child = estate
        .command(&["audit", "-A", "-o", "json", "--deadline", "10m"])
        .args(["--contexts", "z1,z2,z3,z4,z5,z6"])
        .env("KUBECONFIG", &silent.files)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    silent.meets(4);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(silent.met.load(Ordering::SeqCst), 4, "the fifth waits");
    silent.hang_up.store(true, Ordering::SeqCst);
    silent.meets(6);
    assert!(!child.wait().unwrap().success());
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
