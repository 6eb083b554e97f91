//! `cilium-dbg node list -o json`.

use crate::model::cilium::datapath::NodeRow;
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::net::IpAddr;

/// Reads the nodes; an address is the IPv4 one where there are both.
pub(super) fn json(text: &str) -> Result<Vec<NodeRow>, ParseError> {
    Ok(text::json_list::<Item>(text)?
        .into_iter()
        .map(|item| NodeRow {
            name: item.name,
            address: item.primary_address.first(),
            ingress_address: item.ingress_address.first(),
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Item {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    primary_address: Pair,
    #[serde(default, deserialize_with = "or_default")]
    ingress_address: Pair,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pair {
    #[serde(deserialize_with = "or_default")]
    ipv4: Address,
    #[serde(deserialize_with = "or_default")]
    ipv6: Address,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    ip: String,
}

impl Pair {
    fn first(&self) -> Option<IpAddr> {
        [&self.ipv4.ip, &self.ipv6.ip]
            .into_iter()
            .find_map(|text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn ingress_addresses_are_optional() {
        let rows = json(
            r#"[{"name": "kind/a", "primary-address": {"ipv4": {"enabled": true, "ip": "10.0.1.10"}, "ipv6": {}},
                 "ingress-address": {"ipv4": {}, "ipv6": {"ip": "fd00::1"}}},
                {"name": "kind/b", "primary-address": null}]"#,
        )
        .unwrap();
        assert_eq!(rows[0].address, "10.0.1.10".parse().ok());
        assert_eq!(rows[0].ingress_address, "fd00::1".parse().ok());
        assert_eq!((rows[1].address, rows[1].ingress_address), (None, None));
        assert!(json("[{}]").is_err());
    }
}
