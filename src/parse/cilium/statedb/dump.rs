//! `cilium-dbg statedb dump`: all tables as one object of arrays (pkg/statedb/txn.go of 1.15, `WriteJSON`).
//!
//! It stands in for `db/show` where the agent has no shell, 1.15 and 1.16. Only the two tables that these versions
//! have of what is asked for are read.

use super::{devices, node_addresses};
use crate::model::cilium::statedb::{Device, NodeAddressRow};
use crate::parse::ParseError;
use serde::Deserialize;

/// Reads the table `devices`.
pub(in crate::parse::cilium) fn dumped_devices(text: &str) -> Result<Vec<Device>, ParseError> {
    table(read(text)?.devices, "devices")
}

/// Reads the table `node-addresses`.
pub(in crate::parse::cilium) fn dumped_node_addresses(
    text: &str,
) -> Result<Vec<NodeAddressRow>, ParseError> {
    table(read(text)?.node_addresses, "node-addresses")
}

/// Tables of which nothing follows when they are not there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Dump {
    devices: Option<Vec<devices::Row>>,
    node_addresses: Option<Vec<node_addresses::Row>>,
}

fn read(text: &str) -> Result<Dump, ParseError> {
    serde_json::from_str(text).map_err(|error| ParseError::json(text, &error))
}

fn table<R, T: From<R>>(rows: Option<Vec<R>>, name: &str) -> Result<Vec<T>, ParseError> {
    rows.map(|rows| rows.into_iter().map(T::from).collect())
        .ok_or_else(|| ParseError::new(format!("no table {name}")))
}

#[cfg(test)]
mod tests {
    use super::{dumped_devices, dumped_node_addresses};

    const DUMP: &str = r#"{
  "health": [
    {"ID": "agent.datapath.node-address", "Level": "OK"}
  ],
  "devices": [
    {"Index":1,"MTU":65536,"Name":"lo","HardwareAddr":"","Flags":37,"Addrs":[{"Addr":"127.0.0.1","Secondary":false,"Scope":254}],"RawFlags":65609,"Type":"device","MasterIndex":0,"Selected":false,"NotSelectedReason":"excluded flag set"},
    {"Index":2,"MTU":9001,"Name":"ens5","HardwareAddr":"02:00:00:00:00:01","Flags":51,"Addrs":[{"Addr":"10.0.1.10","Secondary":false,"Scope":0}],"RawFlags":69699,"Type":"device","MasterIndex":0,"Selected":true,"NotSelectedReason":""}
  ],
  "node-addresses": [
    {"Addr":"10.0.1.10","NodePort":true,"Primary":true,"DeviceName":"ens5"}
  ],
  "l2-announce": [
  ]
}
"#;

    #[test]
    fn the_two_tables_of_a_dump() {
        let devices = dumped_devices(DUMP).unwrap();
        let selected: Vec<&str> = devices
            .iter()
            .filter(|device| device.selected)
            .map(|device| device.name.as_str())
            .collect();
        assert_eq!((devices.len(), selected), (2, vec!["ens5"]));
        let addresses = dumped_node_addresses(DUMP).unwrap();
        assert!(addresses[0].node_port && addresses[0].device == "ens5");
    }

    #[test]
    fn a_dump_without_a_table_is_no_empty_table() {
        let error = dumped_node_addresses(r#"{"devices": []}"#).unwrap_err();
        assert_eq!(error.to_string(), "no table node-addresses");
        assert!(dumped_devices(r#"{"devices": []}"#).unwrap().is_empty());
        assert!(dumped_devices("Error: unknown command").is_err());
    }
}
