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
    /// Part of the message of each finding, of the impact or of the hop. Needed where another entry has the same code:
    /// only the words then tell the two apart.
    #[serde(default)]
    says: Words,
    /// How sure the finding is.
    #[serde(default)]
    confidence: Option<String>,
    fires: Vec<String>,
    near_miss: Vec<String>,
    unknown: Vec<String>,
    /// The check still fires, and the reading that tells this reason from others is missing: none of the words is said.
    #[serde(default)]
    unread: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Words {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Words {
    fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(words) => std::slice::from_ref(words),
            Self::Several(words) => words,
        }
    }

    /// Whether nothing is asked for, or one of the words is in the text.
    fn in_text(&self, text: &str) -> bool {
        let all = self.all();
        all.is_empty() || all.iter().any(|words| text.contains(words))
    }
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

fn expects(document: &v1::Diagnosis, codes: &[String]) -> bool {
    let mut hops = document.paths.iter().flat_map(|path| &path.hops);
    hops.any(|hop| hop.status == "expected" && hop.codes.iter().any(|code| codes.contains(code)))
}

/// The findings that an entry may be among.
fn candidates<'a>(entry: &Entry, document: &'a v1::Diagnosis) -> Vec<&'a v1::Finding> {
    let findings = match entry.said {
        As::Cause => &document.causes,
        _ => &document.notes,
    };
    findings
        .iter()
        .filter(|finding| entry.code.all().contains(&finding.code))
        .filter(|finding| entry.said != As::Clients || finding.role == "clients")
        .collect()
}

fn fires(entry: &Entry, document: &v1::Diagnosis) -> bool {
    match entry.said {
        As::Cause | As::Note | As::Clients => {
            let found = candidates(entry, document);
            let certain = |most: &String| found.iter().any(|one| one.confidence != *most);
            found.iter().any(|one| entry.says.in_text(&one.message))
                && !entry.confidence.as_ref().is_some_and(certain)
        }
        As::Expected => expects(document, entry.code.all()),
        As::Impact => {
            !entry.says.all().is_empty()
                && document.impact.iter().any(|text| entry.says.in_text(text))
        }
        As::Never => !has(&document.causes, entry.code.all()),
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
        !has(&document.causes, codes)
            && (entry.said == As::Never || !has(&document.notes, codes))
            && (entry.said != As::Expected || !expects(document, codes))
    });
    hold(&entry.unknown, "unknown", &|document| {
        document
            .gaps
            .iter()
            .flat_map(|gap| &gap.would_decide)
            .any(|code| codes.contains(code))
    });
    hold(&entry.unread, "unread", &|document| {
        let found = candidates(entry, document);
        !entry.says.all().is_empty()
            && !found.is_empty()
            && !found.iter().any(|one| entry.says.in_text(&one.message))
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

/// What is wrong with the words of an entry: they are missing although another entry has the same code, or no
/// finding says one of them.
fn wordless(entry: &Entry, entries: &[Entry]) -> Vec<String> {
    if !matches!(entry.said, As::Cause | As::Note | As::Clients) {
        return Vec::new();
    }
    let codes = entry.code.all();
    let shared = entries.iter().any(|other| {
        other.entry != entry.entry && other.code.all().iter().any(|code| codes.contains(code))
    });
    let mut wrong = Vec::new();
    if shared && entry.says.all().is_empty() {
        wrong.push("shares its code with another entry and does not say its words".to_owned());
    }
    let documents: Vec<v1::Diagnosis> = entry
        .fires
        .iter()
        .filter_map(|name| table::said(name))
        .collect();
    for words in entry.says.all() {
        let mut findings = documents
            .iter()
            .flat_map(|document| candidates(entry, document));
        if !findings.any(|finding| finding.message.contains(words)) {
            wrong.push(format!("no finding says {words:?}"));
        }
    }
    wrong
        .into_iter()
        .map(|text| format!("{} {}: {text}", entry.entry, entry.title))
        .collect()
}

/// Entries that were read from the source and seen nowhere: what is said of them is not certain either.
/// C1 and B10 are certain themselves; only how the connection fails there is not.
const MEDIUM: [&str; 5] = ["H2", "C6", "C13", "D25", "D27"];

#[test]
fn every_entry_is_proven_by_its_scenarios() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    let entries = table::rows::<Entry>("catalogue");
    for entry in &entries {
        *seen.entry(entry.entry.clone()).or_default() += 1;
        all.extend(wrong(entry));
        all.extend(wordless(entry, &entries));
        if MEDIUM.contains(&entry.entry.as_str()) && entry.confidence.as_deref() != Some("medium") {
            all.push(format!("{}: confidence is not held to medium", entry.entry));
        }
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
