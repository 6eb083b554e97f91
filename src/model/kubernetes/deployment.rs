//! apps/v1 Deployment: only cilium-operator, which makes the Services of Gateways and Ingresses.

use super::meta::{Meta, object};
use serde::Deserialize;

/// A Deployment.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: DeploymentSpec,
    /// Status.
    pub status: DeploymentStatus,
}
object!(Deployment, "Deployment");

/// The spec of a Deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DeploymentSpec {
    /// How many Pods are wanted; one when absent.
    pub replicas: Option<u32>,
}

/// The status of a Deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// How many Pods are Ready; absent means none.
    pub ready_replicas: u32,
}

impl Deployment {
    /// How many Pods are wanted.
    pub fn wanted(&self) -> u32 {
        self.spec.replicas.unwrap_or(1)
    }
}
