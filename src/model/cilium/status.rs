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
    /// Addresses for Pods; absent where the status has no such section.
    pub ipam: Option<IpamStatus>,
    /// How packets travel to Pods of other nodes, where the status says (1.16 on).
    pub routing: Option<Routing>,
    /// How packets travel between the host and its Pods: `BPF` or `Legacy`, where the status says.
    pub host_routing: Option<String>,
    /// `Disabled`, `Wireguard`, `IPsec`.
    pub encryption: Option<String>,
    /// Whether WireGuard encrypts what the node itself sends: `Disabled`, `Enabled`, or `OptedOut` where the node's
    /// labels take it out (pkg/wireguard/agent `Status`); `None` without WireGuard, or where the status does not say.
    pub node_encryption: Option<String>,
}

/// How packets travel between nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// `Tunnel` or `Native`.
    pub mode: String,
    /// `vxlan` or `geneve`; empty for native routing.
    pub tunnel_protocol: String,
}

/// The addresses that the agent hands out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpamStatus {
    /// The pools, as in `IPv4: 5/254 allocated from 10.244.1.0/24`.
    pub pools: Vec<AddressPool>,
    /// Whether the ingress IP of the node is among the allocations (`reserved:ingress`).
    pub ingress: bool,
}

/// The addresses of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPool {
    /// `IPv4` or `IPv6`.
    pub family: String,
    /// How many addresses are taken.
    pub used: u64,
    /// How many there are.
    pub size: u64,
}

impl IpamStatus {
    /// The pool without a free address, where one has none left for the ingress IP.
    pub fn exhausted(&self) -> Option<&AddressPool> {
        self.pools
            .iter()
            .find(|pool| !self.ingress && pool.size > 0 && pool.used >= pool.size)
    }
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
