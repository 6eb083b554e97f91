//! Documents of a proxy, `envoy/<node>/…` of the bundle: what Envoy's admin interface answers.

mod clusters;
mod config_dump;
mod listeners;
mod network_policies;
mod server_info;

use super::keep::Place;
use super::{ParseError, prometheus};
use crate::model::Source;
use crate::model::envoy::EnvoyAdmin;

/// Reads one document into its field.
///
/// `name` is its path below `envoy/<node>/`, `path` its path in the bundle, which becomes the origin of
/// the facts. `Ok(false)` when no document of this name is known. An error is returned and also kept as
/// a gap in the field, unless the field has been read from another document.
pub fn document(
    admin: &mut EnvoyAdmin,
    name: &str,
    path: &str,
    bytes: &[u8],
) -> Result<bool, ParseError> {
    let node = admin.node.clone();
    let at = |source| Place::new(&node, path, source);
    match name {
        "listeners.json" => {
            at(Source::EnvoyListeners).json(&mut admin.listeners, bytes, listeners::json)
        }
        "listeners.txt" => {
            at(Source::EnvoyListeners).lines(&mut admin.listeners, bytes, listeners::lines)
        }
        "clusters.json" => {
            at(Source::EnvoyClusters).json(&mut admin.clusters, bytes, clusters::json)
        }
        "clusters.txt" => {
            at(Source::EnvoyClusters).lines(&mut admin.clusters, bytes, clusters::lines)
        }
        "config_dump.json" => at(Source::EnvoyConfigDump).json(
            &mut admin.dynamic_listeners,
            bytes,
            config_dump::listeners,
        ),
        "network_policies.json" => at(Source::EnvoyNetworkPolicies).json(
            &mut admin.policies,
            bytes,
            network_policies::addresses,
        ),
        "server_info.json" => {
            at(Source::EnvoyServerInfo).json(&mut admin.server, bytes, server_info::json)
        }
        "stats.txt" => at(Source::EnvoyStats).lines(&mut admin.stats, bytes, prometheus::samples),
        _ => Ok(false),
    }
}
