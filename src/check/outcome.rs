//! What a check says.

use super::Finding;
use crate::model::Gap;

/// The result of a check over one subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The hop works; the text is the proof, in a few words.
    Pass(String),
    /// The hop works and something about it is worth saying.
    Note(Finding),
    /// The hop fails.
    Fail(Finding),
    /// The hop fails by design; the text says by whose.
    Expected(String),
    /// The question does not arise; the text says why.
    NotApplicable(String),
    /// The health check does not depend on it, but clients do, and what would tell was not read.
    Unread(Gap),
}

/// An outcome, or the gap that makes it unknown.
pub type Checked = Result<Outcome, Gap>;

/// A pass with its proof.
pub fn pass(proof: impl Into<String>) -> Checked {
    Ok(Outcome::Pass(proof.into()))
}

/// A question that does not arise.
pub fn not_applicable(why: impl Into<String>) -> Checked {
    Ok(Outcome::NotApplicable(why.into()))
}

/// A failure.
pub fn fail(finding: Finding) -> Checked {
    Ok(Outcome::Fail(finding))
}
