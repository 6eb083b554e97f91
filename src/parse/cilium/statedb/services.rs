//! The table `services` (1.18 on).

use super::value::Name;
use crate::model::cilium::statedb::StateService;
use crate::parse::ParseError;
use crate::parse::text::or_default;
use serde::Deserialize;

/// Reads the table; `ProxyRedirect` became the list `ProxyRedirects` in 1.20.
pub(in crate::parse::cilium) fn services(text: &str) -> Result<Vec<StateService>, ParseError> {
    Ok(super::rows::<Row>(text)?
        .into_iter()
        .map(|row| StateService {
            name: row.name.0,
            external_policy: row.ext_traffic_policy,
            redirects: row
                .proxy_redirect
                .into_iter()
                .chain(row.proxy_redirects)
                .map(|redirect| (redirect.proxy_port, redirect.ports))
                .collect(),
            health_check_node_port: row.health_check_node_port,
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: Name,
    #[serde(default)]
    ext_traffic_policy: String,
    proxy_redirect: Option<Redirect>,
    #[serde(default, deserialize_with = "or_default")]
    proxy_redirects: Vec<Redirect>,
    #[serde(default)]
    health_check_node_port: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Redirect {
    proxy_port: u16,
    #[serde(default, deserialize_with = "or_default")]
    ports: Vec<u16>,
}

#[cfg(test)]
mod tests {
    use super::services;

    #[test]
    fn redirects_of_both_shapes() {
        let rows = services(
            r#"{"Name": {"Namespace": "ns", "Name": "a"}, "ProxyRedirect": {"ProxyPort": 1000, "Ports": [80]}}
               {"Name": "ns/b", "ProxyRedirects": [{"ProxyPort": 1001, "Ports": null}, {"ProxyPort": 1002, "Ports": [443]}]}
               {"Name": "ns/c", "ProxyRedirect": null, "ProxyRedirects": null, "HealthCheckNodePort": 31000}"#,
        )
        .unwrap();
        assert_eq!(rows[0].redirects, [(1000, vec![80])]);
        assert_eq!(rows[1].redirects, [(1001, vec![]), (1002, vec![443])]);
        assert!(rows[2].redirects.is_empty());
        assert_eq!(rows[2].health_check_node_port, 31000);
    }
}
