//! An earlier audit to compare with: only what is new since then counts, and what is gone is listed as fixed.

use crate::audit::documents::{self, DocumentError};
use crate::audit::reduce::Reduced;
use crate::audit::roll::Roll;
use crate::report::v1::{Diagnosis, DiagnosisList, Finding, Fixed, SubjectName};
use std::collections::{BTreeMap, BTreeSet};

/// The findings of an earlier run.
///
/// Those that were suppressed then are not among them: a suppression that ends must be felt. Nor are refuted ones.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    pub(super) file: String,
    /// By cluster, then by fingerprint.
    clusters: BTreeMap<String, BTreeMap<String, Earlier>>,
}

#[derive(Debug, Clone)]
struct Earlier {
    subject: SubjectName,
    /// What decides the slice of its subject: the Service behind it, or itself.
    belongs: SubjectName,
    code: String,
    severity: String,
    message: String,
}

/// A baseline that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file} is no baseline: {error}; write one with `kubectl cilium-lb audit -o json > {file}`"
)]
pub struct BaselineError {
    /// The file.
    pub file: String,
    /// Why.
    pub error: DocumentError,
}

impl Baseline {
    /// Reads what an audit or `why-unhealthy` printed as `json` or `jsonl`, from a file called `file`.
    ///
    /// # Errors
    /// When the text is something else or of another version.
    pub fn read(file: &str, text: &str) -> Result<Self, BaselineError> {
        let parts = documents::read(text).map_err(|error| BaselineError {
            file: file.to_owned(),
            error,
        })?;
        let mut clusters: BTreeMap<String, BTreeMap<String, Earlier>> = BTreeMap::new();
        for item in parts.iter().flat_map(|part| &part.list.items) {
            for finding in counted(item) {
                if finding.state.as_deref() != Some("suppressed") {
                    let earlier = Earlier::of(item, finding);
                    let of = clusters.entry(earlier.subject.cluster.clone());
                    of.or_default().insert(finding.fingerprint.clone(), earlier);
                }
            }
        }
        Ok(Self {
            file: file.to_owned(),
            clusters,
        })
    }

    /// `known` for a finding of `cluster` that was there and no less severe, else `new`.
    pub(super) fn state(&self, cluster: &str, finding: &Finding) -> &'static str {
        let of = self.clusters.get(cluster);
        match of.and_then(|of| of.get(&finding.fingerprint)) {
            Some(earlier) if rank(&finding.severity) <= rank(&earlier.severity) => "known",
            _ => "new",
        }
    }

    /// What is gone of a cluster that was read, and proven to be.
    pub(super) fn fixed(&self, reduced: &Reduced) -> Vec<Fixed> {
        let Some(of) = self.clusters.get(&reduced.cluster.name) else {
            return Vec::new();
        };
        let there = fingerprints(&reduced.items);
        let items = reduced.items.iter();
        let items: BTreeMap<SubjectName, &Diagnosis> =
            items.map(|item| (SubjectName::of(item), item)).collect();
        of.iter()
            .filter(|(fingerprint, earlier)| {
                !there.contains(&(earlier.subject.cluster.as_str(), fingerprint.as_str()))
            })
            .filter(|(_, earlier)| match items.get(&earlier.subject) {
                Some(item) => decided(item, &earlier.code),
                None => earlier.is_gone(&reduced.roll),
            })
            // What only informs needed no mending.
            .filter(|(_, earlier)| earlier.severity != "info")
            .map(|(fingerprint, earlier)| Fixed {
                subject: earlier.subject.clone(),
                code: earlier.code.clone(),
                fingerprint: fingerprint.clone(),
                message: earlier.message.clone(),
            })
            .collect()
    }
}

impl Earlier {
    fn of(item: &Diagnosis, finding: &Finding) -> Self {
        let subject = SubjectName::of(item);
        Self {
            belongs: SubjectName::of_service(item).unwrap_or_else(|| subject.clone()),
            subject,
            code: finding.code.clone(),
            severity: finding.severity.clone(),
            message: finding.message.clone(),
        }
    }

    /// Whether its subject is proven to be gone from what was audited.
    fn is_gone(&self, roll: &Roll) -> bool {
        let SubjectName {
            cluster,
            namespace,
            name,
            ..
        } = &self.belongs;
        roll.scope.has(&self.subject.namespace)
            && roll.scope.holds(cluster, namespace, name)
            && roll.lacks(&self.subject)
    }
}

/// Counts the states of the list's findings, and takes back what is there after all: two documents may tell of one
/// cluster.
pub(super) fn settle(list: &mut DiagnosisList) {
    let there = fingerprints(&list.items);
    let Some(baseline) = &mut list.baseline else {
        return;
    };
    let count = |state: &str| {
        let findings = list.items.iter().flat_map(counted);
        findings
            .filter(|finding| finding.state.as_deref() == Some(state))
            .count()
    };
    baseline.new = count("new");
    baseline.known = count("known");
    baseline.fixed.retain(|fixed| {
        !there.contains(&(fixed.subject.cluster.as_str(), fixed.fingerprint.as_str()))
    });
}

/// Whether everything that the check of `code` needs of the subject was read.
fn decided(item: &Diagnosis, code: &String) -> bool {
    !item.run.incomplete && !item.gaps.iter().any(|gap| gap.would_decide.contains(code))
}

/// The findings that can be problems.
fn counted(item: &Diagnosis) -> impl Iterator<Item = &Finding> {
    let findings = item.causes.iter().chain(&item.notes);
    findings.filter(|finding| finding.role != "refuted")
}

/// Cluster and fingerprint of all findings, refuted ones too: they are still there.
fn fingerprints(items: &[Diagnosis]) -> BTreeSet<(&str, &str)> {
    let findings = items.iter().flat_map(|item| {
        let cluster = item.subject.context.as_deref().unwrap_or_default();
        let findings = item.causes.iter().chain(&item.notes);
        findings.map(move |finding| (cluster, finding.fingerprint.as_str()))
    });
    findings.collect()
}

fn rank(severity: &str) -> u8 {
    match severity {
        "error" => 2,
        "warning" => 1,
        _ => 0,
    }
}
