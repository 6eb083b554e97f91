//! Slices and namespaces of a live audit: together they ask what the whole asks, and say what it says.

use crate::support::aws::AwsDouble;
use crate::support::estate::{Estate, FOREIGN, LEFT, ROLE};
use crate::support::world::outcome;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

/// The target groups whose health was asked for, each as often as it was.
fn asked(aws: &AwsDouble) -> Vec<String> {
    let group = |call: &Value| {
        let arn = call["parameters"]["TargetGroupArn"].as_str().unwrap();
        arn.split('/').nth(1).unwrap().to_owned()
    };
    let log = aws.log();
    let health = log
        .iter()
        .filter(|call| call["call"] == "elbv2:DescribeTargetHealth");
    let mut names: Vec<String> = health.map(group).collect();
    names.sort();
    names
}

/// What a list says, without the run that made it, its times, and whether a document was read because something else was
/// left over.
fn said(list: &Value) -> Value {
    match list {
        Value::String(text) => json!(text.replace(".left-over", "")),
        Value::Array(all) => all.iter().map(said).collect(),
        Value::Object(fields) => {
            let of_the_run = |key: &String| ["at", "takenAt", "run"].contains(&key.as_str());
            let kept = fields.iter().filter(|(key, _)| !of_the_run(key));
            let kept = kept.map(|(key, value)| (key.clone(), said(value)));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// Where two values differ, one line each.
fn differences(left: &Value, right: &Value, at: &str) -> Vec<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let each = |key: &String| differences(&left[key], &right[key], &format!("{at}/{key}"));
            keys.into_iter().flat_map(each).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs
                .flat_map(|(index, (a, b))| differences(a, b, &format!("{at}/{index}")))
                .collect()
        }
        _ if left == right => Vec::new(),
        _ => vec![format!("{at}: {left} is not {right}")],
    }
}

#[test]
fn slices_ask_together_what_the_whole_asks_and_say_the_same() {
    let estate = Estate::start();
    let flags = ["--all-contexts", "--role-arn", ROLE];
    estate.aws.reset_calls();
    let start = Instant::now();
    let (_, whole, stderr) = estate.audit(&flags);
    let seconds = whole["run"]["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds <= start.elapsed().as_secs_f64());
    let all = asked(&estate.aws);
    let distinct: BTreeSet<&String> = all.iter().collect();
    // Both clusters of other names have target groups of the same names.
    assert_eq!((all.len(), distinct.len()), (7, 5), "{all:?}\n{stderr}");
    assert!(all.iter().any(|name| name == LEFT));
    assert!(!all.iter().any(|name| name == FOREIGN), "nobody claims it");

    for total in [2, 3] {
        let (mut files, mut together, mut subjects) = (Vec::new(), Vec::new(), Vec::new());
        let mut longest = 0.0_f64;
        for index in 1..=total {
            estate.aws.reset_calls();
            let slice = format!("{index}/{total}");
            let (_, list, stderr) =
                estate.audit(&[&flags[..], &["--shard", slice.as_str()][..]].concat());
            let count = list["items"]
                .as_array()
                .unwrap_or_else(|| panic!("{stderr}"));
            subjects.push(count.len());
            longest = longest.max(list["run"]["seconds"].as_f64().unwrap());
            together.extend(asked(&estate.aws));
            let file = estate.path(&format!("{index}-of-{total}.json"));
            std::fs::write(&file, list.to_string()).unwrap();
            files.push(file);
        }
        together.sort();
        assert_eq!(together, all, "of {total} slices: {subjects:?}");
        let mut merge = estate.command(&["audit", "merge", "-o", "json"]);
        let (_, merged, stderr) = outcome(&merge.args(&files).output().unwrap());
        let seconds = merged["run"]["seconds"].as_f64().unwrap();
        assert!((seconds - longest).abs() < 1e-9, "side by side");
        let (merged, whole) = (said(&merged), said(&whole));
        for part in ["items", "problems", "clusters", "accounts"] {
            assert!(whole[part].is_array(), "{part}");
            let others = differences(&merged[part], &whole[part], part);
            assert!(others.is_empty(), "{total} slices: {others:#?}\n{stderr}");
        }
    }
}

#[test]
fn a_namespace_asks_for_what_is_in_it() {
    let estate = Estate::start();
    for (namespace, groups) in [("gateway", 2), ("default", 0)] {
        estate.aws.reset_calls();
        let args = [
            "audit",
            "-n",
            namespace,
            "-o",
            "json",
            "--contexts",
            "eu-dev",
        ];
        let (_, list, stderr) = outcome(&estate.command(&args).output().unwrap());
        assert!(list["items"].is_array(), "{stderr}");
        let asked = asked(&estate.aws);
        assert_eq!(asked.len(), groups, "{namespace}: {asked:?}");
        assert!(!asked.iter().any(|name| name == LEFT), "{asked:?}");
    }
}
