//! core/v1 Node.

use super::meta::{Condition, Meta, condition, null_as_default, object};
use serde::Deserialize;
use std::net::IpAddr;

/// A Node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: NodeSpec,
    /// Status.
    pub status: NodeStatus,
}
object!(Node, "Node");

/// The spec of a Node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// `aws:///eu-west-2a/i-0123…` on EC2.
    #[serde(rename = "providerID")]
    pub provider_id: String,
    /// Cordoned.
    pub unschedulable: bool,
    /// Taints.
    #[serde(deserialize_with = "null_as_default")]
    pub taints: Vec<Taint>,
}

/// A taint of a Node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// `NoSchedule`, …
    pub effect: String,
}

/// The status of a Node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// `Ready`, …
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
    /// `InternalIP`, `Hostname`, …
    #[serde(deserialize_with = "null_as_default")]
    pub addresses: Vec<NodeAddress>,
}

/// An address of a Node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The address.
    pub address: String,
}

impl Node {
    /// The EC2 instance id at the end of the provider id.
    pub fn instance_id(&self) -> Option<&str> {
        let id = self.spec.provider_id.rsplit('/').next()?;
        id.starts_with("i-").then_some(id)
    }

    /// The internal addresses.
    pub fn internal_ips(&self) -> impl Iterator<Item = IpAddr> {
        self.status
            .addresses
            .iter()
            .filter(|address| address.kind == "InternalIP")
            .filter_map(|address| address.address.parse().ok())
    }

    /// The `Ready` condition; absent from objects captured without status.
    pub fn ready(&self) -> Option<&Condition> {
        condition(&self.status.conditions, "Ready")
    }

    /// The zone label, or the zone in the provider id.
    pub fn zone(&self) -> Option<&str> {
        self.metadata
            .labels
            .get("topology.kubernetes.io/zone")
            .map(String::as_str)
            .or_else(|| {
                let zone = self
                    .spec
                    .provider_id
                    .strip_prefix("aws:///")?
                    .split('/')
                    .next()?;
                (!zone.is_empty()).then_some(zone)
            })
    }
}
