//! Suppressions that do nothing, so that the list of exceptions does not outlive its reasons.

use super::Pattern;
use super::ruling::Tracked;
use super::suppression::Suppression;
use crate::report::v1::{DiagnosisList, StaleSuppression, SubjectName};
use std::collections::BTreeSet;

/// It could not be read.
pub(super) const UNREADABLE: &str = "unreadable";
/// Its last day is past.
const EXPIRED: &str = "expired";
/// It ends, and the evidence has no time.
const UNDATED: &str = "undated";
/// Nothing needs it.
const UNUSED: &str = "unused";

/// An entry of a file that means nothing.
pub(super) const NO_SUBJECT: &str =
    "no subject of the clusters that were audited has such a name; correct or remove it";
/// An annotation on an object that is no subject.
pub(super) const NOT_DIAGNOSED: &str = "the object is not diagnosed by itself; annotate the Gateway or Service that the audit lists for it";
/// It means something, and covers no finding.
const NO_FINDING: &str = "no finding of the subjects that were audited needs it; remove it";

fn stale(suppression: &Suppression, word: &str, sentence: &str) -> StaleSuppression {
    StaleSuppression {
        by: suppression.by.clone(),
        code: suppression.check.code.to_string(),
        matches: suppression.scope.to_string(),
        reason: format!("{word}: {sentence}"),
    }
}

/// A suppression that would have covered a finding of `cluster`, had its evidence a time.
pub(super) fn undated(suppression: &Suppression, cluster: &str) -> StaleSuppression {
    let until = suppression.until.map(|until| until.to_string());
    let sentence = format!(
        "the evidence of {cluster} says no time, so nobody can tell whether {} has passed there; \
         give its bundle.yaml a takenAt",
        until.unwrap_or_default()
    );
    stale(suppression, UNDATED, &sentence)
}

/// The suppressions that expired, or that what was audited does not need.
pub(super) fn idle(entries: &[Tracked]) -> impl Iterator<Item = StaleSuppression> {
    entries.iter().filter_map(|entry| {
        let suppression = &entry.suppression;
        if entry.expired {
            let until = suppression.until.map(|until| until.to_string());
            let sentence = format!(
                "its last day was {}, and what it covered counts again; mend that, or renew it",
                until.unwrap_or_default()
            );
            return Some(stale(suppression, EXPIRED, &sentence));
        }
        let sentence = match (entry.answered, entry.known, entry.diagnosed) {
            (true, _, true) => NO_FINDING,
            (true, false, false) => entry.idle,
            // Nothing that it means was read, or another slice has it.
            (false, _, _) | (true, true, false) => return None,
        };
        Some(stale(suppression, UNUSED, sentence))
    })
}

/// Leaves only what all items and clusters of the list bear out, so that joined slices say what one audit would.
pub(super) fn settle(list: &mut DiagnosisList) {
    let used: BTreeSet<(&str, &str)> = list
        .suppressed
        .iter()
        .map(|used| (used.by.as_str(), used.code.as_str()))
        .collect();
    let word = |stale: &StaleSuppression| {
        let word = stale.reason.split(':').next().unwrap_or_default();
        word.to_owned()
    };
    let other: BTreeSet<(String, String)> = list
        .stale_suppressions
        .iter()
        .filter(|stale| word(stale) != UNUSED)
        .map(|stale| (stale.by.clone(), stale.code.clone()))
        .collect();
    let unread = |stale: &StaleSuppression| {
        let Ok(scope) = stale.matches.parse::<Pattern>() else {
            return false;
        };
        let failed = list
            .clusters
            .iter()
            .filter(|cluster| cluster.error.is_some());
        let undecided = list.items.iter().filter(|item| {
            let mut gaps = item.gaps.iter();
            item.run.incomplete || gaps.any(|gap| gap.would_decide.contains(&stale.code))
        });
        failed
            .into_iter()
            .any(|cluster| scope.reaches(&cluster.name))
            || undecided.into_iter().any(|item| {
                scope.means(
                    &SubjectName::of(item),
                    SubjectName::of_service(item).as_ref(),
                )
            })
    };
    let kept = list.stale_suppressions.iter().filter(|stale| {
        let used = used.contains(&(stale.by.as_str(), stale.code.as_str()));
        match word(stale).as_str() {
            EXPIRED => !used,
            UNUSED => {
                let other = other.contains(&(stale.by.clone(), stale.code.clone()));
                !used && !other && !unread(stale)
            }
            _ => true,
        }
    });
    let kept: BTreeSet<StaleSuppression> = kept.cloned().collect();
    list.stale_suppressions = kept.into_iter().collect();
}
