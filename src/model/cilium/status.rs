//! `cilium-dbg status`.

use std::net::IpAddr;

/// The parts of the status that concern a health check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentStatus {
    /// State of the agent: `Ok`, `Warning`, `Failure`, `Disabled`.
    pub state: String,
    /// Its message.
    pub message: String,
    /// State of the connection to the API server.
    pub kubernetes: Option<String>,
    /// Its message.
    pub kubernetes_message: String,
    /// Whether Cilium replaces kube-proxy; `None` where the status does not say.
    pub kube_proxy_replacement: Option<bool>,
    /// Devices that serve NodePorts, with their addresses.
    pub devices: Vec<ServedDevice>,
    /// NodePort features, absent when NodePorts are off.
    pub node_port: Option<NodePortFeature>,
    /// Proxy.
    pub proxy: Option<ProxyStatus>,
    /// `Disabled`, `Enabled`.
    pub host_firewall: Option<String>,
    /// The devices the host firewall covers; listed also where it is disabled.
    pub host_firewall_devices: Vec<String>,
    /// How packets travel to Pods of other nodes, where the status says (1.16 on).
    pub routing: Option<Routing>,
    /// `Disabled`, `Wireguard`, `IPsec`.
    pub encryption: Option<String>,
}

/// How packets travel between nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// `Tunnel` or `Native`.
    pub mode: String,
    /// `vxlan` or `geneve`; empty for native routing.
    pub tunnel_protocol: String,
}

/// A device that serves NodePorts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServedDevice {
    /// `eth0`, `ens5`.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// The NodePort feature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodePortFeature {
    /// `SNAT`, `DSR`, `Hybrid`.
    pub mode: String,
    /// How DSR tells the backend's node the Service's address: `IP Option/Extension`, `Geneve`, `IPIP`;
    /// printed in every mode (1.15 on).
    pub dsr_dispatch: String,
    /// `Disabled`, `Native`, `Best-Effort`, `Generic`.
    pub acceleration: String,
    /// First NodePort.
    pub port_min: u16,
    /// Last NodePort.
    pub port_max: u16,
}

/// The proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyStatus {
    /// `embedded` or `external`.
    pub envoy_mode: String,
    /// `10000-20000`.
    pub port_range: String,
}
