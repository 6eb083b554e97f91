//! Fixes are proven or labelled unproven: all checks run again with the change applied.

use super::cause::Group;
use super::predict::{Predicted, TargetVerdict};
use super::{apply, cause, evaluate, predict};
use crate::check::finding::Change;
use crate::check::{Code, View};
use crate::model::Snapshot;
use crate::path::{Path, Subject, Target, paths};
use std::collections::BTreeSet;

/// What checking again says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// `Some(true)`: every target of the cause is then predicted healthy. `Some(false)`: something else
    /// stops at least one. `None`: the cause is gone and something unread decides the rest.
    pub verified: Option<bool>,
    /// Targets of the cause that are then predicted healthy.
    pub healthy: usize,
    /// Targets of the cause.
    pub of: usize,
    /// Codes that would still stop them.
    pub remaining: Vec<Code>,
    /// Seconds until the last of them counts as healthy, where the target groups say so.
    pub seconds: Option<u32>,
}

/// Runs all checks with the group's changes applied; `None` when the fix cannot be expressed.
///
/// `all` and `before` are the paths and verdicts without the changes. Targets that the fix registers
/// count as targets of the cause.
pub fn prove(
    snapshot: &Snapshot,
    subject: &Subject,
    all: &[Path],
    group: &Group,
    before: &[Vec<TargetVerdict>],
) -> Option<Proof> {
    let registers = group
        .changes
        .iter()
        .any(|change| matches!(change, Change::TargetRegistered { .. }));
    if group.changes.is_empty() || (group.targets.is_empty() && !registers) {
        return None;
    }
    let mut changed = snapshot.clone();
    for change in &group.changes {
        apply::apply(&mut changed, change);
    }
    let paths = paths(&changed, subject);
    let view = View::new(&changed, subject, &paths);
    let evaluation = evaluate::evaluate(&view);
    let groups = cause::groups(&paths, &evaluation);
    let after = predict::targets(&paths, &evaluation, &groups);
    let mut tally = Tally::default();
    let still = groups.iter().any(|other| {
        other.fails
            && other.check.code == group.check.code
            && other.finding.decides == group.finding.decides
    });
    if still {
        tally.remaining.insert(group.check.code);
    }
    for (path, (now, verdicts)) in paths.iter().zip(&after).enumerate() {
        for (target, verdict) in now.targets.iter().zip(verdicts) {
            let was = all.get(path).and_then(|then| {
                then.targets.iter().position(|other| {
                    other.id == target.id && port_after(group, then, other) == target.port
                })
            });
            match was {
                Some(at) if group.targets.contains(&(path, at)) => tally.wanted(verdict),
                Some(at) => tally.bystander(before.get(path).and_then(|of| of.get(at)), verdict),
                None => tally.wanted(verdict),
            }
        }
    }
    Some(Proof {
        verified: match (tally.remaining.is_empty(), tally.unknown) {
            (false, _) => Some(false),
            (true, 0) => Some(true),
            (true, _) => None,
        },
        healthy: tally.healthy,
        of: tally.of,
        remaining: tally.remaining.into_iter().collect(),
        seconds: seconds(&view, group),
    })
}

/// The port that a target has once the changes of a group are made.
fn port_after(group: &Group, path: &Path, target: &Target) -> u16 {
    let name = path.target_group.found();
    group
        .changes
        .iter()
        .find_map(|change| match change {
            Change::TargetPort {
                region,
                group,
                id,
                from,
                to,
            } if *id == target.id
                && *from == target.port
                && name.is_some_and(|name| (&name.region, &name.name) == (region, group)) =>
            {
                Some(*to)
            }
            _ => None,
        })
        .unwrap_or(target.port)
}

/// Targets after a change, counted.
#[derive(Default)]
struct Tally {
    of: usize,
    healthy: usize,
    unknown: usize,
    remaining: BTreeSet<Code>,
}

impl Tally {
    /// A target that the change is for.
    fn wanted(&mut self, verdict: &TargetVerdict) {
        self.of += 1;
        match verdict.predicted {
            Predicted::Healthy => self.healthy += 1,
            Predicted::Unknown => self.unknown += 1,
            Predicted::Unhealthy if verdict.by_design => self.healthy += 1,
            Predicted::Unhealthy => self.remaining.extend(verdict.codes.iter().copied()),
        }
    }

    /// Any other target: a fix that breaks what works today is no fix.
    fn bystander(&mut self, before: Option<&TargetVerdict>, now: &TargetVerdict) {
        if before.is_some_and(|before| before.predicted == Predicted::Healthy)
            && now.predicted == Predicted::Unhealthy
        {
            self.remaining.extend(now.codes.iter().copied());
        }
    }
}

/// The longest interval × threshold of the target groups involved.
fn seconds(view: &View<'_>, group: &Group) -> Option<u32> {
    let registers = |path: &Path| {
        let name = path.target_group.found();
        group.changes.iter().any(|change| {
            matches!(change, Change::TargetRegistered { region, group, .. }
                if name.is_some_and(|name| (&name.region, &name.name) == (region, group)))
        })
    };
    let involved: BTreeSet<usize> = group
        .targets
        .iter()
        .map(|(path, _)| *path)
        .chain((0..view.paths().len()).filter(|path| registers(&view.paths()[*path])))
        .collect();
    involved
        .into_iter()
        .map(|path| {
            let name = view.paths()[path].target_group.found()?;
            let region = view.region(name, crate::model::Source::TargetGroups).ok()?;
            region.target_group(&name.name).ok()?.seconds_to_healthy()
        })
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .max()
}
