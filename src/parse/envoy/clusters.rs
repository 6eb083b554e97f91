//! `/clusters`: how many hosts of every cluster are healthy, and where those are.
//!
//! A host is healthy when no check failed and it is not being removed; a degraded host still serves.

use crate::model::envoy::EnvoyCluster;
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Reads `?format=json`.
pub(super) fn json(text: &str) -> Result<Vec<EnvoyCluster>, ParseError> {
    let document: Document = text::json_object(text)?;
    Ok(document
        .cluster_statuses
        .into_iter()
        .map(|cluster| {
            let healthy: Vec<&Host> = cluster
                .host_statuses
                .iter()
                .filter(|host| host.health_status.healthy())
                .collect();
            EnvoyCluster {
                hosts: cluster.host_statuses.len(),
                healthy: healthy.len(),
                addresses: healthy.iter().filter_map(|host| host.address()).collect(),
                name: cluster.name,
            }
        })
        .collect())
}

/// Reads lines such as `ns:svc:80::10.1.1.1:8080::health_flags::healthy`, and JSON under the same name.
pub(super) fn lines(text: &str) -> Result<Vec<EnvoyCluster>, ParseError> {
    let text = text::filled(text)?;
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    let mut clusters: BTreeMap<&str, EnvoyCluster> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let (name, rest) = line
            .split_once("::")
            .ok_or_else(|| ParseError::at(index + 1, line, "no line of Envoy's clusters"))?;
        let cluster = clusters.entry(name).or_insert_with(|| EnvoyCluster {
            name: name.to_owned(),
            ..EnvoyCluster::default()
        });
        if let Some((host, flags)) = rest.rsplit_once("::health_flags::") {
            cluster.hosts += 1;
            if healthy_flags(flags.trim()) {
                cluster.healthy += 1;
                cluster.addresses.extend(host.parse::<SocketAddr>());
            }
        }
    }
    Ok(clusters.into_values().collect())
}

/// `healthy`, or `/flag/flag` of which only degradations are harmless.
fn healthy_flags(text: &str) -> bool {
    text == "healthy"
        || text
            .split('/')
            .filter(|flag| !flag.is_empty())
            .all(|flag| flag.starts_with("degraded"))
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    cluster_statuses: Vec<Cluster>,
}

#[derive(Deserialize)]
struct Cluster {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    host_statuses: Vec<Host>,
}

#[derive(Deserialize)]
struct Host {
    #[serde(default, deserialize_with = "or_default")]
    address: Address,
    #[serde(default, deserialize_with = "or_default")]
    health_status: Health,
}

/// Sockets of the file system have a path instead.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    socket_address: Option<Socket>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Socket {
    address: String,
    port_value: u16,
}

impl Host {
    fn address(&self) -> Option<SocketAddr> {
        let socket = self.address.socket_address.as_ref()?;
        let address: IpAddr = socket.address.parse().ok()?;
        Some(SocketAddr::new(address, socket.port_value))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Health {
    eds_health_status: String,
    failed_active_health_check: bool,
    failed_outlier_check: bool,
    pending_dynamic_removal: bool,
    pending_active_hc: bool,
    excluded_via_immediate_hc_fail: bool,
}

impl Health {
    fn healthy(&self) -> bool {
        matches!(
            self.eds_health_status.as_str(),
            "" | "HEALTHY" | "UNKNOWN" | "DEGRADED"
        ) && ![
            self.failed_active_health_check,
            self.failed_outlier_check,
            self.pending_dynamic_removal,
            self.pending_active_hc,
            self.excluded_via_immediate_hc_fail,
        ]
        .contains(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::{json, lines};

    #[test]
    fn json_hosts() {
        let clusters = json(
            r#"{"cluster_statuses": [{"name": "ns:svc:80", "host_statuses": [
                {"health_status": {"eds_health_status": "HEALTHY"},
                 "address": {"socket_address": {"address": "10.1.1.1", "port_value": 8080}}},
                {"health_status": {"eds_health_status": "UNHEALTHY"}},
                {"health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": true}},
                {}]}, {"name": "empty"}]}"#,
        )
        .unwrap();
        assert_eq!((clusters[0].hosts, clusters[0].healthy), (4, 2));
        assert_eq!(clusters[0].addresses, ["10.1.1.1:8080".parse().unwrap()]);
        assert_eq!((clusters[1].hosts, clusters[1].healthy), (0, 0));
    }

    #[test]
    fn text_hosts_with_colons_everywhere() {
        let clusters = lines(
            "ns/cec/ns:svc:80::observability_name::ns/cec/ns:svc:80\n\
             ns/cec/ns:svc:80::[fd00::1]:8080::health_flags::healthy\n\
             ns/cec/ns:svc:80::10.1.1.1:8080::health_flags::/failed_active_hc/failed_eds_health\n\
             ns/cec/ns:svc:80::10.1.1.2:8080::health_flags::/degraded_active_hc\n\
             none::added_via_api::true\n",
        )
        .unwrap();
        assert_eq!(clusters[1].name, "ns/cec/ns:svc:80");
        assert_eq!((clusters[1].hosts, clusters[1].healthy), (3, 2));
        let addresses: Vec<String> = clusters[1]
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(addresses, ["[fd00::1]:8080", "10.1.1.2:8080"]);
        assert_eq!(clusters[0].hosts, 0);
        assert_eq!(lines("dial error").unwrap_err().line, Some(1));
    }
}
