//! Slices: every subject in exactly one, and none moved by others.

use super::{Desk, code, json, program, stderr};
use cilium_lb::path::Shard;
use proptest::prelude::*;
use serde_json::Value;
use std::process::Output;

proptest! {
    #[test]
    fn every_subject_is_in_exactly_one_slice(
        total in 1_u32..40,
        cluster in "[a-z:/]{0,12}",
        namespace in "[a-z-]{0,12}",
        name in "[a-z-]{0,12}",
    ) {
        let held = (1..=total)
            .map(|index| Shard::new(index, total).unwrap())
            .filter(|shard| shard.holds(&cluster, &namespace, &name));
        prop_assert_eq!(held.count(), 1);
    }
}

/// Slices that are far from equal would make some Pods of a Job wait for others.
#[test]
fn slices_are_about_equal() {
    for total in [2, 7, 16] {
        let shard = Shard::new(total, total).unwrap();
        let held =
            (0..16_000).filter(|number| shard.holds("prod", "shop", &format!("web-{number}")));
        let (held, fair) = (held.count(), 16_000 / total as usize);
        assert!(held.abs_diff(fair) < fair / 5, "{held} of {fair}");
    }
}

fn run(desk: &Desk, flags: &[&str], environment: &[(&str, &str)]) -> Output {
    program()
        .args(["audit", "-o", "json", "--from"])
        .arg(desk.path("shop"))
        .args(flags)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["subject"]["name"].to_string())
        .collect()
}

#[test]
fn the_slices_of_a_job_are_those_of_the_flag() {
    let desk = Desk::new();
    desk.bundle("shop", |_| {});
    let all = names(&json(&run(&desk, &[], &[("JOB_COMPLETION_INDEX", "1")])));
    let mut joined = Vec::new();
    for index in 0..3_u32 {
        let flag = format!("{}/3", index + 1);
        let by_flag = json(&run(&desk, &["--shard", &flag], &[]));
        let job = [
            ("JOB_COMPLETION_INDEX", index.to_string()),
            ("CILIUM_LB_SHARDS", "3".to_owned()),
        ];
        let job = [(job[0].0, job[0].1.as_str()), (job[1].0, job[1].1.as_str())];
        assert_eq!(json(&run(&desk, &[], &job)), by_flag);
        assert_eq!(by_flag["shard"]["index"], index + 1);
        joined.extend(names(&by_flag));
    }
    joined.sort();
    let mut sorted = all;
    sorted.sort();
    assert_eq!(joined, sorted);
}

#[test]
fn slices_that_do_not_exist_are_wrong_usage() {
    let desk = Desk::new();
    desk.bundle("shop", |_| {});
    for (flags, index, said) in [
        (vec!["--shard", "0/4"], "", "from 1 to 4"),
        (vec!["--shard", "5/4"], "", "from 1 to 4"),
        (vec!["--shard", "1/0"], "", "at least 1"),
        (vec!["--shard", "x"], "", "expected I/N"),
        (vec!["--shards", "4"], "", "JOB_COMPLETION_INDEX"),
        (vec!["--shards", "4"], "4", "completions must equal"),
        (vec!["--shards", "x"], "0", "invalid"),
    ] {
        let environment = [("JOB_COMPLETION_INDEX", index)];
        let some = if index.is_empty() {
            &[][..]
        } else {
            &environment[..]
        };
        let ran = run(&desk, &flags, some);
        assert_eq!(code(&ran), 2, "{flags:?}");
        assert!(stderr(&ran).contains(said), "{flags:?}: {}", stderr(&ran));
    }
}
