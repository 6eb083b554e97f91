//! Two properties over all scenarios: removing evidence never turns fail into pass nor pass into fail,
//! and the order of the input never changes the output.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::report::v1;
use std::collections::BTreeMap;
use support::diagnosis::diagnose;
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
fn families(scenario: &Scenario) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, _) in scenario.bundle.iter() {
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

/// Scenarios over a base differ from it in a few documents: each of them takes its own share of the
/// families, so that every family is removed from many of them. Bases take them all.
const SHARES: usize = 16;

#[test]
fn removing_evidence_never_turns_fail_into_pass_nor_pass_into_fail() {
    let mut wrong = Vec::new();
    for (number, scenario) in scenario::all().into_iter().enumerate() {
        let before = support::diagnosis::document(&scenario);
        let before = predictions(&before);
        for (index, (family, documents)) in families(&scenario).into_iter().enumerate() {
            if scenario.spec.base.is_some() && index % SHARES != number % SHARES {
                continue;
            }
            let mut bundle = scenario.bundle.clone();
            for document in &documents {
                bundle.remove(document);
            }
            // Without the subject itself there is nothing to diagnose.
            let Ok(after) = diagnose(&bundle, &scenario.spec.args) else {
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
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wrong.len());
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
    for scenario in scenario::all() {
        let before = support::diagnosis::document(&scenario);
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
        assert_eq!(before, after, "{}", scenario.name);
    }
}
