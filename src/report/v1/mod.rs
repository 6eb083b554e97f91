//! The document of one diagnosis, version 1.
//!
//! Fields may be added; those that exist keep their names and meaning. All
//! words are from closed sets unless a comment says otherwise.

mod list;

pub use list::{
    Account, Baseline, Cluster, DiagnosisList, Fixed, Problem, Shard, StaleSuppression,
    SubjectName, Suppressed,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of all documents, as `apiVersion` says it.
pub const VERSION: &str = "cilium-lb.dev/v1";

/// The result of `why-unhealthy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// `cilium-lb.dev/v1`.
    pub api_version: String,
    /// `Diagnosis`.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// `healthy`, `unhealthy`, `degraded` (some targets, or healthy but clients fail) or `unknown`.
    pub verdict: String,
    /// What stops the health check, by hop, confidence and reach.
    pub causes: Vec<Finding>,
    /// Findings that matter and do not explain the failure.
    pub notes: Vec<Finding>,
    /// Facts that look like failures and are by design.
    pub by_design: Vec<String>,
    /// One entry per Service port and target group.
    pub paths: Vec<Path>,
    /// What was not read.
    pub gaps: Vec<Gap>,
    /// What separates healthy from unhealthy targets.
    pub contrast: Vec<Contrast>,
    /// What the failure means for traffic.
    pub impact: Vec<String>,
    /// Documents of the bundle that this program does not know.
    pub ignored: Vec<String>,
    /// The run itself.
    pub run: Run,
}

/// What a diagnosis is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// `Gateway`, `Service`, `Ingress`, `TargetGroupBinding`, `LoadBalancer` or `TargetGroup`.
    pub kind: String,
    /// Namespace; empty for what AWS has.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The Service behind it.
    pub service: Option<ServiceName>,
    /// Kubeconfig context, where known.
    pub context: Option<String>,
    /// The load balancer, where it was found.
    pub load_balancer: Option<LoadBalancer>,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceName {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// Name.
    pub name: String,
    /// Twelve digits.
    pub account: String,
    /// Region.
    pub region: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `CLB6104`.
    pub code: String,
    /// `l7-redirect-missing`.
    pub slug: String,
    /// `objects`, `load-balancer`, `target-group`, `network`, `node`, `datapath`, `proxy`, `workload` or `tool`.
    pub hop: String,
    /// `cause`, `later` (stops what a cause already stops), `clients`, `latent`, `refuted` or `note`.
    pub role: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// `high`, `medium` or `low`.
    pub confidence: String,
    /// What the check is called.
    pub title: String,
    /// What was found.
    pub message: String,
    /// Objects involved, as `Kind/name` or `Kind/namespace/name`.
    pub objects: Vec<String>,
    /// How far it reaches.
    pub explains: Explains,
    /// Stable across runs for the same cause of the same subject: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The same without the subject: equal for all subjects that one thing fails, in any cluster.
    pub cause_fingerprint: String,
    /// In an audit: `new` or `known` compared with its baseline, or `suppressed`; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// Defects of the running versions that make it fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_issues: Vec<KnownIssue>,
    /// What would mend it.
    pub fix: Option<Fix>,
}

/// A defect that its project knows, in a version that runs where the check fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KnownIssue {
    /// `cilium`.
    pub component: String,
    /// The versions that run and have it.
    pub running: Vec<String>,
    /// The releases that have it, as `1.18.0 to before 1.18.1`.
    pub ranges: Vec<String>,
    /// The issue or pull request.
    pub link: String,
    /// What is wrong.
    pub summary: String,
}

/// How many targets a finding concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explains {
    /// Targets it concerns.
    pub targets: usize,
    /// All targets.
    pub of: usize,
}

/// One field and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// `declared`, `programmed` or `observed`.
    pub layer: String,
    /// The document of the bundle it was read from.
    pub source: String,
    /// The object.
    pub subject: String,
    /// The field.
    pub field: String,
    /// The value, verbatim where possible.
    pub value: String,
    /// When it was read, RFC 3339, where known.
    pub at: Option<String>,
}

