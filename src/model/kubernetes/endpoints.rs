//! discovery.k8s.io EndpointSlice.

use super::meta::{Meta, null_as_default, object};
use serde::Deserialize;

/// The address that Cilium writes for every Gateway and Ingress Service.
///
/// It is a placeholder in every version from 1.14 on and receives no packet;
/// healthy clusters show it as well, so it never explains anything.
pub const PLACEHOLDER_ADDRESS: &str = "192.192.192.192";

/// An EndpointSlice; core/v1 Endpoints are read into the same shape.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// Metadata.
    pub metadata: Meta,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: String,
    /// Endpoints.
    #[serde(deserialize_with = "null_as_default")]
    pub endpoints: Vec<Endpoint>,
    /// Ports of all endpoints in the slice.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<EndpointPort>,
}
object!(EndpointSlice, "EndpointSlice");

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Addresses; consumers use the first.
    #[serde(deserialize_with = "null_as_default")]
    pub addresses: Vec<String>,
    /// Readiness.
    pub conditions: EndpointConditions,
    /// The node it runs on.
    pub node_name: Option<String>,
    /// What stands behind it.
    pub target_ref: Option<TargetRef>,
}

/// Conditions of an endpoint; an absent `ready` counts as true (API convention).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// Ready to serve.
    pub ready: Option<bool>,
    /// Serving, also while terminating.
    pub serving: Option<bool>,
    /// Being deleted.
    pub terminating: Option<bool>,
}

/// A port of a slice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EndpointPort {
    /// The Service port name.
    pub name: Option<String>,
    /// Number.
    pub port: Option<u16>,
    /// `TCP` when absent.
    pub protocol: Option<String>,
}

/// The object behind an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TargetRef {
    /// `Pod`.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Endpoint {
    /// The Pod behind it; none of an endpoint that was written by hand.
    pub fn pod(&self) -> Option<&TargetRef> {
        self.target_ref.as_ref().filter(|one| one.kind == "Pod")
    }
}

impl EndpointSlice {
    /// The Service the slice belongs to: the label, or the owner or name for slices without it.
    ///
    /// Cilium 1.19.0 writes its placeholder slice without the label.
    pub fn service(&self) -> Option<&str> {
        self.metadata
            .labels
            .get("kubernetes.io/service-name")
            .map(String::as_str)
            .or_else(|| {
                self.metadata
                    .owner_references
                    .iter()
                    .find(|owner| owner.kind == "Service" || owner.kind == "Endpoints")
                    .map(|owner| owner.name.as_str())
            })
    }

    /// Whether the slice holds nothing but Cilium's placeholder.
    pub fn is_placeholder(&self) -> bool {
        !self.endpoints.is_empty()
            && self
                .endpoints
                .iter()
                .all(|endpoint| endpoint.addresses.iter().all(|a| a == PLACEHOLDER_ADDRESS))
    }
}

impl Endpoint {
    /// Whether Cilium counts it as local on `node`: endpoints without a node name are local everywhere
    /// (pkg/service `requireNodeLocalBackends`, pkg/loadbalancer/healthserver `getLocalEndpointCount`).
    pub fn is_local_to(&self, node: &str) -> bool {
        self.node_name
            .as_deref()
            .is_none_or(|name| name.is_empty() || name == node)
    }

    /// Ready by the API's convention: absent counts as ready.
    pub fn is_ready(&self) -> bool {
        self.conditions.ready.unwrap_or(true)
    }
}
