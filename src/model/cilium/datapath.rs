//! Kernel-side readings of a node: rules, counters, health answers.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// A counter of `bpf metrics list`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DropCounter {
    /// `Policy denied`, `Forwarded`, …
    pub reason: String,
    /// `ingress`, `egress`, `unknown`.
    pub direction: String,
    /// Source file of the program, where the version prints it (1.16 on).
    pub file: String,
    /// Packets since the map was made.
    pub packets: u64,
}

/// An event of `monitor -t drop -j`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropEvent {
    /// Reason.
    pub reason: String,
    /// Source address and port as printed.
    pub source: String,
    /// Destination address and port as printed.
    pub destination: String,
}

/// A `TPROXY` rule of the mangle table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TproxyRule {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The packet mark it matches, such as `0x2d280200`.
    pub mark: u32,
    /// The proxy port it delivers to.
    pub port: u16,
    /// The comment, which names the listener.
    pub comment: String,
}

/// A policy routing rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpRule {
    /// Priority.
    pub priority: u32,
    /// The rest of the line.
    pub text: String,
}

impl IpRule {
    /// Whether it sends proxy traffic to table 2004 (`fwmark 0x200/0xf00 lookup 2004`).
    pub fn is_proxy_rule(&self) -> bool {
        self.text.contains("fwmark 0x200/0xf00") && self.text.contains("lookup 2004")
    }
}

/// The answer of a health-check node port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthAnswer {
    /// HTTP status code; `None` when the connection was refused or timed out.
    pub code: Option<u16>,
    /// `localEndpoints` of the body.
    pub local_endpoints: Option<u32>,
    /// Namespace and name of the Service that the body names.
    pub service: Option<(String, String)>,
    /// Whether the body is written as kube-proxy writes it: over several lines, newer ones with
    /// `serviceProxyHealthy` (kubernetes pkg/proxy/healthcheck/service_health.go).
    pub by_kube_proxy: bool,
    /// The first line as captured.
    pub text: String,
}

/// The rules that bring answers of Pods back out of the primary interface in ENI mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EniRules {
    /// Whether Cilium's chain of the mangle table exists at all.
    pub chain: bool,
    /// The rules commented `cilium: primary ENI`, verbatim.
    pub rules: Vec<String>,
}

impl EniRules {
    /// Whether both rules are there: the one that marks what comes in, and the one that restores the mark.
    pub fn complete(&self) -> bool {
        ["--set-xmark", "--restore-mark"]
            .iter()
            .all(|what| self.rules.iter().any(|rule| rule.contains(what)))
    }
}

/// The chains of netfilter's filter table that packets to the node itself can meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputChains {
    /// What happens at the end of INPUT: `ACCEPT` or `DROP`.
    pub policy: String,
    /// The rules, empty where the table was not printed: those of INPUT and of every chain that it can lead to, in words without `-A` and the chain's name.
    pub rules: BTreeMap<String, Vec<Vec<String>>>,
}

/// A row of `endpoint list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Endpoint id.
    pub id: i64,
    /// `namespace/pod`.
    pub pod: Option<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// `ready`, `regenerating`, `not-ready`, …
    pub state: String,
    /// Identity labels.
    pub labels: Vec<String>,
    /// The policy that is realized; absent where the output has none.
    pub policy: Option<EndpointPolicy>,
}

/// The realized policy of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointPolicy {
    /// `none`, `ingress`, `egress`, `both`, or `audit-…`.
    pub enabled: String,
    /// Identities that may reach any port of it; 0 is any.
    pub allowed_ingress: Vec<u64>,
    /// Identities that may not reach any port of it.
    pub denied_ingress: Vec<u64>,
    /// How many rules are about single ports or protocols. Those about whole identities are in the lists above.
    pub ingress_rules: usize,
}

/// A row of `node list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// `cluster/node`.
    pub name: String,
    /// Primary IPv4 address.
    pub address: Option<IpAddr>,
    /// The address reserved for ingress.
    pub ingress_address: Option<IpAddr>,
}
