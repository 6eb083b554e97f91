//! The table `node-addresses`.

use crate::model::cilium::statedb::NodeAddressRow;
use crate::parse::ParseError;
use serde::Deserialize;
use std::net::IpAddr;

/// Reads the table.
pub(in crate::parse::cilium) fn node_addresses(
    text: &str,
) -> Result<Vec<NodeAddressRow>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(NodeAddressRow::from)
        .collect())
}

/// A row as Cilium marshals it (pkg/datapath/tables/node_address.go).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    addr: IpAddr,
    node_port: bool,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    device_name: String,
}

impl From<Row> for NodeAddressRow {
    fn from(row: Row) -> Self {
        Self {
            address: row.addr,
            node_port: row.node_port,
            primary: row.primary,
            device: row.device_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::node_addresses;

    #[test]
    fn the_wildcard_row() {
        let rows = node_addresses(
            r#"{"Addr": "10.0.1.10", "NodePort": false, "Primary": true, "DeviceName": "*"}"#,
        )
        .unwrap();
        assert_eq!((rows[0].device.as_str(), rows[0].node_port), ("*", false));
        assert!(node_addresses(r#"{"Addr": "10.0.1.10"}"#).is_err());
    }
}
