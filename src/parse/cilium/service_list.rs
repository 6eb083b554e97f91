//! `cilium-dbg service list -o json`: what the agent's API says of its services.
//!
//! `spec` and `status.realized` have the same shape (reference: api/v1/openapi.yaml, ServiceSpec). Zero
//! and empty fields are left out by Go, and lists may be `null`.

use super::address::protocol_name;
use crate::model::cilium::statedb::{ServiceBackend, ServiceRow};
use crate::model::cilium::{FrontendKey, Scope};
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::net::IpAddr;

/// Reads the list.
pub(super) fn json(text: &str) -> Result<Vec<ServiceRow>, ParseError> {
    text::json_list::<Item>(text)?
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            let spec = item.status.realized.or(item.spec).ok_or_else(|| {
                ParseError::new(format!(
                    "service {index} has neither spec nor status.realized"
                ))
            })?;
            Ok(spec.into_row())
        })
        .collect()
}

#[derive(Deserialize)]
struct Item {
    spec: Option<Spec>,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    realized: Option<Spec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Spec {
    #[serde(default)]
    id: u32,
    frontend_address: FrontendAddress,
    #[serde(default, deserialize_with = "or_default")]
    backend_addresses: Vec<BackendAddress>,
    #[serde(default, deserialize_with = "or_default")]
    flags: SpecFlags,
}

#[derive(Deserialize)]
struct FrontendAddress {
    ip: IpAddr,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
struct BackendAddress {
    ip: IpAddr,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SpecFlags {
    #[serde(rename = "type")]
    kind: String,
    ext_traffic_policy: Option<String>,
    traffic_policy: Option<String>,
    health_check_node_port: u16,
    name: String,
    namespace: String,
}

impl Spec {
    fn into_row(self) -> ServiceRow {
        let Self {
            frontend_address: frontend,
            flags,
            ..
        } = self;
        ServiceRow {
            id: self.id,
            frontend: FrontendKey {
                address: frontend.ip,
                port: frontend.port,
                protocol: protocol_name(&frontend.protocol),
                scope: if frontend.scope == "internal" {
                    Scope::Internal
                } else {
                    Scope::External
                },
            },
            kind: flags.kind,
            service: (!flags.name.is_empty()).then_some((flags.namespace, flags.name)),
            external_policy: flags
                .ext_traffic_policy
                .or(flags.traffic_policy)
                .filter(|policy| !policy.is_empty()),
            health_check_node_port: Some(flags.health_check_node_port).filter(|port| *port > 0),
            backends: self
                .backend_addresses
                .into_iter()
                .map(|backend| ServiceBackend {
                    address: backend.ip,
                    port: backend.port,
                    state: backend.state,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::json;
    use crate::model::cilium::Scope;

    #[test]
    fn omitted_fields_and_null_lists() {
        let rows = json(
            r#"[{"spec": {"id": 3, "frontend-address": {"ip": "::", "port": 31910, "scope": "internal"},
                          "backend-addresses": null,
                          "flags": {"type": "NodePort", "trafficPolicy": "Local", "name": "gw", "namespace": "ns"}}}]"#,
        )
        .unwrap();
        let row = &rows[0];
        assert_eq!(row.frontend.scope, Scope::Internal);
        assert_eq!(row.frontend.protocol, "ANY");
        assert_eq!(row.external_policy.as_deref(), Some("Local"));
        assert_eq!(row.health_check_node_port, None);
        assert!(row.backends.is_empty());
    }

    #[test]
    fn nothing_and_nonsense() {
        assert!(json("null").unwrap().is_empty());
        assert!(json("[]").unwrap().is_empty());
        assert!(json("[{}]").is_err());
        assert!(json(r#"[{"spec": {"frontend-address": {"ip": "not an address"}}}]"#).is_err());
    }
}