/// A way to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does.
    pub summary: String,
    /// Exact commands in order.
    pub commands: Vec<String>,
    /// `safe`, `disruptive` or `destructive`.
    pub risk: String,
    /// Whether checking again with the fix applied makes its targets healthy; null when that cannot be told.
    pub verified: Option<bool>,
    /// What that showed, or what to look at afterwards.
    pub after: String,
}

/// One Service port behind one listener and target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Port of the listener, or of the Service where no listener was found.
    pub listener: u16,
    /// `TCP`, `UDP`, …
    pub protocol: String,
    /// Name of the target group.
    pub target_group: Option<String>,
    /// NodePort; null when none is allocated.
    pub node_port: Option<u16>,
    /// The check; null when there are no targets.
    pub health_check: Option<HealthCheck>,
    /// The hops in order.
    pub hops: Vec<Hop>,
    /// The targets in order of id and port.
    pub targets: Vec<Target>,
}

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// `TCP`, `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Port on the target.
    pub port: u16,
    /// Path of an HTTP check.
    pub path: Option<String>,
    /// True when the target group was not read and the controller's default is assumed.
    pub assumed: bool,
}

/// A hop of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// Which.
    pub hop: String,
    /// `pass`, `fail`, `expected`, `unknown` or `not-applicable`.
    pub status: String,
    /// What works, in one sentence.
    pub proof: String,
    /// The same, one text per check.
    pub proofs: Vec<String>,
    /// What gives the hop its status: checks that fail, else are unknown, else fail by design.
    pub codes: Vec<String>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Instance id or address; the node's name when AWS was not read.
    pub id: String,
    /// Address the check goes to.
    pub address: Option<String>,
    /// Port it is registered with.
    pub port: u16,
    /// Kubernetes node.
    pub node: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// What AWS reports; null when AWS was not read.
    pub reported: Option<Reported>,
    /// `healthy`, `unhealthy` or `unknown`.
    pub predicted: String,
    /// `explained`, `unexplained`, `latent`, `undecided` or `by-design`.
    pub agreement: String,
    /// The earliest hop that fails.
    pub failed_hop: Option<String>,
    /// Everything that blocks it, in order.
    pub codes: Vec<String>,
}

/// What AWS reports of a target. Open sets: AWS may add values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reported {
    /// `healthy`, `unhealthy`, …
    pub state: String,
    /// `Target.FailedHealthChecks`, …
    pub reason: Option<String>,
    /// Text.
    pub description: Option<String>,
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// What: `agent status`, `network ACLs`, …
    pub source: String,
    /// Objects it is missing for; empty for the whole kind.
    pub about: Vec<String>,
    /// Why.
    pub reason: String,
    /// The permission that was denied.
    pub permission: Option<String>,
    /// The command that reads it, for the first object.
    pub command: String,
    /// Checks that are unknown because of it.
    pub would_decide: Vec<String>,
}

/// What separates targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contrast {
    /// Target group.
    pub target_group: String,
    /// The attribute; `node` where no target is healthy, so that nothing separates them.
    pub attribute: String,
    /// What the separation is called, where it points at one class of causes, such as `all nodes`.
    pub pattern: Option<String>,
    /// Its values on unhealthy targets.
    pub unhealthy: Vec<String>,
    /// Its values on healthy targets.
    pub healthy: Vec<String>,
    /// How many unhealthy targets.
    pub unhealthy_targets: usize,
    /// How many healthy targets.
    pub healthy_targets: usize,
}

/// The run itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Calls by service and operation; empty offline.
    pub calls: BTreeMap<String, u64>,
    /// Seconds spent collecting; 0 offline.
    pub seconds: f64,
    /// Version of this program.
    pub version: String,
    /// When the evidence was collected, RFC 3339, where known.
    pub taken_at: Option<String>,
    /// Whether collecting was interrupted, or a slice is missing from joined audits; what a deadline cut off is a gap.
    pub incomplete: bool,
}
