//! `audit` over bundles: what counts, slices, and the joining of documents.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

#[path = "../support/mod.rs"]
mod support;

mod baseline;
mod job;
mod merge;
mod owners;
mod policy;
mod shard;

use assert_cmd::Command;
use cilium_lb::bundle::{self, Bundle};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::scenario;

/// The program, with nothing of the machine's environment but what it needs to start.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"));
    command.env_clear().env("COLUMNS", "100");
    command
}

/// A folder of bundles and other files.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// The bundle of a scenario, changed.
    fn bundle(&self, scenario: &str, change: impl FnOnce(&mut Bundle)) -> PathBuf {
        let mut bundle = scenario::one(scenario).bundle;
        change(&mut bundle);
        let to = self.path(scenario);
        bundle::write(&bundle, &to, false).unwrap();
        to
    }
}

/// Replaces text of a document that must have it.
fn replace(bundle: &mut Bundle, document: &str, from: &str, to: &str) {
    let text = String::from_utf8(bundle.get(document).unwrap().to_vec()).unwrap();
    assert!(text.contains(from), "{document} lacks {from:?}");
    bundle.insert(document.to_owned(), text.replacen(from, to, 1));
}

/// `audit --from FROM` with more arguments.
fn audit(from: &Path, more: &[&str]) -> Output {
    let mut command = program();
    command.arg("audit").arg("--from").arg(from);
    command.args(more).output().unwrap()
}

/// What `why-unhealthy -n shop` prints about subjects as JSON.
fn why(from: &Path, subjects: &[&str]) -> Value {
    let mut command = program();
    command.arg("why-unhealthy").args(subjects);
    command.args(["-n", "shop", "-o", "json", "--from"]);
    json(&command.arg(from).output().unwrap())
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by a signal")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(output)))
}
