//! Two properties over all scenarios: removing evidence never turns fail into pass nor pass into fail,
//! and the order of the input never changes the output.
//!
//! Every kind of document is removed from every scenario, which are tens of thousands of diagnoses. So the
//! documents of Kubernetes become JSON first, as YAML takes longer to read than all the rest, only the part of
//! the bundle from which something was removed is parsed anew, and all processors take part.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::parse;
use cilium_lb::report::v1;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::diagnosis::{diagnose, diagnose_facts};
use support::scenario::{self, Scenario};

/// The prediction for each node and port: it does not depend on whether AWS was read.
fn predictions(document: &v1::Diagnosis) -> BTreeMap<(String, u16, u16), &str> {
    document
        .paths
        .iter()
        .flat_map(|path| {
            path.targets.iter().filter_map(|target| {
                let key = (target.node.clone()?, path.listener, target.port);
                Some((key, target.predicted.as_str()))
            })
        })
        .collect()
}

/// Documents are removed by kind: all of one name on all nodes, which keeps the number of runs small.
fn families(bundle: &Bundle) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, _) in bundle.iter() {
        let mut parts: Vec<&str> = path.split('/').collect();
        if matches!(parts[0], "cilium" | "envoy" | "hubble") && parts.len() > 2 {
            parts[1] = "*";
        }
        families
            .entry(parts.join("/"))
            .or_default()
            .push(path.to_owned());
    }
    families
}

/// All scenarios, their YAML lists as JSON. Most of them share the documents of a base.
fn scenarios() -> Vec<Scenario> {
    let mut known: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut all = scenario::all();
    for scenario in &mut all {
        let documents: Vec<String> = scenario
            .bundle
            .iter()
            .map(|(path, _)| path.to_owned())
            .filter(|path| path.starts_with("kubernetes/") && path.ends_with(".yaml"))
            .collect();
        for document in documents {
            let bytes = scenario.bundle.get(&document).unwrap().to_vec();
            let json = known.entry(bytes).or_insert_with_key(|bytes| {
                // What is not one YAML document is left as it is.
                match serde_saphyr::from_slice::<serde_json::Value>(bytes) {
                    Ok(value) if value.is_object() => value.to_string().into_bytes(),
                    _ => bytes.clone(),
                }
            });
            scenario.bundle.insert(document, json.clone());
        }
    }
    all
}

/// Calls `judge` with every scenario, on all processors, and collects what it complains about.
fn of_all(judge: impl Fn(&Scenario) -> Vec<String> + Sync) -> Vec<String> {
    let all = scenarios();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(scenario) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = judge(scenario);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    wrong
}

/// The facts of `bundle` without some of its documents, which all lie in one part of it.
fn without(bundle: &Bundle, whole: &Snapshot, removed: &[String]) -> Snapshot {
    let part = removed[0].split('/').next().unwrap();
    let mut rest = Bundle::default();
    rest.manifest = bundle.manifest.clone();
    rest.problems = bundle.problems.clone();
    for (path, bytes) in bundle.iter() {
        if path.split('/').next() == Some(part) && !removed.iter().any(|one| one == path) {
            rest.insert(path, bytes);
        }
    }
    let parsed = parse::snapshot(&rest);
    let mut facts = whole.clone();
    match part {
        "kubernetes" => facts.kubernetes = parsed.kubernetes,
        "aws" => facts.aws = parsed.aws,
        "cilium" => facts.agents = parsed.agents,
        "envoy" => facts.envoys = parsed.envoys,
        "hubble" => facts.flows = parsed.flows,
        _ => {}
    }
    facts
}

/// What removing a kind of document changes in a scenario, and must not.
fn changed(scenario: &Scenario) -> Vec<String> {
    let args = &scenario.spec.args;
    let whole = parse::snapshot(&scenario.bundle);
    let before = diagnose_facts(&whole, args).unwrap();
    let before = predictions(&before);
    let mut wrong = Vec::new();
    for (family, removed) in families(&scenario.bundle) {
        // Without the subject itself there is nothing to diagnose.
        let Ok(after) = diagnose_facts(&without(&scenario.bundle, &whole, &removed), args) else {
            continue;
        };
        for (key, now) in predictions(&after) {
            if let Some(then) = before.get(&key)
                && *then != now
                && *then != "unknown"
                && now != "unknown"
            {
                wrong.push(format!(
                    "{}: without {family}: {key:?} was {then} and is {now}",
                    scenario.name
                ));
            }
        }
    }
    wrong
}

#[test]
fn removing_evidence_never_turns_fail_into_pass_nor_pass_into_fail() {
    let wrong = of_all(changed);
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wrong.len());
}

/// The shortcut of [`without`] is none: the bases are parsed whole as well.
#[test]
fn a_part_that_is_parsed_anew_is_what_the_whole_would_be() {
    let wrong = of_all(|scenario| {
        let args = &scenario.spec.args;
        let whole = parse::snapshot(&scenario.bundle);
        let mut wrong = Vec::new();
        for (family, removed) in families(&scenario.bundle) {
            if scenario.spec.base.is_some() {
                break;
            }
            let mut bundle = scenario.bundle.clone();
            removed.iter().for_each(|one| drop(bundle.remove(one)));
            let short = diagnose_facts(&without(&scenario.bundle, &whole, &removed), args);
            let long = diagnose(&bundle, args);
            match (&short, &long) {
                (Ok(short), Ok(long)) if predictions(short) == predictions(long) => {}
                (Err(short), Err(long)) if short == long => {}
                _ => wrong.push(format!("{}: without {family}", scenario.name)),
            }
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reverses the items of every list in JSON documents whose order means nothing.
fn reverse(value: &mut serde_json::Value, depth: usize) {
    match value {
        serde_json::Value::Array(items) => {
            if depth <= 2 && items.iter().all(serde_json::Value::is_object) {
                items.reverse();
            }
            items.iter_mut().for_each(|item| reverse(item, depth + 1));
        }
        serde_json::Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| reverse(field, depth + 1)),
        _ => {}
    }
}

#[test]
fn the_order_of_the_input_never_changes_the_output() {
    let wrong = of_all(|scenario| {
        let before = diagnose(&scenario.bundle, &scenario.spec.args).unwrap();
        let mut bundle = scenario.bundle.clone();
        let documents: Vec<String> = bundle
            .iter()
            .map(|(path, _)| path.to_owned())
            .filter(|path| path.starts_with("aws/") && path.ends_with(".json"))
            .collect();
        for document in documents {
            let Ok(mut value) = serde_json::from_slice(bundle.get(&document).unwrap()) else {
                continue;
            };
            reverse(&mut value, 0);
            bundle.insert(document, serde_json::to_vec(&value).unwrap());
        }
        let after = diagnose(&bundle, &scenario.spec.args).unwrap();
        if before == after {
            Vec::new()
        } else {
            vec![scenario.name.clone()]
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
