//! The document of an audit, version 1: the diagnoses of many subjects and what they have in common.

use super::{Diagnosis, Fix, KnownIssue, Run, VERSION};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of `audit`; `why-unhealthy` prints several diagnoses as one, with `items`, `problems` and `run`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosisList {
    /// `cilium-lb.dev/v1`.
    pub api_version: String,
    /// `DiagnosisList`; `DiagnosisSummary` for the last line of `jsonl`, which has no items.
    pub kind: String,
    /// One per subject, by cluster, kind, namespace and name; in `why-unhealthy` as they were asked for.
    pub items: Vec<Diagnosis>,
    /// The clusters, by name; empty in `why-unhealthy`.
    pub clusters: Vec<Cluster>,
    /// The accounts and regions, in order; empty in `why-unhealthy`.
    pub accounts: Vec<Account>,
    /// Findings of all items, each distinct one once: causes first, then by severity and reach.
    pub problems: Vec<Problem>,
    /// Findings that a suppression covers. They stay in their items, with the state `suppressed`.
    pub suppressed: Vec<Suppressed>,
    /// Suppressions that covered nothing, have expired or could not be read.
    pub stale_suppressions: Vec<StaleSuppression>,
    /// The comparison with an earlier run; null without one.
    pub baseline: Option<Baseline>,
    /// The slice that was audited; null for everything.
    pub shard: Option<Shard>,
    /// The run itself: calls of all clusters together, and seconds from its start to its end; merged, those of the longest.
    pub run: Run,
}

impl DiagnosisList {
    /// A list of `items` and nothing else.
    pub fn of(items: Vec<Diagnosis>) -> Self {
        Self {
            api_version: VERSION.to_owned(),
            kind: "DiagnosisList".to_owned(),
            items,
            ..Self::default()
        }
    }
}

/// A cluster of an audit.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// The kubeconfig context, or the context that a bundle names, or the bundle's file name.
    pub name: String,
    /// Subjects that were diagnosed.
    pub subjects: usize,
    /// Readings that failed.
    pub gaps: usize,
    /// Why nothing could be read; null when something was.
    pub error: Option<String>,
    /// When the evidence was collected, RFC 3339, where known.
    pub taken_at: Option<String>,
}

/// An account in a region.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Twelve digits; `unknown` where nobody could sign in.
    pub account: String,
    /// Region.
    pub region: String,
    /// Load balancers of the subjects, each once.
    pub load_balancers: usize,
    /// Target groups behind them, each once.
    pub target_groups: usize,
    /// Why something of it could not be read; empty when all was.
    pub errors: Vec<String>,
}

/// Findings of one code that one thing decides, over all subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `CLB6104`.
    pub code: String,
    /// `l7-redirect-missing`.
    pub slug: String,
    /// Hop, as in a finding.
    pub hop: String,
    /// Role, as in a finding.
    pub role: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// `high`, `medium` or `low`: that of its surest finding.
    pub confidence: String,
    /// What the check is called.
    pub title: String,
    /// What was found; that of its first subject where they differ.
    pub message: String,
    /// Where it was found, in order.
    pub subjects: Vec<SubjectName>,
    /// Fingerprints of its findings, in the order of `subjects`.
    pub fingerprints: Vec<String>,
    /// Targets of all subjects that it concerns.
    pub targets: usize,
    /// `new`, `known` (all its findings are in the baseline), or null without a baseline.
    pub state: Option<String>,
    /// Defects of the running versions that make it fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_issues: Vec<KnownIssue>,
    /// What would mend it, where all findings agree on the kind of change.
    pub fix: Option<Fix>,
}

/// The name of a subject in a list.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct SubjectName {
    /// The cluster it was found in.
    pub cluster: String,
    /// `Gateway`, `Service`, `Ingress`, `TargetGroupBinding`, `LoadBalancer` or `TargetGroup`.
    pub kind: String,
    /// Namespace; empty for what AWS has.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl SubjectName {
    /// How a list calls the subject of a diagnosis; the cluster is empty where it is not known.
    pub fn of(item: &Diagnosis) -> Self {
        let subject = &item.subject;
        Self {
            cluster: subject.context.clone().unwrap_or_default(),
            kind: subject.kind.clone(),
            namespace: subject.namespace.clone(),
            name: subject.name.clone(),
        }
    }

    /// The name of the Service behind the subject of a diagnosis.
    pub fn of_service(item: &Diagnosis) -> Option<Self> {
        let service = item.subject.service.as_ref()?;
        Some(Self {
            cluster: item.subject.context.clone().unwrap_or_default(),
            kind: "Service".to_owned(),
            namespace: service.namespace.clone(),
            name: service.name.clone(),
        })
    }

    /// Whether it is the name of the subject of a diagnosis.
    pub fn names(&self, item: &Diagnosis) -> bool {
        let subject = &item.subject;
        self.name == subject.name
            && self.namespace == subject.namespace
            && self.kind == subject.kind
            && self.cluster == subject.context.as_deref().unwrap_or_default()
    }
}

/// `cluster/namespace/Kind/name`, as suppressions match it.
impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cluster,
            kind,
            namespace,
            name,
        } = self;
        write!(f, "{cluster}/{namespace}/{kind}/{name}")
    }
}

/// A finding that somebody decided to live with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suppressed {
    /// Where.
    pub subject: SubjectName,
    /// Code of the finding.
    pub code: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day of the suppression, `2026-12-31`; null when it does not end.
    pub until: Option<String>,
    /// What says so: a file with its entry, or an annotation of the subject.
    pub by: String,
}

/// A suppression that does nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaleSuppression {
    /// What says it: a file with its entry, or an annotation with its object.
    pub by: String,
    /// The code it names, as it is written where no check has it.
    pub code: String,
    /// The subjects it means: `context/namespace/Kind/name` with `*` for any text.
    pub matches: String,
    /// `expired`, `undated` (it ends, and the evidence has no time), `unused` or `unreadable`, a colon, and what to do.
    pub reason: String,
}

/// The comparison with an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// The file.
    pub file: String,
    /// Findings that are not in it.
    pub new: usize,
    /// Findings that are.
    pub known: usize,
    /// Its findings that are gone although their subjects were diagnosed or are gone themselves.
    pub fixed: Vec<Fixed>,
}

/// A finding of the baseline that is gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fixed {
    /// Where it was.
    pub subject: SubjectName,
    /// Code.
    pub code: String,
    /// Fingerprint.
    pub fingerprint: String,
    /// What was found then.
    pub message: String,
}

/// One of the equal slices of all subjects.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}
