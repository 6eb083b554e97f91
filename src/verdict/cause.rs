//! One cause, once: findings are grouped by what decides them.

use super::evaluate::{Evaluation, Result};
use super::predict::{TargetVerdict, is_sick};
use super::whatif::Proof;
use crate::check::finding::Change;
use crate::check::{Bearing, Check, Confidence, Evidence, Finding, Outcome};
use crate::path::Path;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What a group of findings means for the diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is the first thing that stops at least one target.
    Cause,
    /// It stops targets that something earlier already stops.
    Later,
    /// The check passes, and clients fail because of it.
    Clients,
    /// It would stop targets that AWS still reports healthy, and no sick one.
    Latent,
    /// It also condemns targets that AWS reports healthy, so it explains nothing.
    Refuted,
    /// Worth knowing.
    Note,
}

/// A target by path and position.
pub type TargetKey = (usize, usize);

/// Findings of one check that the same thing decides.
#[derive(Debug, Clone)]
pub struct Group {
    /// The check.
    pub check: &'static Check,
    /// The first finding; its message and fix stand for all.
    pub finding: Finding,
    /// All objects involved, sorted.
    pub objects: Vec<String>,
    /// All evidence, sorted, each once.
    pub evidence: Vec<Evidence>,
    /// The targets it concerns.
    pub targets: BTreeSet<TargetKey>,
    /// What it means.
    pub role: Role,
    /// Whether it stops what it concerns, or was only worth saying.
    pub fails: bool,
    /// What checking again with the fix applied says.
    pub proof: Option<Proof>,
    /// The changes of all findings, each once.
    pub changes: Vec<Change>,
}

impl Group {
    /// Whether targets fail because of it, unless it is refuted.
    pub fn blocks(&self) -> bool {
        self.fails && self.check.bearing == Bearing::Health
    }

    /// Whether it only guesses why targets fail.
    fn is_hint(&self) -> bool {
        !self.fails
            && self.check.bearing == Bearing::Health
            && self.finding.confidence == Confidence::Low
    }
}

/// Groups all findings, in order of code and of what decides them.
///
/// Blocking groups that also condemn targets that AWS reports healthy leave here as refuted, those
/// that condemn only such targets as latent; the other roles are assigned once targets are judged.
pub fn groups(paths: &[Path], evaluation: &Evaluation) -> Vec<Group> {
    let mut all: BTreeMap<(u16, bool, String), Group> = BTreeMap::new();
    let mut add = |(check, checked): &Result, targets: &mut dyn Iterator<Item = TargetKey>| {
        let (finding, fails) = match checked {
            Ok(Outcome::Fail(finding)) => (finding, true),
            Ok(Outcome::Note(finding)) => (finding, false),
            _ => return,
        };
        let key = (check.code.0, !fails, finding.decides.clone());
        let group = all.entry(key).or_insert_with(|| Group {
            check,
            finding: finding.clone(),
            objects: Vec::new(),
            evidence: Vec::new(),
            targets: BTreeSet::new(),
            role: Role::Note,
            fails,
            proof: None,
            changes: Vec::new(),
        });
        group.objects.extend(finding.objects.iter().cloned());
        group.evidence.extend(finding.evidence.iter().cloned());
        group.finding.confidence = group.finding.confidence.min(finding.confidence);
        group.changes.extend(
            finding
                .fix
                .iter()
                .flat_map(|fix| fix.changes.iter().cloned()),
        );
        group.targets.extend(targets);
    };
    let every = || keys(paths);
    for result in &evaluation.subject {
        add(result, &mut every());
    }
    for (path, results) in evaluation.paths.iter().enumerate() {
        for result in results {
            add(result, &mut every().filter(|(of, _)| *of == path));
        }
    }
    for (node, results) in &evaluation.nodes {
        let mut on_node = Vec::new();
        for (path, target) in every() {
            if paths[path].targets[target].node.as_ref() == Ok(node) {
                on_node.push((path, target));
            }
        }
        for result in results {
            add(result, &mut on_node.iter().copied());
        }
    }
    for (path, targets) in evaluation.targets.iter().enumerate() {
        for (target, results) in targets.iter().enumerate() {
            for result in results {
                add(result, &mut std::iter::once((path, target)));
            }
        }
    }
    all.into_values()
        .map(|group| settle(paths, group))
        .collect()
}

fn keys(paths: &[Path]) -> impl Iterator<Item = TargetKey> {
    paths
        .iter()
        .enumerate()
        .flat_map(|(path, of)| (0..of.targets.len()).map(move |target| (path, target)))
}

fn settle(paths: &[Path], mut group: Group) -> Group {
    group.objects.sort_unstable();
    group.objects.dedup();
    group.evidence.sort_unstable();
    group.evidence.dedup();
    group.changes.sort_unstable();
    group.changes.dedup();
    if group.blocks() {
        let states = || {
            group
                .targets
                .iter()
                .filter_map(|(path, target)| paths[*path].targets[*target].state())
        };
        let healthy = states().any(|state| state == "healthy");
        let sick = states().any(is_sick);
        let unreported = group
            .targets
            .iter()
            .any(|(path, target)| paths[*path].targets[*target].reported.is_none());
        group.role = match (healthy, sick || unreported) {
            (true, true) => Role::Refuted,
            (true, false) => Role::Latent,
            _ => Role::Note,
        };
    } else if group.fails && group.check.bearing == Bearing::Clients {
        group.role = Role::Clients;
    }
    group
}

/// Says which blocking groups are causes, and sorts: causes first, by hop, confidence and reach.
///
/// A hint about why targets fail is dropped where it is proven already why each of them does.
pub fn assign_roles(groups: &mut Vec<Group>, verdicts: &[Vec<TargetVerdict>]) {
    groups.retain(|group| {
        !group.is_hint()
            || group.targets.iter().any(|(path, target)| {
                let verdict = &verdicts[*path][*target];
                verdict.failed_hop.is_none() || verdict.by_design
            })
    });
    for group in groups.iter_mut() {
        if !group.blocks() || group.role != Role::Note {
            continue;
        }
        let first = group.targets.is_empty()
            || group.targets.iter().any(|(path, target)| {
                let verdict = &verdicts[*path][*target];
                verdict.failed_hop == Some(group.check.hop) && !verdict.by_design
            });
        group.role = if first { Role::Cause } else { Role::Later };
    }
    groups.sort_by_cached_key(|group| {
        (
            group.role,
            group.check.hop,
            Reverse(group.finding.confidence),
            Reverse(group.targets.len()),
            group.check.code,
            group.finding.decides.clone(),
        )
    });
}
