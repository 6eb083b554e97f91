//! `/config_dump?resource=networkpolicies`: the addresses for which Envoy has a policy of Cilium.
//!
//! Cilium's own part of Envoy adds the section (cilium/proxy, `NetworkPoliciesConfigDump`). Asked for alone it is a list of
//! policies, and `{}` where there are none; the whole dump has it as a section.

use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Reads the addresses.
pub(super) fn addresses(text: &str) -> Result<BTreeSet<IpAddr>, ParseError> {
    let document: Document = text::json_object(text)?;
    let is_section = |config: &Config| config.kind.ends_with(".NetworkPoliciesConfigDump");
    let is_policy = |config: &Config| config.kind.ends_with(".NetworkPolicy");
    if !document.configs.is_empty()
        && !document
            .configs
            .iter()
            .any(|config| is_section(config) || is_policy(config))
    {
        return Err(ParseError::new("no network policies among its sections"));
    }
    Ok(document
        .configs
        .into_iter()
        .filter(|config| is_section(config) || is_policy(config))
        .flat_map(|config| {
            let of_section = config
                .networkpolicies
                .into_iter()
                .flat_map(|one| one.endpoint_ips);
            config.endpoint_ips.into_iter().chain(of_section)
        })
        .filter_map(|address| address.parse().ok())
        .collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    configs: Vec<Config>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "@type", default)]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    networkpolicies: Vec<Policy>,
    #[serde(default, deserialize_with = "or_default")]
    endpoint_ips: Vec<String>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(default, deserialize_with = "or_default")]
    endpoint_ips: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn the_section_one_resource_and_none() {
        let section = r#"{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump"},
            {"@type": "type.googleapis.com/cilium.NetworkPoliciesConfigDump",
             "networkpolicies": [{"endpoint_ips": ["10.0.0.3", "fd00::3"], "endpoint_id": "313"}]}]}"#;
        let one = r#"{"configs": [{"@type": "type.googleapis.com/cilium.NetworkPolicy", "endpoint_ips": ["10.0.0.3", "fd00::3"]}]}"#;
        for text in [section, one] {
            let found = addresses(text).unwrap();
            assert_eq!(found.len(), 2);
            assert!(found.contains(&"10.0.0.3".parse().unwrap()));
        }
        assert!(addresses("{}").unwrap().is_empty());
    }

    #[test]
    fn another_answer_says_nothing_of_policies() {
        let other =
            r#"{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump"}]}"#;
        assert!(addresses(other).is_err());
        assert!(addresses(r#"{"error": "not found"}"#).is_err());
        assert!(addresses("networkpolicies not found in config dump").is_err());
    }
}
