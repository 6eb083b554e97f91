//! JUnit XML: a suite per cluster, a case per subject, and an error for what could not be read at all.
//!
//! A case fails where the exit code of its subject alone would be 1, and is skipped where it would be 3, so that a CI
//! system and the exit code say the same.

use super::digest::{Tally, cluster, findings, kind_and_name, missing};
use super::sanitize::clean;
use super::words::count;
use crate::report::v1::{Diagnosis, DiagnosisList, Finding};
use crate::report::{Exit, FailOn, blamed, counted, decisive, exit};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;

/// The class of cases that stand for a cluster or account instead of a subject.
const COLLECTION: &str = "collection";

pub(super) fn junit(list: &DiagnosisList, fail_on: FailOn) -> anyhow::Result<String> {
    let mut suites: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
    for found in &list.clusters {
        let suite = suites.entry(clean(&found.name).into_owned()).or_default();
        if let Some(error) = &found.error {
            suite.push(broken("cluster", error));
        }
    }
    for item in &list.items {
        let suite = suites.entry(clean(cluster(item)).into_owned());
        suite.or_default().push(case(item, fail_on));
    }
    for account in &list.accounts {
        if !account.errors.is_empty() {
            let name = format!("{} {}", clean(&account.account), clean(&account.region));
            let suite = suites.entry("accounts".to_owned()).or_default();
            suite.push(broken(&name, &account.errors.join("; ")));
        }
    }
    let mut report = Report::new("kubectl cilium-lb");
    for (name, cases) in suites {
        // Subjects whose cluster nobody named, as of a bundle without a manifest.
        let shown = if name.is_empty() { "cluster" } else { &name };
        let mut suite = TestSuite::new(shown);
        suite.add_test_cases(cases);
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn broken(name: &str, error: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(clean(error));
    let mut case = TestCase::new(name, status);
    case.set_classname(COLLECTION);
    case
}

fn case(item: &Diagnosis, fail_on: FailOn) -> TestCase {
    let status = match exit(item, fail_on) {
        Exit::Findings => failure(item, fail_on),
        Exit::Incomplete => skipped(item),
        _ => TestCaseStatus::success(),
    };
    let name = kind_and_name(&item.subject.kind, &item.subject.name);
    let mut case = TestCase::new(name, status);
    if !item.subject.namespace.is_empty() {
        case.set_classname(clean(&item.subject.namespace));
    }
    case.add_property(Property::new("verdict", clean(&item.verdict)));
    for finding in findings(item) {
        let state = finding.state.as_deref().unwrap_or(&finding.role);
        let value = format!("{}: {}", clean(state), clean(&finding.message));
        case.add_property(Property::new(clean(&finding.code), value));
    }
    case
}

/// The message is why the case fails; other findings are in the text below it only.
fn failure(item: &Diagnosis, fail_on: FailOn) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let unexplained = Tally::of(item).unexplained;
    let why = match decisive(item, fail_on) {
        None if unexplained == 0 => blamed(item).find(|finding| counted(finding)),
        found => found,
    };
    match why {
        Some(finding) => {
            status.set_message(line(finding));
            status.set_type(clean(&finding.code));
        }
        None => {
            let verdict = clean(&item.verdict);
            status.set_message(match unexplained {
                0 => format!("{verdict}: no check that could be made explains it"),
                some => format!(
                    "{verdict}: {} unhealthy although every hop that was read passes",
                    count(some, "target")
                ),
            });
            status.set_type("unexplained");
        }
    }
    let mut shown: Vec<&Finding> = findings(item)
        .filter(|finding| finding.severity != "info" || fail_on == FailOn::Info)
        .collect();
    // What was known or accepted before comes last.
    shown.sort_by_key(|finding| !counted(finding));
    let mut text = String::new();
    for finding in shown {
        text += &format!("{}: {}\n", clean(&finding.role), line(finding));
        if let Some(fix) = &finding.fix {
            text += &format!("  fix: {}\n", clean(&fix.summary));
            for command in &fix.commands {
                text += &format!("  $ {}\n", clean(command));
            }
        }
    }
    if !text.is_empty() {
        status.set_description(text.trim_end());
    }
    status
}

fn line(finding: &Finding) -> String {
    format!(
        "{} {}: {}",
        clean(&finding.code),
        clean(&finding.slug),
        clean(&finding.message)
    )
}

fn skipped(item: &Diagnosis) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    let mut text = format!("not decided: {} missing", count(missing(item), "reading"));
    for gap in item.gaps.iter().filter(|gap| !gap.would_decide.is_empty()) {
        text += &format!("; {}: {}", clean(&gap.source), clean(&gap.reason));
    }
    status.set_message(text);
    status
}
