//! An earlier audit to compare with: only what is new since then counts, and what is gone is listed as fixed.

use crate::audit::documents::{self, DocumentError};
use crate::audit::problems::subject_name;
use crate::audit::reduce::Reduced;
use crate::report::v1::{self, Diagnosis, DiagnosisList, Finding, Fixed, SubjectName};
use std::collections::{BTreeMap, BTreeSet};

/// The findings of an earlier run.
///
/// Those that were suppressed then are not among them: a suppression that ends must be felt. Nor are refuted ones.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    pub(super) file: String,
    /// By cluster and fingerprint.
    findings: BTreeMap<(String, String), Earlier>,
}

#[derive(Debug, Clone)]
struct Earlier {
    subject: SubjectName,
    /// Namespace and name that decide the slice of its subject.
    belongs: (String, String),
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
        let mut findings = BTreeMap::new();
        for item in parts.iter().flat_map(|part| &part.list.items) {
            for finding in counted(item) {
                if finding.state.as_deref() != Some("suppressed") {
                    let key = (cluster(item), finding.fingerprint.clone());
                    findings.insert(key, earlier(item, finding));
                }
            }
        }
        Ok(Self {
            file: file.to_owned(),
            findings,
        })
    }

    /// `known` for a finding of `cluster` that was there and no less severe, else `new`.
    pub(super) fn state(&self, cluster: &str, finding: &Finding) -> &'static str {
        let key = (cluster.to_owned(), finding.fingerprint.clone());
        match self.findings.get(&key) {
            Some(earlier) if rank(&finding.severity) <= rank(&earlier.severity) => "known",
            _ => "new",
        }
    }

    /// What is gone of a cluster that was read, and proven to be.
    pub(super) fn fixed(&self, reduced: &Reduced) -> Vec<Fixed> {
        let cluster = &reduced.cluster.name;
        let there = fingerprints(&reduced.items);
        let earlier = self.findings.iter().filter(|((of, fingerprint), _)| {
            of == cluster && !there.contains(&(of.clone(), fingerprint.clone()))
        });
        earlier
            .filter(|(_, earlier)| {
                let subject = &earlier.subject;
                let mut items = reduced.items.iter();
                match items.find(|item| subject_name(item) == *subject) {
                    Some(item) => decided(item, &earlier.code),
                    None => {
                        let (namespace, name) = &earlier.belongs;
                        let scope = &reduced.roll.scope;
                        scope.has(&subject.namespace)
                            && scope.holds(cluster, namespace, name)
                            && reduced.roll.lacks(subject)
                    }
                }
            })
            // What only informs needed no mending.
            .filter(|(_, earlier)| earlier.severity != "info")
            .map(|((_, fingerprint), earlier)| Fixed {
                subject: earlier.subject.clone(),
                code: earlier.code.clone(),
                fingerprint: fingerprint.clone(),
                message: earlier.message.clone(),
            })
            .collect()
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
        !there.contains(&(fixed.subject.cluster.clone(), fixed.fingerprint.clone()))
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
fn fingerprints(items: &[Diagnosis]) -> BTreeSet<(String, String)> {
    let findings = items.iter().flat_map(|item| {
        let findings = item.causes.iter().chain(&item.notes);
        findings.map(|finding| (cluster(item), finding.fingerprint.clone()))
    });
    findings.collect()
}

fn cluster(item: &Diagnosis) -> String {
    item.subject.context.clone().unwrap_or_default()
}

fn earlier(item: &Diagnosis, finding: &Finding) -> Earlier {
    let subject = &item.subject;
    Earlier {
        subject: subject_name(item),
        belongs: match &subject.service {
            Some(v1::ServiceName { namespace, name }) => (namespace.clone(), name.clone()),
            None => (subject.namespace.clone(), subject.name.clone()),
        },
        code: finding.code.clone(),
        severity: finding.severity.clone(),
        message: finding.message.clone(),
    }
}

fn rank(severity: &str) -> u8 {
    match severity {
        "error" => 2,
        "warning" => 1,
        _ => 0,
    }
}
