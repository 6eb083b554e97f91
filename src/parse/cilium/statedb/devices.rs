//! The table `devices`.

use crate::model::cilium::statedb::Device;
use crate::parse::ParseError;
use crate::parse::text::or_default;
use serde::Deserialize;
use std::net::IpAddr;

/// Reads the table.
pub(in crate::parse::cilium) fn devices(text: &str) -> Result<Vec<Device>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(Device::from)
        .collect())
}

/// A row as Cilium marshals it (pkg/datapath/tables/device.go).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    name: String,
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    addrs: Vec<Address>,
    selected: bool,
    #[serde(default)]
    not_selected_reason: String,
}

impl From<Row> for Device {
    fn from(row: Row) -> Self {
        Self {
            name: row.name,
            kind: row.kind,
            addresses: row.addrs.into_iter().map(|address| address.addr).collect(),
            selected: row.selected,
            not_selected_reason: row.not_selected_reason,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Address {
    addr: IpAddr,
}

#[cfg(test)]
mod tests {
    use super::devices;

    #[test]
    fn a_device_without_addresses() {
        let rows = devices(
            r#"{"Name": "eth1", "Type": "device", "Addrs": null, "Selected": false, "NotSelectedReason": "not a node port device"}"#,
        )
        .unwrap();
        assert!(rows[0].addresses.is_empty() && !rows[0].selected);
        assert!(devices(r#"{"Name": "eth1"}"#).is_err());
    }
}
