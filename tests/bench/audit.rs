//! `audit --from` over 20 clusters, 800 Services, 2,400 target groups and 20,000 targets: seconds and peak memory.
//! Printed, never asserted.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and a panic is how it reports"
)]

#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;
use std::time::Instant;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let paths = support::clusters::write(folder.path(), 20);
    let printed = folder.path().join("list.json");
    for run in 1..=3 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"));
        command.args(["audit", "-A", "-o", "json"]);
        for path in &paths {
            command.arg("--from").arg(path);
        }
        let start = Instant::now();
        let mut child = command
            .stdout(File::create(&printed).unwrap())
            .spawn()
            .unwrap();
        let peak = memory::until_end(&mut child);
        let seconds = start.elapsed().as_secs_f64();
        println!("run {run}: {seconds:.2} s, at most {peak:?} MiB resident");
    }
    let list: Value = serde_json::from_reader(File::open(&printed).unwrap()).unwrap();
    println!("{}", contents(&list));
}

/// What the list is about, so that a run that read nothing does not look fast.
fn contents(list: &Value) -> String {
    let items = list["items"].as_array().unwrap();
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut groups, mut targets) = (0, 0);
    for item in items {
        *verdicts
            .entry(item["verdict"].as_str().unwrap())
            .or_default() += 1;
        let paths = item["paths"].as_array().unwrap();
        groups += paths.len();
        let of = |path: &Value| path["targets"].as_array().map_or(0, Vec::len);
        targets += paths.iter().map(of).sum::<usize>();
    }
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    for problem in list["problems"].as_array().unwrap() {
        let text = |field: &str| problem[field].as_str().unwrap().to_owned();
        let subjects = problem["subjects"].as_array().unwrap().len();
        *problems
            .entry(format!("{} {}", text("role"), text("code")))
            .or_default() += subjects;
    }
    format!(
        "{} subjects, {groups} target groups, {targets} targets: {verdicts:?}; subjects by problem: {problems:?}",
        items.len()
    )
}
