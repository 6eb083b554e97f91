//! Policies that decide which packets reach a node's own processes and the backends' Pods: only what
//! they say of incoming packets.
//!
//! An absent list and an empty one differ inside of an entry: absent does not limit, empty admits nothing
//! (pkg/policy/api/ingress.go), so these lists are kept as options.

use super::LabelSelector;
use super::meta::{Meta, null_as_default, object};
use serde::Deserialize;
use serde_json::Value;

/// A CiliumNetworkPolicy or a CiliumClusterwideNetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CiliumPolicy {
    /// Metadata.
    pub metadata: Meta,
    /// One rule.
    pub spec: Option<CiliumRule>,
    /// Further rules.
    #[serde(deserialize_with = "null_as_default")]
    pub specs: Vec<CiliumRule>,
}
object!(CiliumPolicy, "CiliumNetworkPolicy");

impl CiliumPolicy {
    /// All its rules.
    pub fn rules(&self) -> impl Iterator<Item = &CiliumRule> {
        self.spec.iter().chain(&self.specs)
    }
}

/// A rule of Cilium.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CiliumRule {
    /// Pods it applies to.
    pub endpoint_selector: Option<LabelSelector>,
    /// Nodes it applies to; needs the host firewall.
    pub node_selector: Option<LabelSelector>,
    /// What is admitted.
    pub ingress: Option<Vec<CiliumIngress>>,
    /// What is denied, whatever admits it.
    pub ingress_deny: Option<Vec<CiliumIngress>>,
    /// Whether what no rule admits is dropped.
    pub enable_default_deny: DefaultDeny,
}

impl CiliumRule {
    /// Whether it says anything of incoming packets. An empty section is as good as none, and switches no
    /// enforcement on (pkg/policy/api/rule_validation.go `Sanitize`, pkg/policy/repository.go
    /// `computePolicyEnforcementAndRules`: `len(r.Ingress) > 0 || len(r.IngressDeny) > 0`).
    pub fn is_about_ingress(&self) -> bool {
        [&self.ingress, &self.ingress_deny]
            .into_iter()
            .flatten()
            .any(|entries| !entries.is_empty())
    }
}

/// `enableDefaultDeny` (1.16 on).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DefaultDeny {
    /// For incoming packets; true where an ingress section has entries, unless it says otherwise.
    /// Without such entries it switches nothing on.
    pub ingress: Option<bool>,
}

/// One entry of an ingress section.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CiliumIngress {
    /// Blocks.
    #[serde(rename = "fromCIDR")]
    pub from_cidr: Option<Vec<String>>,
    /// Blocks with exceptions.
    #[serde(rename = "fromCIDRSet")]
    pub from_cidr_set: Option<Vec<CidrSet>>,
    /// `world`, `remote-node`, `host`, `cluster`, `all`, …
    pub from_entities: Option<Vec<String>>,
    /// Pods, by selectors.
    pub from_endpoints: Option<Vec<Value>>,
    /// Nodes, by selectors (1.15 on).
    pub from_nodes: Option<Vec<Value>>,
    /// Groups of a cloud provider.
    pub from_groups: Option<Vec<Value>>,
    /// Ports; all when absent.
    pub to_ports: Option<Vec<CiliumPorts>>,
    /// ICMP types, which are no TCP.
    pub icmps: Option<Vec<Value>>,
}

/// A block with exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CidrSet {
    /// Block; empty where the set refers to a CiliumCIDRGroup.
    pub cidr: String,
    /// Exceptions.
    #[serde(deserialize_with = "null_as_default")]
    pub except: Vec<String>,
}

/// Ports of an entry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CiliumPorts {
    /// Ports.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<CiliumPort>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CiliumPort {
    /// Number, or the name of a container port.
    pub port: String,
    /// Last port of a range.
    pub end_port: Option<u16>,
    /// `TCP`, `UDP`, `ANY` (also when empty).
    pub protocol: String,
}

/// A NetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkPolicy {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: NetworkPolicySpec,
}
object!(NetworkPolicy, "NetworkPolicy");

/// The spec of a NetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// Pods it applies to.
    pub pod_selector: LabelSelector,
    /// `Ingress`, `Egress`; absent means Ingress, and Egress where there is such a section.
    pub policy_types: Option<Vec<String>>,
    /// What is admitted.
    #[serde(deserialize_with = "null_as_default")]
    pub ingress: Vec<NetworkIngress>,
}

/// One entry of an ingress section.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkIngress {
    /// Sources; all when absent or empty.
    #[serde(deserialize_with = "null_as_default")]
    pub from: Vec<NetworkPeer>,
    /// Ports; all when absent or empty.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<NetworkPort>,
}

/// A source; Pods and namespaces never are a load balancer or a node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPeer {
    /// A block with exceptions.
    pub ip_block: Option<CidrSet>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPort {
    /// Number, or the name of a container port; all when absent.
    pub port: Option<Value>,
    /// Last port of a range.
    pub end_port: Option<u16>,
    /// `TCP` (also when absent), `UDP`, `SCTP`.
    pub protocol: Option<String>,
}
