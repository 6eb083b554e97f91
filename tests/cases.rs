//! Public reports against the scenarios: for a cause that was confirmed the program names it first; for a report that
//! nobody solved it says what it does not know instead of guessing.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

#[path = "support/table.rs"]
mod table;

use cilium_lb::report::v1;
use serde::Deserialize;
use std::collections::BTreeSet;

/// One report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `C02`.
    case: String,
    /// Where it was reported: `cilium#34093`.
    report: String,
    /// `CONF` confirmed, `REP` found by the reporter, `INFER` inferred by us, `OPEN` unresolved.
    status: String,
    /// The scenario built from its evidence.
    #[serde(default)]
    scenario: Option<String>,
    /// What the program says first.
    #[serde(default)]
    says: Option<Says>,
    /// Why there is no scenario: the report is not about this program's path.
    #[serde(default)]
    outside: Option<String>,
}

/// What a scenario's document must show.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Says {
    /// The first cause.
    Cause(String),
    /// A finding for clients while the check passes.
    Clients(String),
    /// A failure by design.
    ByDesign(String),
    /// A note, where nothing fails.
    Note(String),
    /// Nothing is wrong, and nothing is said: what was reported is no fault.
    Healthy,
    /// Every hop passes and AWS says unhealthy.
    Unexplained,
    /// No cause; these checks would be decided by what was not read.
    Unknown(Vec<String>),
}

fn holds(says: &Says, document: &v1::Diagnosis) -> bool {
    let noted = |code: &str, role: Option<&str>| {
        document
            .notes
            .iter()
            .any(|note| note.code == code && role.is_none_or(|role| note.role == role))
    };
    let agreement = |word: &str| {
        document
            .paths
            .iter()
            .flat_map(|path| &path.targets)
            .any(|target| target.agreement == word)
    };
    match says {
        Says::Cause(code) => document
            .causes
            .first()
            .is_some_and(|cause| cause.code == *code),
        Says::Clients(code) => noted(code, Some("clients")),
        Says::ByDesign(code) => document
            .paths
            .iter()
            .flat_map(|path| &path.hops)
            .any(|hop| hop.status == "expected" && hop.codes.contains(code)),
        Says::Note(code) => document.causes.is_empty() && noted(code, None),
        Says::Healthy => {
            document.verdict == "healthy"
                && document.causes.is_empty()
                && document.notes.is_empty()
                && document.gaps.is_empty()
        }
        Says::Unexplained => document.causes.is_empty() && agreement("unexplained"),
        Says::Unknown(codes) => {
            let open: BTreeSet<&String> = document
                .gaps
                .iter()
                .flat_map(|gap| &gap.would_decide)
                .collect();
            document.causes.is_empty() && codes.iter().all(|code| open.contains(code))
        }
    }
}

fn wrong(case: &Case) -> Option<String> {
    let fail = |why: &str| Some(format!("{} {}: {why}", case.case, case.report));
    match (&case.scenario, &case.says, &case.outside) {
        (None, None, Some(why)) if !why.is_empty() => None,
        (Some(scenario), Some(says), None) => {
            let Some(document) = table::said(scenario) else {
                return fail(&format!("no scenario {scenario}"));
            };
            // Nobody knows what an open report's cause was, so the program must not either.
            let guess = case.status == "OPEN" && !document.causes.is_empty();
            if guess || !holds(says, &document) {
                return fail(&format!("{scenario} does not say {says:?}"));
            }
            None
        }
        _ => fail("needs a scenario with what it says, or the reason why it is outside"),
    }
}

#[test]
fn every_report_is_answered_as_it_was_or_left_open() {
    let cases: Vec<Case> = table::rows("cases");
    let mut all: Vec<String> = cases.iter().filter_map(wrong).collect();
    let mut seen = BTreeSet::new();
    for case in &cases {
        if !seen.insert(&case.case) {
            all.push(format!("{} is there twice", case.case));
        }
        if !["CONF", "REP", "INFER", "OPEN"].contains(&case.status.as_str()) {
            all.push(format!("{}: status {}", case.case, case.status));
        }
    }
    let answered = cases.iter().filter(|case| case.scenario.is_some()).count();
    println!("{answered} of {} reports have a scenario", cases.len());
    assert!(all.is_empty(), "{}\n{}", all.join("\n"), all.len());
}
