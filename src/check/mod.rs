//! Checks: pure functions over one subject, each with a code, a page and three scenarios.
//!
//! The registry is one ordered table of static records. `?` on a missing fact
//! makes a check unknown, so a permission error can never read as healthy.

pub mod code;
pub mod finding;
pub mod hop;
pub mod known_issue;
pub mod outcome;
pub mod registry;
pub mod view;

pub mod balancer;
pub mod datapath;
pub mod network;
pub mod node;
pub mod objects;
pub mod proxy;
pub mod target_group;
pub mod workload;

pub use code::Code;
pub use finding::{Change, Confidence, Evidence, Finding, Fix, Layer, Risk};
pub use hop::{Hop, Severity};
pub use known_issue::KnownIssue;
pub use outcome::{Checked, Outcome};
pub use registry::CHECKS;
pub use view::View;

use crate::model::Source;
use crate::path::{Path, Target};

/// What a failing check means for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// The health check fails.
    Health,
    /// The health check passes and clients fail.
    Clients,
    /// Neither; worth knowing.
    Hygiene,
}

/// The subject of a check, with the function.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// Once for the whole diagnosis.
    Subject(fn(&View<'_>) -> Checked),
    /// Once per Service port and target group.
    Path(fn(&View<'_>, &Path) -> Checked),
    /// Once per node that is a target.
    Node(fn(&View<'_>, &str) -> Checked),
    /// Once per target of a path.
    Target(fn(&View<'_>, &Path, &Target) -> Checked),
}

/// A check.
#[derive(Debug)]
pub struct Check {
    /// `CLB6104`; the thousands digit is the hop.
    pub code: Code,
    /// `l7-redirect-missing`: states the defect.
    pub slug: &'static str,
    /// Where on the path it looks.
    pub hop: Hop,
    /// How bad a failure is.
    pub severity: Severity,
    /// What a failure means for the target.
    pub bearing: Bearing,
    /// One line, lower case, without a full stop.
    pub title: &'static str,
    /// The version of this program that brought it.
    pub since: &'static str,
    /// Every kind of reading the function may consult.
    pub needs: &'static [Source],
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Upstream defects that make it fail, said only of versions that have them.
    pub known_issues: &'static [KnownIssue],
    /// The function.
    pub run: Run,
}
