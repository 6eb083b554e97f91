//! The program as people run it: arguments in, text and exit code out, without a network.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod bundles;
mod documents;
mod formats;
mod usage;

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The program, with nothing of the machine's environment but what it needs to start.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"));
    command.env_clear().env("COLUMNS", "100");
    command
}

/// The bundle of a scenario that has one of its own.
fn bundle(scenario: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/scenarios").join(scenario).join("bundle")
}

/// `why-unhealthy gateway/shared-gateway -n gateway` from a scenario's bundle, with more arguments.
fn gateway(scenario: &str, more: &[&str]) -> Output {
    gateway_in(&bundle(scenario), more)
}

/// The same from any bundle.
fn gateway_in(from: &Path, more: &[&str]) -> Output {
    program()
        .args(["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"])
        .arg("--from")
        .arg(from)
        .args(more)
        .output()
        .unwrap()
}

/// `capture gateway/shared-gateway -n gateway` from a scenario's bundle, with more arguments.
fn capture(scenario: &str, to: &Path, more: &[&str]) -> Output {
    program()
        .args(["capture", "gateway/shared-gateway", "-n", "gateway"])
        .arg("--from")
        .arg(bundle(scenario))
        .arg("-o")
        .arg(to)
        .args(more)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by a signal")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
