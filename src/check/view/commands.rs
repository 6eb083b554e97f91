//! Commands of fixes, with the namespace that this cluster's agents live in.
//!
//! The namespace makes a command right and decides nothing, so reading it is not remembered.

use super::View;
use crate::model::source;

impl<'a> View<'a> {
    /// The namespace of the agents; `kube-system` where nothing says otherwise.
    pub fn agent_namespace(&self) -> &'a str {
        self.snapshot.agent_namespace()
    }

    /// A command that is run in the agent of a node.
    pub fn agent_exec(&self, node: &str, command: &str) -> String {
        let namespace = self.agent_namespace();
        format!(
            "kubectl exec -n {namespace} {} -c cilium-agent -- {command}",
            source::agent_pod(namespace, node)
        )
    }

    /// A kubectl command in the namespace of the agents.
    pub fn kubectl(&self, command: &str) -> String {
        format!("kubectl -n {} {command}", self.agent_namespace())
    }

    /// The command that changes Helm values of Cilium and nothing else.
    pub fn helm_upgrade(&self, values: &str) -> String {
        helm_upgrade(self.agent_namespace(), values)
    }
}

/// The command that changes Helm values of the Cilium that is installed in `namespace`; `values` are its `--set` options.
///
/// The chart's version is pinned: without it Helm takes the newest chart, and an upgrade of Cilium is no part of a fix.
pub fn helm_upgrade(namespace: &str, values: &str) -> String {
    format!(
        "helm -n {namespace} upgrade cilium cilium/cilium --version <chart version of the release> --reuse-values {values}"
    )
}
