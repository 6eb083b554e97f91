//! What the captures show and few expect: each surprise has scenarios, and they say what it asks for.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

#[path = "support/table.rs"]
mod table;

use cilium_lb::report::v1::Finding;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Surprise {
    title: String,
    scenarios: BTreeMap<String, Said>,
}

/// What a scenario says of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    verdict: String,
    #[serde(default)]
    causes: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    /// Codes that are neither causes nor notes.
    #[serde(default)]
    silent: Vec<String>,
}

fn holds(name: &str, said: &Said) -> Result<(), String> {
    let document = table::said(name).ok_or_else(|| format!("{name}: no such scenario"))?;
    let codes = |findings: &[Finding]| -> Vec<String> {
        findings.iter().map(|one| one.code.clone()).collect()
    };
    let (causes, notes) = (codes(&document.causes), codes(&document.notes));
    let are_in = |asked: &[String], all: &[String]| asked.iter().all(|code| all.contains(code));
    let is_silent = !said
        .silent
        .iter()
        .any(|code| causes.contains(code) || notes.contains(code));
    let ok = document.verdict == said.verdict
        && are_in(&said.causes, &causes)
        && are_in(&said.notes, &notes)
        && is_silent;
    ok.then_some(()).ok_or_else(|| {
        format!(
            "{name}: {} with causes {causes:?} and notes {notes:?}",
            document.verdict
        )
    })
}

#[test]
fn every_surprise_is_held_by_its_scenarios() {
    let surprises = table::rows::<Surprise>("surprises");
    assert_eq!(surprises.len(), 13, "the lab listed thirteen");
    let mut wrong = Vec::new();
    for surprise in &surprises {
        assert!(!surprise.scenarios.is_empty(), "{}", surprise.title);
        for (name, said) in &surprise.scenarios {
            wrong.extend(holds(name, said).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
