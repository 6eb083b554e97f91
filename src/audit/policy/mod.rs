//! What people decided about findings: those they live with for a reason, and those that were there before.
//!
//! A suppression or a baseline never removes a finding: it gives it a state, and only findings without one, and new
//! ones, count. "Now" is the time of the evidence, so that the same documents always say the same.

mod annotation;
mod baseline;
mod file;
mod pattern;
mod ruling;
mod stale;
mod suppression;

pub use baseline::{Baseline, BaselineError};
pub use file::{SuppressionsError, suppressions};
pub use pattern::{InvalidPattern, Pattern};
pub use suppression::Suppression;

pub(super) use annotation::KEY;
pub(super) use ruling::Ruling;

use crate::report::v1::DiagnosisList;

/// The decisions that an audit heeds.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Suppressions of a file, in its order.
    pub suppressions: Vec<Suppression>,
    /// The findings of an earlier run.
    pub baseline: Option<Baseline>,
}

/// Brings what a list says of suppressions and its baseline in line with its items and clusters.
pub(super) fn settle(list: &mut DiagnosisList) {
    stale::settle(list);
    baseline::settle(list);
}
