//! gateway.networking.k8s.io: Gateway and GatewayClass.

use super::meta::{Condition, Meta, condition, null_as_default, object};
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
    /// TLS, for protocols that have it.
    pub tls: Option<ListenerTls>,
}

/// The TLS settings of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerTls {
    /// `Terminate` when absent, or `Passthrough`.
    pub mode: Option<String>,
    /// The Secrets with the certificates; named here, never read.
    #[serde(deserialize_with = "null_as_default")]
    pub certificate_refs: Vec<CertificateRef>,
}

/// The name of a certificate's Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CertificateRef {
    /// Namespace; the Gateway's own when absent.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
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
    /// The object with the class's parameters.
    pub parameters_ref: Option<ParametersRef>,
}

/// The object that a GatewayClass takes its parameters from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ParametersRef {
    /// Kind; Cilium knows CiliumGatewayClassConfig (1.18 on).
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// The status of a GatewayClass.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GatewayClassStatus {
    /// `Accepted`.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

impl Gateway {
    /// Whether a controller has accepted or refused this very generation.
    ///
    /// The API server itself writes `Unknown`, reason `Pending`, into new Gateways (the default of the CRD).
    pub fn is_acted_on(&self) -> bool {
        condition(&self.status.conditions, "Accepted").is_some_and(|accepted| {
            accepted.status != "Unknown" && accepted.observed_generation >= self.metadata.generation
        })
    }

    /// The listener of that name in the spec.
    pub fn listener(&self, name: &str) -> Option<&Listener> {
        self.spec
            .listeners
            .iter()
            .find(|listener| listener.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Gateway};

    #[test]
    fn the_default_of_the_crd_is_no_act_of_a_controller() {
        let mut gateway = Gateway::default();
        gateway.metadata.generation = 2;
        assert!(!gateway.is_acted_on());
        gateway.status.conditions = vec![Condition {
            kind: "Accepted".to_owned(),
            status: "Unknown".to_owned(),
            reason: "Pending".to_owned(),
            ..Condition::default()
        }];
        assert!(!gateway.is_acted_on());
        gateway.status.conditions[0].status = "True".to_owned();
        gateway.status.conditions[0].observed_generation = 1;
        assert!(!gateway.is_acted_on());
        gateway.status.conditions[0].observed_generation = 2;
        assert!(gateway.is_acted_on());
    }
}
