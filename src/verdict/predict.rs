//! What the evidence predicts for each target, against what AWS reports.

use super::cause::{Group, Role};
use super::evaluate::Evaluation;
use crate::check::{Bearing, Code, Hop, Outcome};
use crate::path::Path;
use std::collections::BTreeSet;

/// What the evidence predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Predicted {
    /// Every hop passes.
    Healthy,
    /// A hop fails.
    Unhealthy,
    /// No hop fails and at least one was not read.
    Unknown,
}

/// Prediction against report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Both say the same.
    Explained,
    /// AWS says unhealthy and every hop passes.
    Unexplained,
    /// Predicted unhealthy and still reported healthy.
    Latent,
    /// Some hop is unknown, or nothing is reported.
    Undecided,
    /// Fails on purpose.
    ByDesign,
}

/// The word for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// All targets that should be healthy are.
    Healthy,
    /// Some are not, or clients fail although they are.
    Degraded,
    /// None is, or there is nothing that could be.
    Unhealthy,
    /// The evidence does not say.
    Unknown,
}

/// What is judged about one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetVerdict {
    /// Prediction.
    pub predicted: Predicted,
    /// Comparison with the report.
    pub agreement: Agreement,
    /// The earliest hop that fails.
    pub failed_hop: Option<Hop>,
    /// Whether it fails on purpose.
    pub by_design: bool,
    /// Codes of everything that blocks it, in order of the path.
    pub codes: Vec<Code>,
    /// Codes of what could not be read.
    pub unknown: Vec<Code>,
    /// Whether AWS reports it as not healthy, or, where AWS was not read, the prediction is unhealthy.
    ///
    /// AWS says `initial` while it registers a target and makes its first checks: nothing is wrong with
    /// that until a hop is proven to fail, such as a load balancer that never became active.
    pub sick: bool,
}

/// Whether a state by itself means that the target gets no checks passed.
///
/// `initial` and `draining` are transitions; states this program does not know are not judged. An
/// `initial` target is sick only together with a hop that is proven to fail, see [`TargetVerdict::sick`].
pub fn is_sick(state: &str) -> bool {
    matches!(
        state,
        "unhealthy" | "unused" | "unavailable" | "unhealthy.draining"
    )
}

/// Judges every target.
pub fn targets(
    paths: &[Path],
    evaluation: &Evaluation,
    groups: &[Group],
) -> Vec<Vec<TargetVerdict>> {
    let of_role = |role: Role| -> BTreeSet<(Code, &str)> {
        groups
            .iter()
            .filter(|group| group.role == role)
            .map(|group| (group.check.code, group.finding.decides.as_str()))
            .collect()
    };
    let doubted = Doubted {
        refuted: of_role(Role::Refuted),
        latent: of_role(Role::Latent),
    };
    paths
        .iter()
        .enumerate()
        .map(|(path, of)| {
            (0..of.targets.len())
                .map(|target| {
                    judge(
                        of.targets[target].state(),
                        evaluation,
                        path,
                        target,
                        &doubted,
                    )
                })
                .collect()
        })
        .collect()
}

