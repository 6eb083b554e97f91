//! What all renderings of a list count and call alike.

use super::sanitize::clean;
use super::words::count;
use crate::report::v1::{Diagnosis, DiagnosisList, Finding, Problem, SubjectName, Target};
use std::collections::{BTreeMap, BTreeSet};

/// The targets of a diagnosis by what is said of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// All of them.
    pub(super) of: usize,
    /// Reported healthy, or predicted so where AWS was not read.
    pub(super) healthy: usize,
    /// Unhealthy on purpose.
    pub(super) by_design: usize,
    /// Unhealthy although every hop that was read passes.
    pub(super) unexplained: usize,
    /// Whether AWS was read for any of them.
    pub(super) reported: bool,
}

impl Tally {
    pub(super) fn of(document: &Diagnosis) -> Self {
        let mut tally = Self::default();
        for target in document.paths.iter().flat_map(|path| &path.targets) {
            tally.of += 1;
            tally.healthy += usize::from(healthy(target));
            tally.by_design += usize::from(target.agreement == "by-design");
            tally.unexplained += usize::from(target.agreement == "unexplained");
            tally.reported |= target.reported.is_some();
        }
        tally
    }
}

fn healthy(target: &Target) -> bool {
    match &target.reported {
        Some(reported) => reported.state == "healthy",
        None => target.predicted == "healthy",
    }
}

/// Whether a role says that something is wrong now or will be; the others accompany.
pub(super) fn telling(role: &str) -> bool {
    matches!(role, "cause" | "clients" | "latent")
}

/// Findings of a diagnosis that nothing refutes, causes first.
pub(super) fn findings(document: &Diagnosis) -> impl Iterator<Item = &Finding> {
    let all = document.causes.iter().chain(&document.notes);
    all.filter(|finding| finding.role != "refuted")
}

/// Codes of what is wrong with a subject, each once; `unexplained` when nothing explains its targets.
pub(super) fn codes(document: &Diagnosis) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for finding in findings(document) {
        let shown = telling(&finding.role) && finding.state.as_deref() != Some("suppressed");
        if shown && !codes.contains(&finding.code) {
            codes.push(clean(&finding.code).into_owned());
        }
    }
    if Tally::of(document).unexplained > 0 {
        codes.push("unexplained".to_owned());
    }
    codes
}

/// Readings that are missing and would decide something.
pub(super) fn missing(document: &Diagnosis) -> usize {
    let gaps = document.gaps.iter();
    gaps.filter(|gap| !gap.would_decide.is_empty()).count()
}

/// The cluster of a diagnosis; empty where it is not known.
pub(super) fn cluster(document: &Diagnosis) -> &str {
    document.subject.context.as_deref().unwrap_or_default()
}

/// Whether subjects must be told apart by cluster.
pub(super) fn several_clusters(list: &DiagnosisList) -> bool {
    let of_items = list.items.iter().map(cluster);
    let named = list.clusters.iter().map(|cluster| cluster.name.as_str());
    of_items.chain(named).collect::<BTreeSet<_>>().len() > 1
}

/// `gateway/web`, as `why-unhealthy` takes it.
pub(super) fn kind_and_name(kind: &str, name: &str) -> String {
    format!("{}/{}", clean(kind).to_ascii_lowercase(), clean(name))
}

/// `gateway/web -n shop`, as `why-unhealthy` takes it, after the cluster where there are several.
pub(super) fn subject(name: &SubjectName, with_cluster: bool) -> String {
    let mut text = kind_and_name(&name.kind, &name.name);
    if !name.namespace.is_empty() {
        text = format!("{text} -n {}", clean(&name.namespace));
    }
    if with_cluster && !name.cluster.is_empty() {
        text = format!("{}: {text}", clean(&name.cluster));
    }
    text
}

/// The finding that a problem's first subject has.
pub(super) fn first_finding<'a>(list: &'a DiagnosisList, problem: &Problem) -> Option<&'a Finding> {
    let (subject, fingerprint) = (problem.subjects.first()?, problem.fingerprints.first()?);
    let of = list.items.iter().filter(|item| subject.names(item));
    of.flat_map(findings)
        .find(|finding| finding.fingerprint == *fingerprint)
}

/// `12 subjects in 3 clusters: 9 healthy, 2 unhealthy, 1 unknown`.
pub(super) fn subjects_line(list: &DiagnosisList) -> String {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &list.items {
        *verdicts.entry(item.verdict.as_str()).or_default() += 1;
    }
    let order = ["healthy", "degraded", "unhealthy", "unknown"];
    let counted: Vec<String> = order
        .iter()
        .filter_map(|verdict| verdicts.get(verdict).map(|n| format!("{n} {verdict}")))
        .collect();
    let mut text = count(list.items.len(), "subject");
    if list.clusters.len() > 1 {
        text += &format!(" in {}", count(list.clusters.len(), "cluster"));
    }
    if let Some(shard) = &list.shard {
        text += &format!(" (shard {} of {})", shard.index, shard.total);
    }
    if counted.is_empty() {
        text
    } else {
        format!("{text}: {}", counted.join(", "))
    }
}

/// Everything that was counted, in one line.
pub(super) fn totals(list: &DiagnosisList) -> String {
    let (problems, notes): (Vec<&Problem>, Vec<&Problem>) = list
        .problems
        .iter()
        .partition(|problem| telling(&problem.role));
    let mut parts = vec![
        subjects_line(list),
        count(problems.len(), "problem"),
        count(notes.len(), "note"),
    ];
    if let Some(baseline) = &list.baseline {
        parts.push(format!(
            "{} new, {} known, {} fixed since {}",
            baseline.new,
            baseline.known,
            baseline.fixed.len(),
            clean(&baseline.file)
        ));
    }
    if !list.suppressed.is_empty() {
        parts.push(format!(
            "{} suppressed",
            count(list.suppressed.len(), "finding")
        ));
    }
    let missing: usize = list.items.iter().map(missing).sum();
    if missing > 0 {
        parts.push(format!("{} missing", count(missing, "reading")));
    }
    let calls: u64 = list.run.calls.values().sum();
    if calls > 0 {
        parts.push(format!("{calls} calls in {:.1} s", list.run.seconds));
    }
    if list.run.incomplete {
        parts.push("incomplete: interrupted, or a slice is missing".to_owned());
    }
    parts.join(" · ")
}
