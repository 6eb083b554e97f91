//! gateway.networking.k8s.io: Gateway, GatewayClass and routes.

use super::meta::{Condition, Meta, Object, null_as_default, object};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The controller name of Cilium.
pub const CILIUM_CONTROLLER: &str = "io.cilium/gateway-controller";

/// A Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: GatewaySpec,
    /// Status; written by the operator, proves nothing about any agent.
    pub status: GatewayStatus,
}
object!(Gateway, "Gateway");

/// The spec of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpec {
    /// Name of the GatewayClass.
    pub gateway_class_name: String,
    /// Listeners.
    #[serde(deserialize_with = "null_as_default")]
    pub listeners: Vec<Listener>,
    /// What the implementation copies to what it creates.
    pub infrastructure: Option<Infrastructure>,
}

/// A listener of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    /// Name.
    pub name: String,
    /// Port; also the port of the load balancer listener.
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`.
    pub protocol: String,
    /// Host name restriction.
    pub hostname: Option<String>,
}

/// `spec.infrastructure`: since Cilium 1.15 its annotations go to the Service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Infrastructure {
    /// Copied to the Service.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// Copied to the Service.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
}

/// The status of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayStatus {
    /// `Accepted`, `Programmed`.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
    /// One entry per listener.
    #[serde(deserialize_with = "null_as_default")]
    pub listeners: Vec<ListenerStatus>,
    /// Addresses.
    #[serde(deserialize_with = "null_as_default")]
    pub addresses: Vec<GatewayAddress>,
}

/// An address of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayAddress {
    /// Host name or address.
    pub value: String,
}

/// The status of one listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerStatus {
    /// Name of the listener.
    pub name: String,
    /// How many routes are attached.
    pub attached_routes: u32,
    /// `Accepted`, `ResolvedRefs`, `Programmed`.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

/// A GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayClass {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: GatewayClassSpec,
    /// Status.
    pub status: GatewayClassStatus,
}
object!(GatewayClass, "GatewayClass");

/// The spec of a GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayClassSpec {
    /// Who implements the class.
    pub controller_name: String,
}

/// The status of a GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayClassStatus {
    /// `Accepted`.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

/// An HTTPRoute, GRPCRoute, TLSRoute or TCPRoute: what stands behind a listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Route {
    /// Which of the route kinds.
    pub kind: String,
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: RouteSpec,
}

impl Object for Route {
    const KIND: &'static str = "Route";

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    /// Routes of several kinds share a collection, so the kind is part of the key.
    fn key(&self) -> String {
        format!("{}/{}", self.kind, self.metadata.name)
    }
}

/// The spec of a route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    /// Gateways the route wants to attach to.
    #[serde(deserialize_with = "null_as_default")]
    pub parent_refs: Vec<ParentRef>,
    /// Host names.
    #[serde(deserialize_with = "null_as_default")]
    pub hostnames: Vec<String>,
}

/// A parent of a route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentRef {
    /// Namespace; the route's own when absent.
    pub namespace: Option<String>,
    /// Name of the Gateway.
    pub name: String,
    /// Listener name; all listeners when absent.
    pub section_name: Option<String>,
}
