//! The table `envoy-resources` (1.18 on): what was sent to Envoy and how it answered.

use super::frontends::Status;
use super::value::Items;
use crate::model::cilium::statedb::EnvoyResource;
use crate::parse::ParseError;
use crate::parse::text::or_default;
use serde::Deserialize;

/// Reads the table.
pub(in crate::parse::cilium) fn envoy_resources(
    text: &str,
) -> Result<Vec<EnvoyResource>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(|row| EnvoyResource {
            origin: row.name.origin,
            namespace: row.name.namespace,
            name: row.name.name,
            status: row.status.kind,
            error: row.status.error,
            listeners: row
                .resources
                .listeners
                .0
                .into_iter()
                .map(|(_, listener)| listener.name)
                .collect(),
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: ResourceName,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
    #[serde(default, deserialize_with = "or_default")]
    resources: Resources,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceName {
    origin: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Resources {
    listeners: Items<Listener>,
}

#[derive(Deserialize)]
struct Listener {
    #[serde(default)]
    name: String,
}

#[cfg(test)]
mod tests {
    use super::envoy_resources;

    #[test]
    fn listeners_are_a_list_or_a_map() {
        let rows = envoy_resources(
            r#"{"Name": {"Origin": "cec", "Cluster": "", "Namespace": "ns", "Name": "a"},
                "Status": {"kind": "Error", "error": "NACK received: cannot bind"},
                "Resources": {"Listeners": [{"name": "ns/a/listener", "address": {}}], "Routes": null}}
               {"Name": {"Origin": "cec", "Namespace": "ns", "Name": "b"}, "Status": {"kind": "Done"},
                "Resources": {"Listeners": {"ns/b/listener": {"name": "ns/b/listener"}}}}
               {"Name": {"Origin": "backendsync", "Namespace": "ns", "Name": "c"}, "Resources": null}"#,
        )
        .unwrap();
        assert_eq!(rows[0].listeners, ["ns/a/listener"]);
        assert!(rows[0].error.contains("cannot bind"));
        assert_eq!(rows[1].listeners, ["ns/b/listener"]);
        assert_eq!(
            (rows[2].origin.as_str(), rows[2].listeners.len()),
            ("backendsync", 0)
        );
    }
}
