//! What was not read, and what it would have decided.

use super::evaluate::Evaluation;
use crate::check::{Bearing, CHECKS, Code, Outcome};
use crate::model::{Gap, Reason, Snapshot, Source};
use std::collections::{BTreeMap, BTreeSet};

/// A kind of reading that is missing for one reason, on one or many objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The kind of reading.
    pub source: Source,
    /// Why.
    pub reason: Reason,
    /// The objects it is missing for; empty for the whole kind.
    pub about: Vec<String>,
    /// Checks that are unknown because of it.
    pub would_decide: Vec<Code>,
    /// Whether one of them bears on health.
    pub matters: bool,
}

impl Missing {
    /// The gap of the first object, which knows its command and permission.
    pub fn example(&self) -> Gap {
        let about = self.about.first().cloned().unwrap_or_default();
        Gap::new(self.source, about, self.reason.clone())
    }
}

/// Gaps that made a check unknown or a finding uncertain, then failed readings that no check missed.
pub fn gaps(snapshot: &Snapshot, evaluation: &Evaluation) -> Vec<Missing> {
    type Entry = (BTreeSet<String>, BTreeSet<Code>);
    let mut all: BTreeMap<(Source, Reason), Entry> = BTreeMap::new();
    for (check, checked) in evaluation.all() {
        let missing = match checked {
            Err(gap) | Ok(Outcome::Unread(gap)) => std::slice::from_ref(gap),
            Ok(Outcome::Fail(finding) | Outcome::Note(finding)) => finding.settles.as_slice(),
            Ok(_) => &[],
        };
        for gap in missing {
            let entry = all.entry((gap.source, gap.reason.clone())).or_default();
            entry.0.insert(gap.about.clone());
            entry.1.insert(check.code);
        }
    }
    for gap in &snapshot.gaps {
        let entry = all.entry((gap.source, gap.reason.clone())).or_default();
        entry.0.insert(gap.about.clone());
    }
    let mut out: Vec<Missing> = all
        .into_iter()
        .map(|((source, reason), (about, codes))| Missing {
            source,
            reason,
            about: about.into_iter().filter(|name| !name.is_empty()).collect(),
            matters: codes.iter().any(|code| bears_on_health(*code)),
            would_decide: codes.into_iter().collect(),
        })
        .collect();
    out.sort_by_cached_key(|missing| {
        (
            !missing.matters,
            missing
                .would_decide
                .first()
                .copied()
                .unwrap_or(Code(u16::MAX)),
            missing.source,
            missing.reason.clone(),
        )
    });
    out
}

fn bears_on_health(code: Code) -> bool {
    CHECKS
        .iter()
        .any(|check| check.code == code && check.bearing == Bearing::Health)
}
