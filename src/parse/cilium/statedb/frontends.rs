//! The table `frontends` (1.18 on).

use super::value::{Address, Name};
use crate::model::cilium::statedb::FrontendRow;
use crate::parse::ParseError;
use crate::parse::text::or_default;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Reads the table.
pub(in crate::parse::cilium) fn frontends(text: &str) -> Result<Vec<FrontendRow>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(|row| FrontendRow {
            key: row.address.0,
            kind: row.kind,
            service: row.service_name.0,
            port_name: row.port_name,
            service_port: row.service_port,
            status: row.status.kind,
            error: row.status.error,
            backends: row.backends.len(),
        })
        .collect())
}

/// How the reconciler fared with a row.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Status {
    /// `Done`, `Pending`, `Error`.
    pub(super) kind: String,
    /// Why it failed.
    pub(super) error: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    address: Address,
    #[serde(rename = "Type", default)]
    kind: String,
    service_name: Name,
    #[serde(default)]
    port_name: String,
    #[serde(default)]
    service_port: u16,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
    #[serde(default, deserialize_with = "or_default")]
    backends: Vec<IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::frontends;

    #[test]
    fn a_row_in_error() {
        let rows = frontends(
            r#"{"Address": "10.0.0.1:80/TCP", "Type": "NodePort", "ServiceName": "ns/a", "PortName": "http",
                "ServicePort": 80, "Status": {"kind": "Error", "error": "invalid feature combination"}, "Backends": null}
               {"Address": "10.0.0.2:80/TCP", "ServiceName": "ns/a", "Backends": [{}, {}]}"#,
        )
        .unwrap();
        assert_eq!((rows[0].status.as_str(), rows[0].backends), ("Error", 0));
        assert!(rows[0].error.contains("combination"));
        assert_eq!(rows[1].backends, 2);
    }
}
