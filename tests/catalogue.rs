//! The failure catalogue against the scenarios: every known way to fail has a code, a scenario in which
//! it is found, one in which something like it is not, and one in which its evidence is missing.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

#[path = "support/table.rs"]
mod table;

use cilium_lb::check::CHECKS;
use cilium_lb::report::v1;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How an entry is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum As {
    /// It is named as the cause.
    Cause,
    /// It is worth a note.
    Note,
    /// The failure is by design.
    Expected,
    /// The check passes and clients fail.
    Clients,
    /// It is told as what the failure means for traffic, in the words of `says`.
    Impact,
    /// Normal behaviour that looks like a cause: it is never said to be one.
    Never,
}

/// One way to fail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    entry: String,
    title: String,
    code: Codes,
    #[serde(rename = "as")]
    said: As,
    #[serde(default)]
    says: String,
    fires: Vec<String>,
    near_miss: Vec<String>,
    unknown: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Codes {
    One(String),
    Several(Vec<String>),
}

impl Codes {
    fn all(&self) -> &[String] {
        match self {
            Self::One(code) => std::slice::from_ref(code),
            Self::Several(codes) => codes,
        }
    }
}

fn has(findings: &[v1::Finding], codes: &[String]) -> bool {
    findings.iter().any(|finding| codes.contains(&finding.code))
}

fn fires(entry: &Entry, document: &v1::Diagnosis) -> bool {
    let codes = entry.code.all();
    match entry.said {
        As::Cause => has(&document.causes, codes),
        As::Note => has(&document.notes, codes),
        As::Clients => document
            .notes
            .iter()
            .any(|note| note.role == "clients" && codes.contains(&note.code)),
        As::Expected => document
            .paths
            .iter()
            .flat_map(|path| &path.hops)
            .any(|hop| {
                hop.status == "expected" && hop.codes.iter().any(|code| codes.contains(code))
            }),
        As::Impact => {
            !entry.says.is_empty()
                && document
                    .impact
                    .iter()
                    .any(|text| text.contains(&entry.says))
        }
        As::Never => !has(&document.causes, codes),
    }
}

fn wrong(entry: &Entry) -> Vec<String> {
    let mut wrong = Vec::new();
    let codes = entry.code.all();
    for code in codes {
        if !CHECKS.iter().any(|check| check.code.to_string() == *code) {
            wrong.push(format!("no check {code}"));
        }
    }
    let mut hold = |scenarios: &[String], what: &str, holds: &dyn Fn(&v1::Diagnosis) -> bool| {
        for name in scenarios {
            match table::said(name) {
                None => wrong.push(format!("{what} {name}: no such scenario")),
                Some(document) if !holds(&document) => {
                    wrong.push(format!("{what} {name}: does not hold for {codes:?}"));
                }
                Some(_) => {}
            }
        }
    };
    hold(&entry.fires, "fires", &|document| fires(entry, document));
    hold(&entry.near_miss, "near miss", &|document| {
        if entry.said == As::Impact {
            return !fires(entry, document);
        }
        !has(&document.causes, codes) && (entry.said == As::Never || !has(&document.notes, codes))
    });
    hold(&entry.unknown, "unknown", &|document| {
        document
            .gaps
            .iter()
            .flat_map(|gap| &gap.would_decide)
            .any(|code| codes.contains(code))
    });
    let complete = match entry.said {
        As::Never => true,
        As::Impact => !entry.near_miss.is_empty(),
        _ => !(entry.near_miss.is_empty() || entry.unknown.is_empty()),
    };
    if entry.title.is_empty() || entry.fires.is_empty() || !complete {
        wrong.push("has no title or lacks one of its three scenarios".to_owned());
    }
    wrong
        .into_iter()
        .map(|text| format!("{} {}: {text}", entry.entry, entry.title))
        .collect()
}

#[test]
fn every_entry_is_proven_by_its_scenarios() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for entry in table::rows::<Entry>("catalogue") {
        *seen.entry(entry.entry.clone()).or_default() += 1;
        all.extend(wrong(&entry));
    }
    for (entry, count) in seen {
        if count != 1 {
            all.push(format!("{entry} is there {count} times"));
        }
    }
    assert!(all.is_empty(), "{}\n{}", all.join("\n"), all.len());
}

/// The entries of the catalogue by group, with the number of the last one.
const GROUPS: [(&str, u8, usize); 6] = [
    ("A", 21, 0),
    ("B", 15, 0),
    ("C", 15, 0),
    ("D", 29, 0),
    ("H", 10, 0),
    ("F", 65, 2),
];

#[test]
fn no_entry_is_left_out() {
    let entries: Vec<Entry> = table::rows("catalogue");
    let known: Vec<String> = entries.into_iter().map(|entry| entry.entry).collect();
    let missing: Vec<String> = GROUPS
        .iter()
        .flat_map(|(group, last, width)| (1..=*last).map(move |n| format!("{group}{n:0width$}")))
        .filter(|name| !known.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
