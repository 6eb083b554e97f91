//! The diagnosis of a redacted bundle is that of the original, name for name.

use crate::support::diagnosis::diagnose;
use crate::support::scenario::{self, Scenario};
use crate::survivors::survivors;
use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::{fs, thread};

/// The redaction of a scenario's bundle and its arguments in the words of the redacted bundle.
fn redacted(scenario: &Scenario) -> (Bundle, Vec<String>) {
    let mut redaction = Redaction::new(&scenario.bundle, &Key::from([1; 32]));
    let bundle = redaction.bundle(&scenario.bundle);
    let args = scenario
        .spec
        .args
        .iter()
        .map(|arg| asked(arg, &mut redaction));
    (bundle, args.collect())
}

fn asked(arg: &str, redaction: &mut Redaction) -> String {
    match arg.split_once('/') {
        Some((kind, name)) if !arg.starts_with("arn:") => {
            format!("{kind}/{}", redaction.text(name))
        }
        _ => redaction.text(arg),
    }
}

/// What a diagnosis decides, without the names it decides about.
pub(crate) fn decided(document: &Value) -> Value {
    let sorted = |value: &Value, fields: &[&str]| {
        let mut rows: Vec<String> = value
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| {
                let row: Vec<&Value> = fields.iter().map(|field| &row[*field]).collect();
                json!(row).to_string()
            })
            .collect();
        rows.sort();
        rows
    };
    let finding = ["code", "severity", "confidence", "hop", "explains"];
    let mut paths: Vec<String> = document["paths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| {
            json!({
                "hops": path["hops"].as_array().unwrap().iter().map(|hop| json!([hop["hop"], hop["status"], hop["codes"]])).collect::<Vec<_>>(),
                "targets": sorted(&path["targets"], &["port", "reported", "predicted", "agreement", "failedHop", "codes", "zone"]),
            })
            .to_string()
        })
        .collect();
    // Listeners stand in the order of their names.
    paths.sort();
    json!({
        "verdict": document["verdict"],
        "causes": sorted(&document["causes"], &finding),
        "notes": sorted(&document["notes"], &finding),
        "gaps": sorted(&document["gaps"], &["wouldDecide"]),
        "paths": paths,
    })
}

fn diagnosis(bundle: &Bundle, args: &[String]) -> Value {
    match diagnose(bundle, args) {
        Ok(document) => decided(&serde_json::to_value(document).unwrap()),
        Err(error) => json!({ "error": error }),
    }
}

/// What is wrong with the redaction of a scenario; the document of the original is held by the scenario's own test.
fn wrong(scenario: &Scenario) -> Vec<String> {
    let (bundle, args) = redacted(scenario);
    let expected = fs::read_to_string(scenario.folder.join("expected.json")).unwrap();
    let before = decided(&serde_json::from_str(&expected).unwrap());
    let mut wrong: Vec<String> = difference(&before, &diagnosis(&bundle, &args))
        .into_iter()
        .collect();
    wrong.extend(survivors(&scenario.bundle, &bundle));
    wrong
        .iter()
        .map(|why| format!("{}: {why}", scenario.name))
        .collect()
}

#[test]
fn every_scenario_is_diagnosed_as_before_and_nothing_survives() {
    let scenarios = scenario::all();
    let (even, odd) = scenarios.split_at(scenarios.len() / 2);
    let found: Vec<String> = thread::scope(|scope| {
        let halves = [even, odd]
            .map(|half| scope.spawn(move || half.iter().flat_map(wrong).collect::<Vec<String>>()));
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    assert!(found.is_empty(), "{}\n{}", found.join("\n"), found.len());
}

#[test]
fn redacting_a_redacted_bundle_changes_no_diagnosis() {
    for name in ["obs-eu-dev", "shop", "hairpin"] {
        let scenario = scenario::one(name);
        let (once, args) = redacted(&scenario);
        let mut again = Redaction::new(&once, &Key::from([2; 32]));
        let twice = again.bundle(&once);
        let args_of_twice: Vec<String> = args.iter().map(|arg| asked(arg, &mut again)).collect();
        assert_ne!(once, twice, "{name}");
        assert_eq!(
            diagnosis(&once, &args),
            diagnosis(&twice, &args_of_twice),
            "{name}"
        );
    }
}

#[test]
fn every_key_gives_the_same_diagnosis_and_other_names() {
    let scenario = scenario::one("obs-eu-dev");
    let expected = diagnosis(&scenario.bundle, &scenario.spec.args);
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let mut redaction = Redaction::new(&scenario.bundle, &Key::random());
        let bundle = redaction.bundle(&scenario.bundle);
        assert!(bundle.manifest.redacted);
        let args: Vec<String> = scenario
            .spec
            .args
            .iter()
            .map(|arg| asked(arg, &mut redaction))
            .collect();
        assert_eq!(diagnosis(&bundle, &args), expected);
        assert!(seen.insert(args), "two keys gave the same names");
    }
}

fn difference(before: &Value, after: &Value) -> Option<String> {
    if before == after {
        return None;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .find_map(|(key, value)| Some(format!("{key}: {}", difference(value, b.get(key)?)?))),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(a, b)| difference(a, b))
        }
        _ => Some(format!("{before} became {after}")),
    }
}
