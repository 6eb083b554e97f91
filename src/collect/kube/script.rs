//! The one command that is run in an agent: a fixed script that only reads.
//!
//! Its arguments are a boundary that nothing the agent prints can contain, the options of the start
//! configuration that matter, which of the long lists to print, and the health-check node ports. One exec instead of some twenty.

use std::hash::{BuildHasher, RandomState};

/// The script; its comments are not sent.
const SCRIPT: &str = include_str!("agent.sh");

/// Options that can cause an unhealthy target, plus those by which drift is dated.
///
/// `enable-gateway-api` and the `gateway-api-*` options are the operator's: they tell when the
/// configuration changed, and break nothing themselves.
pub(super) const CONFIG_KEYS: &[&str] = &[
    "enable-envoy-config",
    "enable-l7-proxy",
    "kube-proxy-replacement",
    "enable-node-port",
    "external-envoy-proxy",
    "devices",
    "direct-routing-device",
    "nodeport-addresses",
    "node-port-range",
    "bpf-lb-mode",
    "bpf-lb-dsr-dispatch",
    "bpf-lb-acceleration",
    "bpf-lb-source-range-all-types",
    "enable-health-check-nodeport",
    "kube-proxy-replacement-healthz-bind-address",
    "enable-bpf-tproxy",
    "enable-host-firewall",
    "enable-ipv4",
    "enable-ipv6",
    "enable-gateway-api",
    "gateway-api-hostnetwork-enabled",
    "gateway-api-secrets-namespace",
    "envoy-xds-mode",
    "service-no-backend-response",
    "ipam",
    "routing-mode",
    "tunnel-protocol",
    "tunnel-port",
    "enable-policy",
    "policy-audit-mode",
    "k8s-service-proxy-name",
    "enable-service-topology",
    "enable-ipsec",
    "cni-chaining-mode",
];

impl Lists {
    fn words(self) -> Vec<&'static str> {
        let all = [(self.nodes, "nodes"), (self.endpoints, "endpoints")];
        all.iter()
            .filter(|(asked, _)| *asked)
            .map(|(_, word)| *word)
            .collect()
    }
}

/// A boundary of 128 random bits.
pub(super) fn boundary() -> String {
    // Each state has its own random keys, so the hash of nothing is a random number.
    let half = || RandomState::new().hash_one(0_u8);
    format!("cilium-lb-{:016x}{:016x}", half(), half())
}

/// The lists that are too long to be read from every agent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lists {
    /// The cluster's nodes, which every agent knows.
    pub(super) nodes: bool,
    /// The node's endpoints.
    pub(super) endpoints: bool,
}

/// The command for an exec.
pub(super) fn command(boundary: &str, ports: &[u16], lists: Lists) -> Vec<String> {
    let script: Vec<&str> = SCRIPT
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let mut command = vec![
        "sh".to_owned(),
        "-c".to_owned(),
        script.join("\n"),
        "cilium-lb".to_owned(),
        boundary.to_owned(),
        CONFIG_KEYS.join(" "),
        lists.words().join(" "),
    ];
    command.extend(ports.iter().map(u16::to_string));
    command
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
