//! What the registry says of its checks, for formats that describe them beside their findings.

use crate::check::CHECKS;

/// A check as a reader of findings needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `l7-redirect-missing`.
    pub slug: &'static str,
    /// Hop, as in a finding.
    pub hop: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// One line.
    pub title: &'static str,
    /// The page that `explain` prints, Markdown.
    pub page: &'static str,
    /// The version of this program that brought it.
    pub since: &'static str,
}

/// The rule of a code such as `CLB6104`; none for codes of other versions.
pub fn rule(code: &str) -> Option<Rule> {
    let check = CHECKS.iter().find(|check| check.code.to_string() == code)?;
    Some(Rule {
        slug: check.slug,
        hop: check.hop.id(),
        severity: check.severity.id(),
        title: check.title,
        page: check.page,
        since: check.since,
    })
}
