//! What a live run waits for: 500 agents, and an audit whose AWS answers take 20 ms.
//! Printed, never asserted. Needs `tests/prepare`.

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
use std::time::Instant;
use support::crowd;
use support::estate::{Estate, ROLE};

/// Requests a second and burst of an audit, for each account and region (`src/collect/aws/bucket.rs`).
const BUCKET: (f64, f64) = (4.0, 10.0);

fn main() {
    agents(500);
    let estate = Estate::start();
    estate.aws.faults(&json!({"*": {"delay_ms": 20}}));
    audit(&estate);
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
