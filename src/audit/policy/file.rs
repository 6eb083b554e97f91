//! The file of `--suppressions`.
//!
//! One wrong entry refuses the whole file, with its place: it is one team's, and a suppression that is not what its
//! writer meant is worse than none.

use super::pattern::Pattern;
use super::suppression::{Suppression, check, last_day};
use crate::bundle::yaml::{self, YamlError};
use crate::check::Check;
use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuppressionsError {
    /// Something in it is wrong.
    #[error("{file}:{line}:{column}: {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// More or less than one document.
    #[error(
        "{0}: expected one YAML document with `ignore:`, a list of {{code, match, reason, until}}"
    )]
    Documents(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ignore: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(deserialize_with = "code")]
    code: &'static Check,
    #[serde(rename = "match", deserialize_with = "pattern")]
    scope: Pattern,
    #[serde(deserialize_with = "reason")]
    reason: String,
    #[serde(default, deserialize_with = "until")]
    until: Option<Date>,
}

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Check, D::Error> {
    check(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?.trim().to_owned();
    if text.is_empty() {
        return Err(D::Error::custom(
            "the reason is empty: say why the finding is accepted",
        ));
    }
    Ok(text)
}

fn until<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    last_day(&String::deserialize(deserializer)?)
        .map(Some)
        .map_err(D::Error::custom)
}

/// Reads the suppressions of a file called `file`, in their order.
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn suppressions(file: &str, text: &str) -> Result<Vec<Suppression>, SuppressionsError> {
    let documents = yaml::documents(text);
    let [document] = documents.as_slice() else {
        return Err(SuppressionsError::Documents(file.to_owned()));
    };
    let read: File = document.parse().map_err(|error| {
        let YamlError {
            line,
            column,
            message,
        } = error;
        SuppressionsError::Unreadable {
            file: file.to_owned(),
            line,
            column,
            message,
        }
    })?;
    let numbered = read.ignore.into_iter().zip(1..);
    Ok(numbered
        .map(|(entry, number)| Suppression {
            check: entry.code,
            scope: entry.scope,
            reason: entry.reason,
            until: entry.until,
            by: format!("{file} entry {number}"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::suppressions;

    const GOOD: &str = "ignore:
- code: CLB3102
  match: prod/infra/Service/*
  reason: blue-green cutover
  until: 2026-12-31
- {code: hairpin, match: '*/*/*/*', reason: ' clients retry '}
";

    #[test]
    fn entries_keep_their_order_and_number() {
        let read = suppressions("s.yaml", GOOD).unwrap();
        let told: Vec<String> = read
            .iter()
            .map(|entry| {
                let (check, until) = (entry.check.slug, entry.until);
                format!(
                    "{}: {check} {} {until:?} {:?}",
                    entry.by, entry.scope, entry.reason
                )
            })
            .collect();
        let code = crate::check::registry::find("CLB3102").unwrap().slug;
        assert_eq!(
            told,
            [
                format!(
                    "s.yaml entry 1: {code} prod/infra/Service/* Some(2026-12-31) \"blue-green cutover\""
                ),
                "s.yaml entry 2: hairpin */*/*/* None \"clients retry\"".to_owned(),
            ]
        );
        assert!(suppressions("s.yaml", "ignore: []\n").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (from, to, line, said) in [
            ("CLB3102", "CLB3192", 2, "did you mean CLB3102?"),
            ("hairpin", "harpin", 6, "did you mean hairpin?"),
            ("infra/Service", "Service", 3, "context/namespace/Kind/name"),
            ("blue-green cutover", "''", 4, "the reason is empty"),
            ("2026-12-31", "31.12.2026", 5, "such as 2026-12-31"),
            ("2026-12-31", "2026-02-30", 5, "such as 2026-12-31"),
            ("2026-12-31", "2026-12-31T10:00", 5, "such as 2026-12-31"),
            ("  until:", "  untill:", 5, "untill"),
            (
                "  reason: blue-green cutover\n",
                "",
                4,
                "missing field `reason`",
            ),
            (
                "  match: prod/infra/Service/*\n",
                "",
                4,
                "missing field `match`",
            ),
            ("ignore:", "ignored:", 1, "ignored"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let told = suppressions("s.yaml", &GOOD.replace(from, to)).unwrap_err();
            let told = told.to_string();
            assert!(told.starts_with(&format!("s.yaml:{line}:")), "{to}: {told}");
            assert!(told.contains(said), "{to}: {told}");
        }
        for text in ["", "# nothing\n", "ignore: []\n---\nignore: []\n"] {
            let told = suppressions("s.yaml", text).unwrap_err().to_string();
            assert!(told.contains("one YAML document"), "{told}");
        }
    }
}
