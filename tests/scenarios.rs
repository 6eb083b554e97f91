//! Every scenario says what it must: verdict, causes, notes, exit code, text and document.
//!
//! `UPDATE=1 cargo test --test scenarios` writes `expected.txt` and `expected.json` anew; read the
//! difference as the person on call would.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::render::Format;
use cilium_lb::report::{FailOn, exit, v1};
use std::fs;
use std::path::Path;
use support::diagnosis::{document, text};
use support::scenario::{self, Scenario};

#[test]
fn every_scenario_says_what_it_must() {
    let mut wrong = Vec::new();
    for scenario in scenario::all() {
        let document = document(&scenario);
        wrong.extend(promises(&scenario, &document));
        wrong.extend(texts(&scenario, &document));
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wrong.len());
}

fn promises(scenario: &Scenario, document: &v1::Diagnosis) -> Vec<String> {
    let spec = &scenario.spec;
    let codes = |findings: &[v1::Finding]| {
        findings
            .iter()
            .map(|finding| finding.code.clone())
            .collect::<Vec<_>>()
    };
    let (causes, notes) = (codes(&document.causes), codes(&document.notes));
    let unknown: Vec<&String> = document
        .gaps
        .iter()
        .flat_map(|gap| &gap.would_decide)
        .collect();
    let errors = document
        .notes
        .iter()
        .filter(|note| note.severity == "error")
        .map(|note| &note.code);
    let loud: Vec<&String> = causes.iter().chain(errors).collect();
    let code = exit(document, FailOn::Error) as u8;
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            wrong.push(format!("{}: {what}", scenario.name));
        }
    };
    expect(
        document.verdict == spec.verdict,
        format!("verdict is {}, not {}", document.verdict, spec.verdict),
    );
    expect(
        code == spec.exit,
        format!("exit code is {code}, not {}", spec.exit),
    );
    expect(
        causes == spec.causes,
        format!("causes are {causes:?}, not {:?}", spec.causes),
    );
    for wanted in &spec.notes {
        expect(
            notes.contains(wanted),
            format!("{wanted} is not among the notes {notes:?}"),
        );
    }
    for wanted in &spec.unknown {
        expect(
            unknown.contains(&wanted),
            format!("{wanted} is not unknown"),
        );
    }
    for silent in &spec.quiet {
        expect(!loud.contains(&silent), format!("{silent} must be quiet"));
    }
    for finding in document.causes.iter().chain(&document.notes) {
        expect(
            !finding.evidence.is_empty(),
            format!("{} has no evidence", finding.code),
        );
        expect(
            finding
                .evidence
                .iter()
                .all(|evidence| !evidence.source.is_empty()),
            format!("{} has evidence without origin", finding.code),
        );
    }
    wrong
}

fn texts(scenario: &Scenario, document: &v1::Diagnosis) -> Vec<String> {
    [
        ("expected.txt", Format::Tree),
        ("expected.json", Format::Json),
    ]
    .into_iter()
    .filter_map(|(file, format)| compare(&scenario.folder.join(file), &text(document, format)))
    .collect()
}

fn compare(path: &Path, now: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, now).unwrap();
        return None;
    }
    let before = fs::read_to_string(path).unwrap_or_default();
    (before != now).then(|| {
        let line = before
            .lines()
            .zip(now.lines())
            .position(|(a, b)| a != b)
            .unwrap_or(0);
        format!(
            "{}: differs from line {}: {:?} instead of {:?}; UPDATE=1 writes it anew",
            path.display(),
            line + 1,
            now.lines().nth(line),
            before.lines().nth(line)
        )
    })
}
