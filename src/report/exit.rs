//! Exit codes: the same in every format.

use super::v1::{Diagnosis, DiagnosisList, Finding};
use std::fmt;
use std::str::FromStr;

/// Slugs of the findings that say that nobody needs the subject.
const ORPHANED: [&str; 2] = ["orphaned-load-balancer", "orphaned-target-group"];

/// What the process exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Nothing at or above the threshold.
    Ok = 0,
    /// Findings at or above it, or targets unhealthy for no visible reason.
    Findings = 1,
    /// Wrong usage.
    Usage = 2,
    /// Nothing found, and something that could have decided was not read.
    Incomplete = 3,
    /// Could not diagnose at all.
    Failed = 4,
    /// Interrupted; the partial result was printed.
    Interrupted = 130,
}

/// The severity from which findings make the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailOn {
    /// Everything counts.
    Info,
    /// Warnings and errors count.
    Warning,
    /// Errors count.
    #[default]
    Error,
    /// Nothing counts.
    Never,
}

impl FailOn {
    /// Whether findings of a severity make the exit code 1.
    fn counts(self, severity: &str) -> bool {
        match severity {
            "error" => self <= Self::Error,
            "warning" => self <= Self::Warning,
            _ => self == Self::Info,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "info" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            "never" => Ok(Self::Never),
            _ => Err(format!(
                "{text:?} is no severity: expected info, warning, error or never"
            )),
        }
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Never => "never",
        })
    }
}

/// The exit code of a diagnosis.
pub fn exit(document: &Diagnosis, fail_on: FailOn) -> Exit {
    if fail_on == FailOn::Never {
        return Exit::Ok;
    }
    if decisive(document, fail_on).is_some() {
        return Exit::Findings;
    }
    if left_over(document).is_some() {
        return if document.run.incomplete {
            Exit::Incomplete
        } else {
            Exit::Ok
        };
    }
    let agreements = || {
        document
            .paths
            .iter()
            .flat_map(|path| &path.targets)
            .map(|target| {
                (
                    target.agreement.as_str(),
                    target
                        .reported
                        .as_ref()
                        .map(|reported| reported.state.as_str()),
                )
            })
    };
    if agreements().any(|(agreement, _)| agreement == "unexplained") {
        return Exit::Findings;
    }
    // A target that AWS reports healthy is decided; what was not read cannot make it less so.
    let undecided =
        agreements().any(|(agreement, state)| agreement == "undecided" && state != Some("healthy"));
    if document.verdict == "unknown" || undecided || document.run.incomplete {
        return Exit::Incomplete;
    }
    if matches!(document.verdict.as_str(), "unhealthy" | "degraded") && !accounted(document) {
        return Exit::Findings;
    }
    Exit::Ok
}

/// The first finding that makes the exit code 1 whatever the verdict is.
pub fn decisive(document: &Diagnosis, fail_on: FailOn) -> Option<&Finding> {
    let decides = |finding: &&Finding| counted(finding) && fail_on.counts(&finding.severity);
    match left_over(document) {
        Some(orphan) => Some(orphan).filter(decides),
        None => {
            let notes = document.notes.iter().filter(|note| note.role != "refuted");
            document.causes.iter().chain(notes).find(decides)
        }
    }
}

/// Whether a finding counts: not one that was there before, nor one that somebody decided to live with.
pub fn counted(finding: &Finding) -> bool {
    !matches!(finding.state.as_deref(), Some("known" | "suppressed"))
}

/// Whether everything that the verdict rests on is known or suppressed, so that nobody has to do anything about it.
/// Targets that nothing explains are never: no finding names their cause.
fn accounted(document: &Diagnosis) -> bool {
    blamed(document).next().is_some() && !blamed(document).any(counted)
}

/// The findings that the verdict rests on: what stops the health check, and what clients meet although it passes.
pub fn blamed(document: &Diagnosis) -> impl Iterator<Item = &Finding> {
    let clients = document.notes.iter().filter(|note| note.role == "clients");
    document.causes.iter().chain(clients)
}

/// What says that nobody needs the subject: an orphaned load balancer or target group.
///
/// Its health is nobody's concern then, so the severity of this finding alone counts.
fn left_over(document: &Diagnosis) -> Option<&Finding> {
    let mut notes = document.notes.iter();
    notes.find(|note| ORPHANED.contains(&note.slug.as_str()))
}

/// The exit code of an audit: findings beat what was not read; a cluster that did not answer is incomplete,
/// and an audit of which none did could not be diagnosed.
pub fn exit_of_list(list: &DiagnosisList, fail_on: FailOn) -> Exit {
    let failed = list
        .clusters
        .iter()
        .filter(|cluster| cluster.error.is_some());
    let failed = failed.count();
    if failed > 0 && failed == list.clusters.len() && list.items.is_empty() {
        return Exit::Failed;
    }
    let worst = list.items.iter().map(|item| exit(item, fail_on));
    let worst: Vec<Exit> = worst.collect();
    // A list that was joined without all of its slices is as partial as one of which a cluster did not answer.
    let partial = failed > 0 || list.run.incomplete;
    if worst.contains(&Exit::Findings) {
        Exit::Findings
    } else if fail_on != FailOn::Never && (partial || worst.contains(&Exit::Incomplete)) {
        Exit::Incomplete
    } else {
        Exit::Ok
    }
}
