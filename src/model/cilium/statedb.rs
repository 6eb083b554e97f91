//! Rows of `service list` and of the agent's StateDB tables.

use super::bpf::FrontendKey;
use std::net::IpAddr;

/// A row of `service list`. It shows neither the L7 redirect nor source ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// Service id.
    pub id: u32,
    /// Frontend.
    pub frontend: FrontendKey,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, …
    pub kind: String,
    /// Namespace and name, where JSON was captured.
    pub service: Option<(String, String)>,
    /// `Local` or `Cluster`, where JSON was captured.
    pub external_policy: Option<String>,
    /// Health check node port, where JSON was captured.
    pub health_check_node_port: Option<u16>,
    /// Backends as printed: address, port and state.
    pub backends: Vec<ServiceBackend>,
}

/// A backend of a [`ServiceRow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceBackend {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// `active`, `terminating`, …
    pub state: String,
}

/// A row of the `frontends` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontendRow {
    /// Frontend.
    pub key: FrontendKey,
    /// `NodePort`, `ClusterIP`, …
    pub kind: String,
    /// `namespace/name`.
    pub service: String,
    /// Port name.
    pub port_name: String,
    /// Port of the Service.
    pub service_port: u16,
    /// `Done`, `Pending` or `Error`.
    pub status: String,
    /// Why it is in error.
    pub error: String,
    /// How many backends it has.
    pub backends: usize,
}

/// A row of the `services` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateService {
    /// `namespace/name`.
    pub name: String,
    /// `Cluster` or `Local`.
    pub external_policy: String,
    /// Proxy ports of its redirects with the Service ports they cover (empty: all).
    pub redirects: Vec<(u16, Vec<u16>)>,
    /// 0 when unset.
    pub health_check_node_port: u16,
}

/// A row of the `backends` table, one per service and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// `namespace/name`.
    pub service: String,
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// Node; empty for backends of unknown node.
    pub node: String,
    /// 0 active, 1 terminating in every version. The other numbers moved when 1.19 put
    /// terminating-not-serving at 2: quarantined is 2 before and 3 since, maintenance 3 and 4
    /// (pkg/loadbalancer BackendState).
    pub state: i64,
}

/// A row of the `ciliumenvoyconfigs` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvoyConfigRow {
    /// Namespace; empty for clusterwide ones.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Whether it applies to this node.
    pub selects_local_node: bool,
    /// Listener names with their proxy ports.
    pub listeners: Vec<(String, u16)>,
}

/// A row of the `envoy-resources` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvoyResource {
    /// `cec` or `backendsync`.
    pub origin: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Done`, `Pending` or `Error`; `Done` is no proof that Envoy accepted (captures, surprise 5).
    pub status: String,
    /// The reason of the rejection or time-out.
    pub error: String,
    /// Names of its listeners.
    pub listeners: Vec<String>,
}

/// A row of the `devices` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `eth0`.
    pub name: String,
    /// `device`, `bridge`, `veth`, …
    pub kind: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether Cilium attaches its programs to it.
    pub selected: bool,
    /// Why not.
    pub not_selected_reason: String,
}

/// A row of the `node-addresses` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddressRow {
    /// Address.
    pub address: IpAddr,
    /// Whether NodePorts are served on it.
    pub node_port: bool,
    /// Whether it is the primary address of its device.
    pub primary: bool,
    /// Device; `*` for the wildcard row.
    pub device: String,
}
