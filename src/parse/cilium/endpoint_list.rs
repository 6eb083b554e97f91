//! `cilium-dbg endpoint list -o json`.

use crate::model::cilium::datapath::{EndpointPolicy, EndpointRow};
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;

/// Reads the endpoints. 1.21 prints no pod names.
pub(super) fn json(text: &str) -> Result<Vec<EndpointRow>, ParseError> {
    Ok(text::json_list::<Item>(text)?
        .into_iter()
        .map(|item| EndpointRow {
            id: item.id,
            pod: item.status.external_identifiers.pod(),
            addresses: item
                .status
                .networking
                .addressing
                .iter()
                .flat_map(|pair| [&pair.ipv4, &pair.ipv6])
                .filter_map(|text| text.parse().ok())
                .collect(),
            state: item.status.state,
            labels: item.status.identity.labels,
            policy: item.status.policy.realized.map(Realized::policy),
        })
        .collect())
}

#[derive(Deserialize)]
struct Item {
    id: i64,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Status {
    #[serde(deserialize_with = "or_default")]
    external_identifiers: Identifiers,
    #[serde(deserialize_with = "or_default")]
    identity: Identity,
    #[serde(deserialize_with = "or_default")]
    networking: Networking,
    state: String,
    #[serde(deserialize_with = "or_default")]
    policy: Policy,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Identifiers {
    k8s_namespace: String,
    k8s_pod_name: String,
    pod_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    #[serde(deserialize_with = "or_default")]
    labels: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Networking {
    #[serde(deserialize_with = "or_default")]
    addressing: Vec<Addresses>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Addresses {
    ipv4: String,
    ipv6: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Policy {
    realized: Option<Realized>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Realized {
    policy_enabled: String,
    #[serde(deserialize_with = "or_default")]
    allowed_ingress_identities: Vec<u64>,
    #[serde(deserialize_with = "or_default")]
    denied_ingress_identities: Vec<u64>,
    #[serde(deserialize_with = "or_default")]
    l4: L4,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct L4 {
    #[serde(deserialize_with = "or_default")]
    ingress: Vec<PolicyRule>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PolicyRule {
    /// An `L4Filter` as JSON in a string (pkg/policy/l4.go, GetModel).
    #[serde(deserialize_with = "or_default")]
    rule: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct L4Filter {
    port: u16,
    #[serde(default)]
    port_name: String,
    protocol: String,
}

impl PolicyRule {
    /// Whether it is about single ports or protocols.
    ///
    /// A rule without `toPorts` is listed too, as port 0 of protocol ANY (pkg/policy/rule.go, mergeIngress), though it adds
    /// nothing to the identities. What cannot be read counts as one about ports.
    fn is_of_ports(&self) -> bool {
        serde_json::from_str::<L4Filter>(&self.rule).map_or(true, |filter| {
            filter.port != 0 || !filter.port_name.is_empty() || filter.protocol != "ANY"
        })
    }
}

impl Realized {
    fn policy(self) -> EndpointPolicy {
        EndpointPolicy {
            enabled: self.policy_enabled,
            allowed_ingress: self.allowed_ingress_identities,
            denied_ingress: self.denied_ingress_identities,
            ingress_rules: self
                .l4
                .ingress
                .iter()
                .filter(|rule| rule.is_of_ports())
                .count(),
        }
    }
}

impl Identifiers {
    /// `namespace/pod`; endpoints of the node itself print `/`.
    fn pod(&self) -> Option<String> {
        if !self.k8s_pod_name.is_empty() {
            return Some(format!("{}/{}", self.k8s_namespace, self.k8s_pod_name));
        }
        (self.pod_name.len() > 1).then(|| self.pod_name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn rules_without_ports_are_listed_and_not_counted() {
        for (rule, expected) in [
            (r#"{\"port\":0,\"protocol\":\"ANY\",\"l7-rules\":[]}"#, 0),
            (r#"{\"port\":80,\"protocol\":\"TCP\"}"#, 1),
            (
                r#"{\"port\":0,\"protocol\":\"TCP\",\"port-name\":\"http\"}"#,
                1,
            ),
            ("of another form", 1),
        ] {
            let text = format!(
                r#"[{{"id": 3, "status": {{"policy": {{"realized": {{"policy-enabled": "ingress",
                     "allowed-ingress-identities": [1], "denied-ingress-identities": null,
                     "l4": {{"ingress": [{{"rule": "{rule}", "derived-from-rules": null}}]}}}}}}}}}}]"#
            );
            let rows = json(&text).unwrap();
            let policy = rows[0].policy.as_ref().unwrap();
            assert_eq!(policy.ingress_rules, expected, "{rule}");
        }
    }

    #[test]
    fn pods_and_the_nodes_own_endpoints() {
        let rows = json(
            r#"[{"id": 3, "status": {"external-identifiers": {"pod-name": "/"}, "state": "ready",
                 "identity": {"id": 8, "labels": ["reserved:ingress"]}, "networking": {"addressing": [{}]}}},
                {"id": 4, "status": {"external-identifiers": {"pod-name": "apps/echo-1"}, "state": "regenerating",
                 "networking": {"addressing": [{"ipv4": "10.0.0.1", "ipv6": "fd00::1"}]}}},
                {"id": 5}]"#,
        )
        .unwrap();
        assert_eq!(rows[0].pod, None);
        assert_eq!(rows[0].labels, ["reserved:ingress"]);
        assert!(rows[0].addresses.is_empty());
        assert_eq!(rows[1].pod.as_deref(), Some("apps/echo-1"));
        assert_eq!(rows[1].addresses.len(), 2);
        assert_eq!(rows[2].state, "");
        assert!(json("null").unwrap().is_empty());
        assert!(json("{}").is_err());
    }
}
