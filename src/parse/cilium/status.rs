//! `cilium-dbg status -o json` (api/v1 StatusResponse).
//!
//! Booleans that are false are left out by Go. `ip` of a device begins with as many empty strings as
//! the device has addresses (pkg/status/status_collector.go), which are ignored here.

use crate::model::cilium::AgentStatus;
use crate::model::cilium::status::{
    AddressPool, IpamStatus, NodePortFeature, ProxyStatus, Routing, ServedDevice,
};
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Reads the status.
pub(super) fn json(text: &str) -> Result<AgentStatus, ParseError> {
    let document: Document = text::json_object(text)?;
    let host_routing = document.host_routing();
    let agent = document
        .cilium
        .ok_or_else(|| ParseError::new("no field cilium: not the status of an agent"))?;
    let kubernetes = document.kubernetes;
    let node_encryption = document.encryption.as_ref().and_then(Encryption::of_nodes);
    let replacement = document.kube_proxy_replacement;
    let (firewall, firewall_devices) = document
        .host_firewall
        .map(|firewall| (firewall.mode, firewall.devices))
        .unwrap_or_default();
    Ok(AgentStatus {
        state: agent.state,
        message: agent.msg,
        kubernetes: kubernetes.as_ref().map(|status| status.state.clone()),
        kubernetes_message: kubernetes.map(|status| status.msg).unwrap_or_default(),
        kube_proxy_replacement: replacement.as_ref().and_then(Replacement::replaces),
        devices: replacement
            .as_ref()
            .map(Replacement::devices)
            .unwrap_or_default(),
        node_port: replacement.and_then(Replacement::node_port),
        proxy: document.proxy.map(|proxy| ProxyStatus {
            envoy_mode: proxy.envoy_deployment_mode,
            port_range: proxy.port_range,
        }),
        host_firewall: firewall,
        host_firewall_devices: firewall_devices,
        ipam: document.ipam.map(Ipam::status),
        host_routing,
        routing: document
            .routing
            .filter(|routing| !routing.mode.is_empty())
            .map(|routing| Routing {
                mode: routing.mode,
                tunnel_protocol: routing.tunnel_protocol,
            }),
        encryption: document.encryption.map(|encryption| encryption.mode),
        node_encryption,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    cilium: Option<Status>,
    kubernetes: Option<Status>,
    kube_proxy_replacement: Option<Replacement>,
    host_firewall: Option<Firewall>,
    proxy: Option<Proxy>,
    ipam: Option<Ipam>,
    routing: Option<RoutingModes>,
    host_routing: Option<HostRouting>,
    encryption: Option<Encryption>,
}

impl Document {
    /// How packets travel between the host and its Pods; the word moved into `routing` in 1.16.
    fn host_routing(&self) -> Option<String> {
        let now = self.routing.as_ref().map(|routing| &routing.host);
        let before = self.host_routing.as_ref().map(|routing| &routing.mode);
        let mut modes = now.into_iter().chain(before);
        modes.find(|mode| !mode.is_empty()).cloned()
    }
}

#[derive(Deserialize)]
struct RoutingModes {
    #[serde(rename = "inter-host-routing-mode", default)]
    mode: String,
    #[serde(rename = "intra-host-routing-mode", default)]
    host: String,
    #[serde(rename = "tunnel-protocol", default)]
    tunnel_protocol: String,
}

/// Up to 1.15.
#[derive(Deserialize)]
struct HostRouting {
    #[serde(default)]
    mode: String,
}

#[derive(Deserialize)]
struct Encryption {
    #[serde(default)]
    mode: String,
    wireguard: Option<WireGuard>,
}

/// api/v1 WireguardStatus.
#[derive(Deserialize)]
struct WireGuard {
    #[serde(rename = "node-encryption", default)]
    node_encryption: String,
}

impl Encryption {
    fn of_nodes(&self) -> Option<String> {
        let word = &self.wireguard.as_ref()?.node_encryption;
        (!word.is_empty()).then(|| word.clone())
    }
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    state: String,
    #[serde(default)]
    msg: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    #[serde(default)]
    mode: String,
    #[serde(default, deserialize_with = "or_default")]
    devices: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    device_list: Vec<Device>,
    #[serde(default, deserialize_with = "or_default")]
    features: Features,
}

#[derive(Deserialize)]
struct Device {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    ip: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Features {
    node_port: Option<NodePort>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NodePort {
    enabled: bool,
    mode: String,
    dsr_mode: String,
    acceleration: String,
    port_min: u16,
    port_max: u16,
}

#[derive(Deserialize)]
struct Firewall {
    mode: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    devices: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Proxy {
    #[serde(default)]
    envoy_deployment_mode: String,
    #[serde(default)]
    port_range: String,
}

#[derive(Deserialize)]
struct Ipam {
    #[serde(default, deserialize_with = "or_default")]
    allocations: BTreeMap<String, String>,
    #[serde(default)]
    status: String,
}

impl Ipam {
    /// `IPv4: 5/254 allocated from 10.244.1.0/24, IPv6: …` (pkg/ipam Dump); other texts have no pools.
    fn status(self) -> IpamStatus {
        let pool = |text: &str| {
            let (family, rest) = text.trim().split_once(": ")?;
            let (used, rest) = rest.split_once('/')?;
            let size = rest.split_whitespace().next()?;
            Some(AddressPool {
                family: family.to_owned(),
                used: used.parse().ok()?,
                size: size.parse().ok()?,
            })
        };
        IpamStatus {
            pools: self.status.split(", ").filter_map(pool).collect(),
            ingress: self.allocations.values().any(|owner| owner == "ingress"),
        }
    }
}

impl Replacement {
    /// `True` and `Strict` replace kube-proxy, `False` and `Disabled` do not. What `Partial` and
    /// `Probe` (1.14, 1.15) do depends on single features; the one that counts here is NodePort.
    fn replaces(&self) -> Option<bool> {
        match self.mode.to_ascii_lowercase().as_str() {
            "true" | "strict" => Some(true),
            "false" | "disabled" => Some(false),
            _ => self.features.node_port.as_ref().map(|port| port.enabled),
        }
    }

    /// `deviceList`, or the names of `devices` (`eth0 10.0.1.5 (Direct Routing)`) where it is missing.
    fn devices(&self) -> Vec<ServedDevice> {
        if self.device_list.is_empty() {
            return self
                .devices
                .iter()
                .filter_map(|text| {
                    let mut words = text.split_whitespace();
                    Some(ServedDevice {
                        name: words.next()?.to_owned(),
                        addresses: words.filter_map(|word| word.parse().ok()).collect(),
                    })
                })
                .collect();
        }
        self.device_list
            .iter()
            .map(|device| ServedDevice {
                name: device.name.clone(),
                addresses: device.ip.iter().filter_map(|ip| ip.parse().ok()).collect(),
            })
            .collect()
    }

    fn node_port(self) -> Option<NodePortFeature> {
        let feature = self.features.node_port.filter(|port| port.enabled)?;
        Some(NodePortFeature {
            mode: feature.mode,
            dsr_dispatch: feature.dsr_mode,
            acceleration: feature.acceleration,
            port_min: feature.port_min,
            port_max: feature.port_max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    fn replaces(section: &str) -> Option<bool> {
        let text =
            format!(r#"{{"cilium": {{"state": "Ok"}}, "kube-proxy-replacement": {section}}}"#);
        json(&text).unwrap().kube_proxy_replacement
    }

    #[test]
    fn every_mode_of_every_version() {
        for (mode, wanted) in [
            ("True", true),
            ("Strict", true),
            ("False", false),
            ("Disabled", false),
        ] {
            assert_eq!(
                replaces(&format!(r#"{{"mode": "{mode}"}}"#)),
                Some(wanted),
                "{mode}"
            );
        }
        let partial =
            |enabled| format!(r#"{{"mode": "Partial", "features": {{"nodePort": {enabled}}}}}"#);
        assert_eq!(replaces(&partial(r#"{"enabled": true}"#)), Some(true));
        assert_eq!(replaces(&partial("{}")), Some(false));
        assert_eq!(replaces(r#"{"mode": "Probe"}"#), None);
        assert_eq!(replaces("null"), None);
    }

    #[test]
    fn empty_addresses_are_ignored_and_old_devices_are_read() {
        let status = json(
            r#"{"cilium": {"state": "Ok"}, "kube-proxy-replacement": {"mode": "True",
                "deviceList": [{"name": "eth0", "ip": ["", "", "10.0.1.10", "fd01::10"]}]}}"#,
        )
        .unwrap();
        assert_eq!(status.devices[0].addresses.len(), 2);
        let status = json(
            r#"{"cilium": {"state": "Ok"}, "kube-proxy-replacement": {"mode": "True",
                "devices": ["eth0 10.0.1.5 (Direct Routing)", "eth1"]}}"#,
        )
        .unwrap();
        assert_eq!(status.devices[0].name, "eth0");
        assert_eq!(status.devices[0].addresses.len(), 1);
        assert_eq!(status.devices[1].name, "eth1");
    }

    #[test]
    fn a_full_pool_counts_only_without_an_ingress_address() {
        let ipam = |owner: &str, status: &str| {
            let text = format!(
                r#"{{"cilium": {{"state": "Ok"}}, "ipam": {{"allocations": {{"10.0.0.1": "{owner}"}}, "status": "{status}"}}}}"#
            );
            json(&text).unwrap().ipam.unwrap()
        };
        let full = "IPv4: 14/14 allocated from 10.0.0.0/28, IPv6: 5/18446744073709551614 allocated from fd00::/64";
        assert_eq!(ipam("router", full).pools.len(), 2);
        assert_eq!(ipam("router", full).exhausted().unwrap().used, 14);
        assert_eq!(ipam("ingress", full).exhausted(), None);
        assert_eq!(ipam("router", "IPv4: 9/16 allocated,").exhausted(), None);
        assert!(ipam("router", "delegated to plugin").pools.is_empty());
    }

    #[test]
    fn how_packets_travel_between_nodes() {
        let status = json(
            r#"{"cilium": {"state": "Ok"}, "encryption": {"mode": "Wireguard", "wireguard":
                {"interfaces": [], "node-encryption": "OptedOut"}}, "routing":
                {"inter-host-routing-mode": "Tunnel", "intra-host-routing-mode": "BPF", "tunnel-protocol": "geneve"}}"#,
        )
        .unwrap();
        let routing = status.routing.unwrap();
        assert_eq!(
            (routing.mode.as_str(), routing.tunnel_protocol.as_str()),
            ("Tunnel", "geneve")
        );
        assert_eq!(status.encryption.as_deref(), Some("Wireguard"));
        assert_eq!(status.node_encryption.as_deref(), Some("OptedOut"));
        assert_eq!(
            json(r#"{"cilium": {}, "routing": {}}"#).unwrap().routing,
            None
        );
    }

    #[test]
    fn another_document_is_refused() {
        assert!(json("{}").is_err());
        assert!(json("[]").is_err());
        assert!(json("null").is_err());
    }
}
