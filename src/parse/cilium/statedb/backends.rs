//! The table `backends` (1.18 on): an address with its instances per service, flat from 1.20 on.

use super::bad_row;
use super::value::{Address, Name};
use crate::model::cilium::statedb::Backend;
use crate::parse::ParseError;
use serde::Deserialize;

/// Reads the table as one backend per service and address.
pub(in crate::parse::cilium) fn backends(text: &str) -> Result<Vec<Backend>, ParseError> {
    let mut backends = Vec::new();
    for (index, row) in super::rows::<Row>(text)?.into_iter().enumerate() {
        let (address, port) = (row.address.0.address, row.address.0.port);
        let mut push = |service: String, params: Params| {
            backends.push(Backend {
                service,
                address,
                port,
                node: params.node_name,
                state: params.state,
            });
        };
        match (row.service_name, row.instances) {
            (Some(service), _) => push(service.0, row.params),
            (None, Some(instances)) => {
                for instance in instances {
                    push(instance.k.service_name.0, instance.v);
                }
            }
            (None, None) => return Err(bad_row(index, "neither ServiceName nor Instances")),
        }
    }
    Ok(backends)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    address: Address,
    service_name: Option<Name>,
    instances: Option<Vec<Instance>>,
    #[serde(flatten)]
    params: Params,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Params {
    node_name: String,
    state: i64,
}

#[derive(Deserialize)]
struct Instance {
    k: InstanceKey,
    v: Params,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceKey {
    service_name: Name,
}

#[cfg(test)]
mod tests {
    use super::backends;

    #[test]
    fn nested_and_flat_rows() {
        let rows = backends(
            r#"{"Address": {"AddrCluster": "10.1.1.1", "Protocol": "TCP", "Port": 80, "Scope": 0}, "Instances": [
                  {"k": {"ServiceName": {"Namespace": "ns", "Name": "a"}}, "v": {"Address": {"AddrCluster": {}}, "NodeName": "n1", "State": 1}},
                  {"k": {"ServiceName": "ns/b"}, "v": {"NodeName": "", "State": 0}}]}
               {"ServiceName": "ns/c", "Address": "10.1.1.2:80/TCP", "NodeName": "n2", "State": 3}"#,
        )
        .unwrap();
        let services: Vec<_> = rows
            .iter()
            .map(|row| (row.service.as_str(), row.state))
            .collect();
        assert_eq!(services, [("ns/a", 1), ("ns/b", 0), ("ns/c", 3)]);
        assert_eq!(rows[0].node, "n1");
        assert!(backends(r#"{"Address": "10.1.1.2:80/TCP"}"#).is_err());
    }
}
