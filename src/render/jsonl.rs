//! JSON Lines: a diagnosis per line as soon as it is known, and the rest of the list as the last line.

use crate::report::v1::{Diagnosis, DiagnosisList};

/// The line of one diagnosis, with its line break.
///
/// # Errors
/// Only if serde_json cannot print its own value.
pub fn line(document: &Diagnosis) -> serde_json::Result<String> {
    Ok(serde_json::to_string(document)? + "\n")
}

/// The last line: the list without its items, of kind `DiagnosisSummary`.
///
/// # Errors
/// Only if serde_json cannot print its own value.
pub fn summary(list: &DiagnosisList) -> serde_json::Result<String> {
    let summary = DiagnosisList {
        api_version: list.api_version.clone(),
        kind: "DiagnosisSummary".to_owned(),
        items: Vec::new(),
        clusters: list.clusters.clone(),
        accounts: list.accounts.clone(),
        problems: list.problems.clone(),
        suppressed: list.suppressed.clone(),
        stale_suppressions: list.stale_suppressions.clone(),
        baseline: list.baseline.clone(),
        shard: list.shard,
        run: list.run.clone(),
    };
    Ok(serde_json::to_string(&summary)? + "\n")
}

/// All lines of a list at once.
pub(super) fn whole(list: &DiagnosisList) -> serde_json::Result<String> {
    let mut out = String::new();
    for document in &list.items {
        out.push_str(&line(document)?);
    }
    Ok(out + &summary(list)?)
}
