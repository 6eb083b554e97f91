//! core/v1 Pod: the Cilium agents, the Envoys, and backends.

use super::meta::{Condition, Meta, condition, null_as_default, object};
use serde::Deserialize;

/// A Pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: PodSpec,
    /// Status.
    pub status: PodStatus,
}
object!(Pod, "Pod");

/// The spec of a Pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Where it runs.
    pub node_name: String,
    /// Whether it shares the node's network.
    pub host_network: bool,
    /// Containers.
    #[serde(deserialize_with = "null_as_default")]
    pub containers: Vec<Container>,
    /// Init containers; `config` writes the agent's start-time configuration.
    #[serde(deserialize_with = "null_as_default")]
    pub init_containers: Vec<Container>,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image with tag.
    pub image: String,
    /// Arguments, such as `--cluster-name=shop`.
    #[serde(deserialize_with = "null_as_default")]
    pub args: Vec<String>,
    /// The ports it declares; a container may listen on others as well.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<ContainerPort>,
}

/// A port that a container declares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Number.
    pub container_port: u16,
}

/// The status of a Pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Running`, `Pending`, …
    pub phase: String,
    /// RFC 3339.
    pub start_time: Option<String>,
    /// `Ready`, …
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
    /// One entry per container.
    #[serde(deserialize_with = "null_as_default")]
    pub container_statuses: Vec<ContainerStatus>,
}

/// The status of a container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name.
    pub name: String,
    /// Readiness.
    pub ready: bool,
    /// Restarts so far.
    pub restart_count: u32,
    /// Current state.
    pub state: ContainerState,
}

/// The state of a container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Set while it runs.
    pub running: Option<Running>,
    /// Set while it waits, for example in CrashLoopBackOff.
    pub waiting: Option<Waiting>,
}

/// A running container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// RFC 3339.
    pub started_at: Option<String>,
}

/// A waiting container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// `CrashLoopBackOff`, `ImagePullBackOff`, …
    pub reason: String,
    /// Details.
    pub message: String,
}

impl Pod {
    /// Whether the `k8s-app` label equals `app`.
    pub fn is_app(&self, app: &str) -> bool {
        self.metadata
            .labels
            .get("k8s-app")
            .is_some_and(|value| value == app)
    }

    /// The `Ready` condition.
    pub fn ready(&self) -> Option<&Condition> {
        condition(&self.status.conditions, "Ready")
    }

    /// Whether its containers declare ports, and `port` is none of them.
    pub fn declares_other_ports_than(&self, port: u16) -> bool {
        let mut declared = self
            .spec
            .containers
            .iter()
            .flat_map(|one| &one.ports)
            .peekable();
        declared.peek().is_some() && declared.all(|one| one.container_port != port)
    }

    /// When the container called `name` was started, or the Pod if that is not known. RFC 3339.
    pub fn started_at(&self, name: &str) -> Option<&str> {
        self.status
            .container_statuses
            .iter()
            .find(|status| status.name == name)
            .and_then(|status| status.state.running.as_ref())
            .and_then(|running| running.started_at.as_deref())
            .or(self.status.start_time.as_deref())
    }
}
