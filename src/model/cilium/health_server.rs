//! The agent's health server, which answers on health-check node ports.

/// The job of one listener, named `job-listener-<port>` in the module `loadbalancer-healthserver` (1.18 on).
///
/// The agent sets it to `Running` when it is about to listen and to `DEGRADED` when that failed, and tries again after
/// up to 10 s (pkg/loadbalancer/healthserver/healthserver.go, cilium/hive job/oneshot.go).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerJob {
    /// Whether the job is `OK`: the agent listens.
    pub runs: bool,
    /// Whether it is `DEGRADED`: the agent could not listen.
    pub failed: bool,
    /// State and message as printed, such as `[OK] Running (89s, x1)`.
    pub text: String,
}
