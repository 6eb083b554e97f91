//! Pure judgement: from outcomes to causes.
//!
//! For every target the evidence *predicts* health and AWS *reports* it; both
//! are compared. A finding that also condemns targets that AWS reports healthy
//! is refuted and never printed as the cause.

mod apply;
mod attribute;
pub mod cause;
pub mod contrast;
pub mod evaluate;
pub mod gaps;
pub mod hops;
pub mod impact;
pub mod predict;
pub mod whatif;

pub use cause::{Group, Role};
pub use contrast::Contrast;
pub use evaluate::Evaluation;
pub use gaps::Missing;
pub use hops::{HopLine, Status};
pub use predict::{Agreement, Overall, Predicted, TargetVerdict};
pub use whatif::Proof;

use crate::check::View;
use crate::model::Snapshot;
use crate::path::{Path, Subject, paths};

/// Everything that is judged about one subject.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// What it is about.
    pub subject: Subject,
    /// Its paths.
    pub paths: Vec<PathVerdict>,
    /// The word for the whole.
    pub overall: Overall,
    /// Causes, then everything else, each in order.
    pub groups: Vec<Group>,
    /// What separates healthy from sick targets.
    pub contrast: Vec<Contrast>,
    /// What the failure means for traffic.
    pub impact: Vec<String>,
    /// What was not read, and what it would have decided.
    pub gaps: Vec<Missing>,
    /// Facts by design, once each.
    pub expected: Vec<String>,
}

/// What is judged about one path.
#[derive(Debug, Clone)]
pub struct PathVerdict {
    /// The path.
    pub path: Path,
    /// One line per hop.
    pub hops: Vec<HopLine>,
    /// One entry per target, in the order of the path's targets.
    pub targets: Vec<TargetVerdict>,
}

/// Diagnoses a subject.
pub fn diagnose(snapshot: &Snapshot, subject: &Subject) -> Diagnosis {
    let all = paths(snapshot, subject);
    let view = View::new(snapshot, subject, &all);
    let evaluation = evaluate::evaluate(&view);
    let mut groups = cause::groups(&all, &evaluation);
    let verdicts = predict::targets(&all, &evaluation, &groups);
    cause::assign_roles(&mut groups, &verdicts);
    let overall = predict::overall(&all, &verdicts, &groups, &evaluation);
    let hops = hops::lines(&all, &evaluation, &groups);
    let proven = |group: &&mut Group| matches!(group.role, Role::Cause | Role::Clients);
    for group in groups.iter_mut().filter(proven) {
        group.proof = whatif::prove(snapshot, subject, &all, group, &verdicts);
    }
    Diagnosis {
        subject: subject.clone(),
        contrast: contrast::contrasts(&view, &verdicts),
        impact: impact::impact(&view, &verdicts),
        gaps: gaps::gaps(snapshot, &evaluation),
        expected: evaluation.expected(),
        overall,
        groups,
        paths: all
            .into_iter()
            .zip(hops)
            .zip(verdicts)
            .map(|((path, hops), targets)| PathVerdict {
                path,
                hops,
                targets,
            })
            .collect(),
    }
}
