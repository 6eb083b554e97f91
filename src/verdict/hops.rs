//! One line per hop of a path.

use super::cause::{Group, Role};
use super::evaluate::{Evaluation, Result};
use crate::check::hop::HOPS;
use crate::check::{Bearing, Code, Hop, Outcome};
use crate::path::Path;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The question does not arise.
    NotApplicable,
    /// It works.
    Pass,
    /// It fails by design.
    Expected,
    /// Something that would decide was not read.
    Unknown,
    /// It fails.
    Fail,
}

/// A hop of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopLine {
    /// Which.
    pub hop: Hop,
    /// The worst of its checks.
    pub status: Status,
    /// What works, one text per check, with counts where it is not for all targets.
    pub proofs: Vec<String>,
    /// The codes that give the hop its state: those that fail, else are unknown, else fail by design.
    pub codes: Vec<Code>,
}

/// The hops of every path, in order.
pub fn lines(paths: &[Path], evaluation: &Evaluation, groups: &[Group]) -> Vec<Vec<HopLine>> {
    let refuted: BTreeSet<(Code, &str)> = groups
        .iter()
        .filter(|group| group.role == Role::Refuted)
        .map(|group| (group.check.code, group.finding.decides.as_str()))
        .collect();
    (0..paths.len())
        .map(|path| {
            let whole: Vec<&Result> = evaluation.of_path(path).collect();
            let each: Vec<Vec<&Result>> = (0..paths[path].targets.len())
                .map(|target| evaluation.of_target(path, target))
                .collect();
            HOPS.iter()
                .filter(|hop| **hop != Hop::Tool)
                .map(|hop| line(*hop, &whole, &each, &refuted))
                .collect()
        })
        .collect()
}

/// The proofs of one check: text to number of targets.
type Proofs<'a> = BTreeMap<Code, BTreeMap<&'a str, usize>>;

fn line(
    hop: Hop,
    whole: &[&Result],
    each: &[Vec<&Result>],
    refuted: &BTreeSet<(Code, &str)>,
) -> HopLine {
    let mut status = Status::NotApplicable;
    let mut failing = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    let mut expected = BTreeSet::new();
    let mut proofs: Proofs<'_> = BTreeMap::new();
    // A path without targets still has hops: then only what concerns the whole path speaks.
    let rows: Vec<&[&Result]> = if each.is_empty() {
        vec![whole]
    } else {
        each.iter().map(Vec::as_slice).collect()
    };
    for row in &rows {
        for (check, checked) in row.iter().filter(|(check, _)| check.hop == hop) {
            if check.bearing != Bearing::Health {
                continue;
            }
            let seen = match checked {
                Ok(Outcome::Fail(finding))
                    if refuted.contains(&(check.code, finding.decides.as_str())) =>
                {
                    continue;
                }
                Ok(Outcome::Fail(_)) => {
                    failing.insert(check.code);
                    Status::Fail
                }
                Ok(Outcome::Pass(proof)) => {
                    *proofs
                        .entry(check.code)
                        .or_default()
                        .entry(proof.as_str())
                        .or_default() += 1;
                    Status::Pass
                }
                Ok(Outcome::Note(_)) => Status::Pass,
                Ok(Outcome::Expected(_)) => {
                    expected.insert(check.code);
                    Status::Expected
                }
                Ok(Outcome::NotApplicable(_)) => Status::NotApplicable,
                Err(_) | Ok(Outcome::Unread(_)) => {
                    unknown.insert(check.code);
                    Status::Unknown
                }
            };
            status = status.max(seen);
        }
    }
    HopLine {
        hop,
        status,
        proofs: prove(&proofs, rows.len()),
        codes: match status {
            Status::Fail => failing,
            Status::Unknown => unknown,
            Status::Expected => expected,
            Status::Pass | Status::NotApplicable => BTreeSet::new(),
        }
        .into_iter()
        .collect(),
    }
}

/// The proofs that speak for the hop: each check's most frequent one, with counts when not for all.
fn prove(proofs: &Proofs<'_>, rows: usize) -> Vec<String> {
    let mut parts = Vec::new();
    for texts in proofs.values() {
        let total: usize = texts.values().sum();
        let Some((text, _)) = texts
            .iter()
            .max_by_key(|(text, count)| (**count, std::cmp::Reverse(**text)))
        else {
            continue;
        };
        let part = if total == rows {
            (*text).to_owned()
        } else {
            format!("{text} ({total} of {rows})")
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}
