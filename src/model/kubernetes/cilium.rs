//! cilium.io objects that shape the path.

use super::LabelSelector;
use super::meta::{Meta, null_as_default, object};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A CiliumEnvoyConfig: asks every agent to redirect Service ports to an Envoy listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CiliumEnvoyConfig {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: EnvoyConfigSpec,
}
object!(CiliumEnvoyConfig, "CiliumEnvoyConfig");

/// The spec of a CiliumEnvoyConfig.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyConfigSpec {
    /// Services whose traffic is redirected.
    #[serde(deserialize_with = "null_as_default")]
    pub services: Vec<RedirectedService>,
    /// Nodes on which it applies; all when absent.
    pub node_selector: Option<LabelSelector>,
    /// xDS resources.
    #[serde(deserialize_with = "null_as_default")]
    pub resources: Vec<serde_json::Value>,
}

/// A redirected Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RedirectedService {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Service ports; absent before 1.16, which means all.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<u16>,
    /// Envoy listener; the first one when empty.
    pub listener: String,
}

/// A CiliumNodeConfig: overrides of `cilium-config` for some nodes, effective after an agent restart.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CiliumNodeConfig {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: NodeConfigSpec,
}
object!(CiliumNodeConfig, "CiliumNodeConfig");

/// The spec of a CiliumNodeConfig.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfigSpec {
    /// Keys and values that win over the ConfigMap.
    #[serde(deserialize_with = "null_as_default")]
    pub defaults: BTreeMap<String, String>,
    /// Nodes it applies to.
    pub node_selector: LabelSelector,
}

/// A CiliumGatewayClassConfig (1.18 on).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CiliumGatewayClassConfig {
    /// Metadata.
    pub metadata: Meta,
    /// Spec, kept as it is.
    pub spec: serde_json::Value,
}
object!(CiliumGatewayClassConfig, "CiliumGatewayClassConfig");
