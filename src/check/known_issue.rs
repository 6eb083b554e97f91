//! Upstream defects as data on a check: said only when the check fired and a version that has the
//! defect runs, so that a link never stands in for a finding.

use crate::model::cilium::CiliumVersion;

/// Whose version decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The Cilium agent, of the nodes that the finding concerns.
    Cilium,
}

impl Component {
    /// The word used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Cilium => "cilium",
        }
    }
}

/// A version of a release: major, minor, patch.
pub type Release = (u16, u16, u16);

/// A defect that its project knows.
#[derive(Debug)]
pub struct KnownIssue {
    /// Whose defect.
    pub component: Component,
    /// The first release with the defect and the first without it, per release line, ascending.
    pub ranges: &'static [(Release, Release)],
    /// The issue or pull request.
    pub link: &'static str,
    /// What is wrong, one fragment without a full stop.
    pub summary: &'static str,
    /// The branch of the check that it explains: how [`Finding::decides`](super::Finding) of the branch ends.
    /// Empty for every finding of the check.
    pub branch: &'static str,
}

impl KnownIssue {
    /// Whether a version has the defect. Snapshots count as the release they lead to.
    pub fn affects(&self, version: &CiliumVersion) -> bool {
        let release = (version.major, version.minor, version.patch);
        self.ranges
            .iter()
            .any(|(from, before)| (*from..*before).contains(&release))
    }

    /// The ranges as `1.18.0 to before 1.18.1`, one per release line.
    pub fn range_texts(&self) -> Vec<String> {
        let text = |(major, minor, patch): Release| format!("{major}.{minor}.{patch}");
        self.ranges
            .iter()
            .map(|(from, before)| format!("{} to before {}", text(*from), text(*before)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Component, KnownIssue};
    use crate::model::cilium::CiliumVersion;

    #[test]
    fn a_range_ends_before_the_release_that_repairs_it() {
        let issue = KnownIssue {
            component: Component::Cilium,
            ranges: &[((1, 18, 0), (1, 18, 1)), ((1, 19, 0), (1, 19, 2))],
            link: "",
            summary: "",
            branch: "",
        };
        let affected = |text| issue.affects(&CiliumVersion::parse(text).unwrap());
        assert!(affected("1.18.0") && affected("v1.19.1") && affected("1.19.0-dev"));
        assert!(!affected("1.18.1") && !affected("1.19.2") && !affected("1.17.9"));
    }
}
