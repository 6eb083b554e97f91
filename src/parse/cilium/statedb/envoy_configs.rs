//! The table `ciliumenvoyconfigs` (1.18 on).

use super::value::{Items, Name};
use crate::model::cilium::statedb::EnvoyConfigRow;
use crate::parse::ParseError;
use serde::Deserialize;

/// Reads the table.
pub(in crate::parse::cilium) fn envoy_configs(
    text: &str,
) -> Result<Vec<EnvoyConfigRow>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(|row| {
            let (namespace, name) = match row.name.0.rsplit_once('/') {
                Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
                None => (String::new(), row.name.0),
            };
            EnvoyConfigRow {
                namespace,
                name,
                selects_local_node: row.selects_local_node,
                listeners: row
                    .listeners
                    .0
                    .into_iter()
                    .filter_map(|(key, listener)| match listener {
                        Listener::Port(port) => Some((key?, port)),
                        Listener::Pair { k, v } => Some((k, v)),
                    })
                    .collect(),
            }
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: Name,
    selects_local_node: bool,
    #[serde(default)]
    listeners: Items<Listener>,
}

/// `{"k": name, "v": port}` of a `part.Map`, or the port of a plain map.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listener {
    Port(u16),
    Pair { k: String, v: u16 },
}

#[cfg(test)]
mod tests {
    use super::envoy_configs;

    #[test]
    fn the_golden_row_and_a_clusterwide_one() {
        let rows = envoy_configs(
            r#"{"Name": {"Namespace": "test", "Name": "envoy-lb-listener"}, "Spec": {}, "SelectsLocalNode": true,
                "Listeners": [{"k": "test/envoy-lb-listener/envoy-lb-listener", "v": 1000}]}
               {"Name": {"Namespace": "", "Name": "wide"}, "SelectsLocalNode": false, "Listeners": null}
               {"Name": "ns/map", "SelectsLocalNode": true, "Listeners": {"ns/map/l": 1001}}"#,
        )
        .unwrap();
        assert_eq!(
            (rows[0].namespace.as_str(), rows[0].name.as_str()),
            ("test", "envoy-lb-listener")
        );
        assert_eq!(rows[0].listeners[0].1, 1000);
        assert_eq!(
            (rows[1].namespace.as_str(), rows[1].selects_local_node),
            ("", false)
        );
        assert_eq!(rows[2].listeners, [("ns/map/l".to_owned(), 1001)]);
    }
}
