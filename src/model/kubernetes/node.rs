//! core/v1 Node.

use super::meta::{Condition, Meta, condition, null_as_default, object};
use serde::Deserialize;
use std::net::IpAddr;

/// The port of `--healthz-bind-address` of kube-proxy, in whose place Cilium can be told to answer.
pub const KUBE_PROXY_HEALTH: u16 = 10256;

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

    /// The region label, or the region of the zone.
    pub fn region(&self) -> Option<&str> {
        let label = self.metadata.labels.get("topology.kubernetes.io/region");
        label.map(String::as_str).or_else(|| {
            // Local zones go on after the number of the region: us-west-2-lax-1a.
            let zone = self.zone()?;
            let number = zone.find(|c: char| c.is_ascii_digit())?;
            let digits = zone[number..].chars().take_while(char::is_ascii_digit);
            Some(&zone[..number + digits.count()])
        })
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

#[cfg(test)]
mod tests {
    use super::Node;
    use serde_json::json;

    #[test]
    fn the_region_is_in_the_zone() {
        let of = |provider: &str| -> Option<String> {
            let node: Node =
                serde_json::from_value(json!({"spec": {"providerID": provider}})).unwrap();
            node.region().map(str::to_owned)
        };
        for (provider, region) in [
            ("aws:///eu-west-2a/i-1", Some("eu-west-2")),
            ("aws:///us-west-2-lax-1a/i-1", Some("us-west-2")),
            ("aws:///us-gov-west-1b/i-1", Some("us-gov-west-1")),
            ("kind://docker/a", None),
        ] {
            assert_eq!(of(provider).as_deref(), region, "{provider}");
        }
        let labelled: Node = serde_json::from_value(
            json!({"metadata": {"labels": {"topology.kubernetes.io/region": "eu-central-1"}}}),
        )
        .unwrap();
        assert_eq!(labelled.region(), Some("eu-central-1"));
    }
}
