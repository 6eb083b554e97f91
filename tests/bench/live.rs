//! What a live run waits for: 500 agents, and an audit whose answers take 20 ms, beside a script that collects much of the
//! same and names the same unhealthy targets. Times are printed, never asserted. Needs `tests/prepare`; the script needs kubectl, the AWS CLI and jq.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and a panic is how it reports"
)]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::cluster::{Faults, RequestAction, RequestFault};
use support::crowd;
use support::estate::{Estate, OTHER, OWN, ROLE};

/// Requests a second and burst of an audit, for each account and region (`src/collect/aws/bucket.rs`).
const BUCKET: (f64, f64) = (4.0, 10.0);
/// The tools of the script.
const TOOLS: [&str; 3] = ["kubectl", "aws", "jq"];

/// Of every answer, of AWS and of API servers.
const DELAY: Duration = Duration::from_millis(20);
/// Target groups that each account has beside those in use, so that the bucket bounds the audit.
const LEFT: usize = 60;

/// A target that is not healthy: its cluster and its instance.
type Sick = (String, String);

fn main() {
    agents(500);
    let estate = Estate::with_left(LEFT, LEFT);
    let delay = json!({"*": {"delay_ms": DELAY.as_millis() as u64}});
    estate.aws.faults(&delay);
    for (_, cluster) in &estate.clusters {
        let fault = RequestFault::at("/", RequestAction::Delay(DELAY));
        cluster.set_faults(Faults::none().request(fault));
    }
    let found = audit(&estate);
    script(&estate, &found);
}

fn agents(count: usize) {
    let (cluster, _folder) = crowd::start(count);
    let start = Instant::now();
    let collected = cilium_lb::collect::collect(&crowd::request(&cluster), &|_| {}).unwrap();
    println!(
        "{count} agents: {:.1} s, {} execs, at most {} at once, {} documents",
        start.elapsed().as_secs_f64(),
        cluster.execs().len(),
        cluster.execs_at_once(),
        collected.bundle.iter().count()
    );
}

/// Calls of a service by account.
fn calls(estate: &Estate, service: &str) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for call in estate.aws.log() {
        if call["call"].as_str().unwrap().starts_with(service) {
            let account = call["account"].as_str().unwrap_or("unknown").to_owned();
            *calls.entry(account).or_default() += 1;
        }
    }
    calls
}

/// Runs the audit and returns the targets that it calls unhealthy as AWS does.
fn audit(estate: &Estate) -> BTreeSet<Sick> {
    estate.aws.reset_calls();
    let start = Instant::now();
    let (code, list, stderr) = estate.audit(&["--all-contexts", "--role-arn", ROLE]);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(code, 1, "{stderr}");
    println!("audit: {seconds:.1} s");
    let elbv2 = calls(estate, "elbv2:");
    let ec2 = calls(estate, "ec2:");
    for account in [OWN, OTHER] {
        let (asked, others) = (elbv2[account], ec2.get(account).unwrap_or(&0));
        println!(
            "  account {account}: {asked} calls of ELBv2, which its bucket lets pass in {:.1} s, and {others} of EC2",
            demanded(asked),
        );
    }
    sick(&list)
}

fn sick(list: &Value) -> BTreeSet<Sick> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = BTreeSet::new();
    for item in list["items"].as_array().unwrap() {
        let paths = item["paths"].as_array().unwrap().iter();
        for target in paths.flat_map(|path| path["targets"].as_array().unwrap()) {
            let state = &target["reported"]["state"];
            if state.is_string() && state != "healthy" {
                found.insert((text(&item["subject"]["context"]), text(&target["id"])));
            }
        }
    }
    assert!(!found.is_empty(), "nothing is unhealthy: {list:#}");
    found
}

/// Seconds in which a bucket lets so many calls pass.
fn demanded(calls: u64) -> f64 {
    let (rate, burst) = BUCKET;
    (calls as f64 - burst).max(0.0) / rate
}

fn script(estate: &Estate, expected: &BTreeSet<Sick>) {
    let missing: Vec<&str> = TOOLS
        .into_iter()
        .filter(|tool| Command::new(tool).arg("--help").output().is_err())
        .collect();
    if !missing.is_empty() {
        println!("the script is not run: not in the PATH: {missing:?}");
        return;
    }
    let files = estate
        .clusters
        .iter()
        .map(|(_, cluster)| cluster.kubeconfig());
    estate.aws.reset_calls();
    let start = Instant::now();
    let ran = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/audit.sh"))
        .arg(estate.path("script"))
        .arg(ROLE)
        .args(estate.clusters.iter().map(|(name, _)| *name))
        .env("KUBECONFIG", std::env::join_paths(files).unwrap())
        .envs(estate.aws.env())
        .output()
        .unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let (out, errors) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{}: {errors}", ran.status);
    // The context, the binding, the target, its state and its reason.
    let named: BTreeSet<Sick> = out
        .lines()
        .map(|line| {
            let (subject, rest) = line.split_once('\t').unwrap();
            let context = subject.split_once(' ').unwrap().0;
            (
                context.to_owned(),
                rest.split('\t').next().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(&named, expected, "the script and the audit name others");
    let calls: u64 = estate.aws.calls().values().sum();
    println!(
        "the script: {seconds:.1} s, {calls} calls of AWS; it names the same {} targets that are not healthy, and no cause",
        named.len()
    );
}
