//! Upstream defects of the versions that run where a check fired.

use super::v1;
use crate::check::known_issue::{Component, KnownIssue};
use crate::model::Snapshot;
use crate::model::cilium::CiliumVersion;
use crate::verdict::{Diagnosis, Group};
use std::collections::BTreeSet;

/// The known issues of a group's check that the running versions have, in the order of the check.
pub(super) fn known(
    snapshot: &Snapshot,
    verdict: &Diagnosis,
    group: &Group,
) -> Vec<v1::KnownIssue> {
    let versions = versions(snapshot, verdict, group);
    group
        .check
        .known_issues
        .iter()
        .filter(|issue| group.finding.decides.ends_with(issue.branch))
        .filter_map(|issue| running(issue, &versions).map(|running| converted(issue, running)))
        .collect()
}

/// The versions of the agents that the finding concerns; of all of them when it concerns no target.
fn versions<'a>(
    snapshot: &'a Snapshot,
    verdict: &Diagnosis,
    group: &Group,
) -> BTreeSet<&'a CiliumVersion> {
    let nodes: BTreeSet<&String> = group
        .targets
        .iter()
        .filter_map(|(path, target)| {
            verdict.paths[*path].path.targets[*target]
                .node
                .as_ref()
                .ok()
        })
        .collect();
    snapshot
        .agents
        .iter()
        .filter(|(node, _)| group.targets.is_empty() || nodes.contains(node))
        .filter_map(|(_, agent)| agent.version.as_ref().ok())
        .map(|version| &version.value)
        .collect()
}

fn running(issue: &KnownIssue, versions: &BTreeSet<&CiliumVersion>) -> Option<Vec<String>> {
    let running: Vec<String> = match issue.component {
        Component::Cilium => versions
            .iter()
            .filter(|version| issue.affects(version))
            .map(ToString::to_string)
            .collect(),
    };
    (!running.is_empty()).then_some(running)
}

fn converted(issue: &KnownIssue, running: Vec<String>) -> v1::KnownIssue {
    v1::KnownIssue {
        component: issue.component.id().to_owned(),
        running,
        ranges: issue.range_texts(),
        link: issue.link.to_owned(),
        summary: issue.summary.to_owned(),
    }
}
