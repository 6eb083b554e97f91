//! What a live run waits for: 500 agents, and an audit whose AWS answers take 20 ms, beside the same audit as a script.
//! Printed, never asserted. Needs `tests/prepare`; the script needs kubectl, the AWS CLI and jq.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and a panic is how it reports"
)]

#[path = "../support/mod.rs"]
mod support;

use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use support::crowd;
use support::estate::{Estate, ROLE};

/// Requests a second and burst of an audit, for each account and region (`src/collect/aws/bucket.rs`).
const BUCKET: (f64, f64) = (4.0, 10.0);
/// The tools of the script.
const TOOLS: [&str; 3] = ["kubectl", "aws", "jq"];

fn main() {
    agents(500);
    let estate = Estate::start();
    estate.aws.faults(&json!({"*": {"delay_ms": 20}}));
    audit(&estate);
    script(&estate);
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

fn audit(estate: &Estate) {
    estate.aws.reset_calls();
    let start = Instant::now();
    let (code, list, stderr) = estate.audit(&["--all-contexts", "--role-arn", ROLE]);
    let seconds = start.elapsed().as_secs_f64();
    assert!(list["items"].is_array(), "exit {code}: {stderr}");
    let calls = estate.aws.calls();
    let of = |service: &str| -> u64 {
        let named = calls.iter().filter(|(name, _)| name.starts_with(service));
        named.map(|(_, count)| count).sum()
    };
    let elbv2 = of("elbv2:");
    println!(
        "audit: {seconds:.1} s, {elbv2} calls of ELBv2 and {} of EC2; the buckets of both accounts let the calls of ELBv2 \
         pass in {:.1} s where one account has all of them, and in {:.1} s where each has half",
        of("ec2:"),
        demanded(elbv2),
        demanded(elbv2.div_ceil(2)),
    );
}

/// Seconds in which a bucket lets so many calls pass.
fn demanded(calls: u64) -> f64 {
    let (rate, burst) = BUCKET;
    (calls as f64 - burst).max(0.0) / rate
}

fn script(estate: &Estate) {
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
    let calls: u64 = estate.aws.calls().values().sum();
    println!(
        "the script: {seconds:.1} s, {calls} calls of AWS, {}; it names {} targets that are not healthy and no cause\n{}",
        ran.status,
        String::from_utf8_lossy(&ran.stdout).lines().count(),
        String::from_utf8_lossy(&ran.stderr)
    );
}
