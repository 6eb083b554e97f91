//! The lines of the logs of agents and operators that say something about the path.

/// What was found in a log tail. Absence of a line proves nothing: the tail may be too short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentLog {
    /// The last burst of drift lines, one per key.
    pub drift: Vec<DriftLine>,
    /// Rejections of Envoy.
    pub nacks: Vec<NackLine>,
    /// Other lines worth quoting: fatal errors, map full, ingress address allocation, L7 proxy off.
    pub notable: Vec<String>,
    /// Number of lines in the tail.
    pub lines: usize,
}

/// `Mismatch found` or `No local entry found` of the drift checker (on by default since 1.18).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftLine {
    /// Configuration key.
    pub key: String,
    /// What the process runs with; `None` for `No local entry found`.
    pub actual: Option<String>,
    /// What it should run with.
    pub expected: String,
    /// RFC 3339 time of the line, where it has one.
    pub time: Option<String>,
    /// The line as it was logged.
    pub raw: String,
}

/// A rejected xDS update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NackLine {
    /// Envoy's reason.
    pub detail: String,
    /// The line as it was logged.
    pub raw: String,
}

/// What was found in the log of cilium-operator. Absence of a line proves nothing: the log may be cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperatorLog {
    /// Why the operator started without its Gateway API controller, the last reason first.
    pub refusals: Vec<RefusalLine>,
    /// Whether it says that it was asked for the controller: it looks for the CRDs then.
    pub looked: bool,
    /// Number of lines.
    pub lines: usize,
}

/// A line that says that the Gateway API controller was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalLine {
    /// What is missing, such as `tlsroutes.gateway.networking.k8s.io not found`, or the message itself.
    pub why: String,
    /// RFC 3339 time of the line, where it has one.
    pub time: Option<String>,
    /// The line as it was logged.
    pub raw: String,
}