/// Findings that also condemn targets that AWS reports healthy, by code and what decides them.
struct Doubted<'a> {
    refuted: BTreeSet<(Code, &'a str)>,
    latent: BTreeSet<(Code, &'a str)>,
}

fn judge(
    state: Option<&str>,
    evaluation: &Evaluation,
    path: usize,
    target: usize,
    doubted: &Doubted<'_>,
) -> TargetVerdict {
    let mut codes = Vec::new();
    let mut unknown = Vec::new();
    let mut failed_hop = None;
    let mut by_design = false;
    let mut proven = false;
    for (check, checked) in evaluation.of_target(path, target) {
        if check.bearing != Bearing::Health {
            continue;
        }
        match checked {
            Ok(Outcome::Fail(finding))
                if !doubted
                    .refuted
                    .contains(&(check.code, finding.decides.as_str())) =>
            {
                codes.push(check.code);
                proven |= !doubted
                    .latent
                    .contains(&(check.code, finding.decides.as_str()));
                failed_hop.get_or_insert(check.hop);
            }
            Ok(Outcome::Expected(_)) => {
                by_design |= failed_hop.is_none();
                failed_hop.get_or_insert(check.hop);
            }
            Err(_) => unknown.push(check.code),
            Ok(_) => {}
        }
    }
    let predicted = match (failed_hop, unknown.is_empty()) {
        (Some(_), _) => Predicted::Unhealthy,
        (None, true) => Predicted::Healthy,
        (None, false) => Predicted::Unknown,
    };
    let sick = match state {
        Some("initial") => proven && !by_design,
        Some(state) => is_sick(state),
        None => predicted == Predicted::Unhealthy,
    };
    let agreement = match (state, predicted) {
        (Some("healthy"), Predicted::Healthy) => Agreement::Explained,
        (Some("healthy"), Predicted::Unhealthy) => Agreement::Latent,
        (_, Predicted::Unhealthy) if by_design => Agreement::ByDesign,
        (Some(_), Predicted::Unhealthy) if sick => Agreement::Explained,
        (Some(state), Predicted::Healthy) if is_sick(state) => Agreement::Unexplained,
        _ => Agreement::Undecided,
    };
    TargetVerdict {
        predicted,
        agreement,
        failed_hop,
        by_design,
        codes,
        unknown,
        sick,
    }
}

/// The word for the whole diagnosis.
pub fn overall(
    paths: &[Path],
    verdicts: &[Vec<TargetVerdict>],
    groups: &[Group],
    evaluation: &Evaluation,
) -> Overall {
    let counted = || {
        verdicts
            .iter()
            .flatten()
            .filter(|verdict| !verdict.by_design)
    };
    let total = counted().count();
    let sick = counted().filter(|verdict| verdict.sick).count();
    let clients = groups.iter().any(|group| {
        group.role == Role::Clients && group.check.severity == crate::check::Severity::Error
    });
    // A path without targets that something blocks, such as a missing listener, is as dead as it gets.
    let empty: Vec<bool> = paths
        .iter()
        .zip(verdicts)
        .enumerate()
        .filter(|(_, (_, targets))| targets.is_empty())
        .map(|(path, _)| blocked(evaluation, path))
        .collect();
    let dead = empty.iter().filter(|blocked| **blocked).count();
    if paths.is_empty() {
        let blocked = groups.iter().any(|group| group.role == Role::Cause);
        return if blocked {
            Overall::Unhealthy
        } else {
            Overall::Unknown
        };
    }
    let healthy = paths
        .iter()
        .zip(verdicts)
        .flat_map(|(path, targets)| path.targets.iter().zip(targets))
        .filter(|(target, verdict)| match target.state() {
            Some(state) => state == "healthy",
            None => verdict.predicted == Predicted::Healthy,
        })
        .count();
    // What AWS did not report and the evidence does not tell never reads as healthy.
    let unread = paths
        .iter()
        .zip(verdicts)
        .flat_map(|(path, targets)| path.targets.iter().zip(targets))
        .any(|(target, verdict)| {
            target.state().is_none() && verdict.predicted == Predicted::Unknown
        });
    match (healthy, sick + dead) {
        // Failing by design needs somebody who does not fail.
        (0, 0) if total == 0 && verdicts.iter().flatten().any(|verdict| verdict.sick) => {
            Overall::Unhealthy
        }
        (0, 0) => Overall::Unknown,
        (0, _) => Overall::Unhealthy,
        (_, 0) if clients => Overall::Degraded,
        (_, 0) if unread => Overall::Unknown,
        (_, 0) => Overall::Healthy,
        _ => Overall::Degraded,
    }
}

fn blocked(evaluation: &Evaluation, path: usize) -> bool {
    evaluation.of_path(path).any(|(check, checked)| {
        check.bearing == Bearing::Health && matches!(checked, Ok(Outcome::Fail(_)))
    })
}
