//! What the admin interface of a node's Envoy says.

use super::{Gap, Seen, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The readings of one Envoy.
#[derive(Debug, Clone)]
pub struct EnvoyAdmin {
    /// Kubernetes node name.
    pub node: String,
    /// `listeners`.
    pub listeners: Seen<Vec<EnvoyListener>>,
    /// `clusters`.
    pub clusters: Seen<Vec<EnvoyCluster>>,
    /// Listeners of `config_dump`.
    pub dynamic_listeners: Seen<Vec<DynamicListener>>,
    /// The addresses for which `config_dump` has a policy of Cilium.
    pub policies: Seen<BTreeSet<IpAddr>>,
    /// `server_info`.
    pub server: Seen<ServerInfo>,
    /// `stats`: name to value.
    pub stats: Seen<BTreeMap<String, f64>>,
}

/// A listener that is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvoyListener {
    /// `<namespace>/<ciliumenvoyconfig>/listener`.
    pub name: String,
    /// Local address.
    pub address: Option<IpAddr>,
    /// Local port.
    pub port: u16,
}

/// A cluster with its hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvoyCluster {
    /// `<namespace>:<service>:<port>`.
    pub name: String,
    /// How many hosts it has.
    pub hosts: usize,
    /// How many of them are healthy.
    pub healthy: usize,
    /// Where the healthy ones are, as far as they have an address and a port.
    pub addresses: Vec<SocketAddr>,
}

/// A listener as it was configured over xDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicListener {
    /// Name.
    pub name: String,
    /// Whether a configuration is active.
    pub active: bool,
    /// Whether a configuration is warming.
    pub warming: bool,
    /// The reason of the last rejection.
    pub error: Option<String>,
    /// Local port of the active configuration, or of the warming one where none is active.
    pub port: Option<u16>,
}

/// The server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// `LIVE`, `INITIALIZING`, …
    pub state: String,
    /// Version text.
    pub version: String,
}

impl EnvoyAdmin {
    /// An Envoy of which nothing has been read.
    pub fn new(node: &str) -> Self {
        let about = format!("node {node}");
        Self {
            node: node.to_owned(),
            listeners: Err(Gap::not_collected(Source::EnvoyListeners, &about)),
            clusters: Err(Gap::not_collected(Source::EnvoyClusters, &about)),
            dynamic_listeners: Err(Gap::not_collected(Source::EnvoyConfigDump, &about)),
            policies: Err(Gap::not_collected(Source::EnvoyNetworkPolicies, &about)),
            server: Err(Gap::not_collected(Source::EnvoyServerInfo, &about)),
            stats: Err(Gap::not_collected(Source::EnvoyStats, &about)),
        }
    }
}
