//! What network policies say of one packet: enforcement is per endpoint, and the union of all rules admits.
//!
//! An ingress section with entries puts the endpoint into default deny; an empty entry in it admits nothing,
//! an entry without sources admits every source on its ports, and deny entries win (Cilium docs, Policy
//! Language and Deny Policies). What an entry says in a way that is not followed here is kept apart and never guessed.

use crate::check::network::cidr;
use crate::model::kubernetes::policy::{
    CidrSet, CiliumIngress, CiliumPorts, CiliumRule, NetworkIngress, NetworkPolicySpec,
};
use std::net::IpAddr;

/// A packet as policies see it.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'p> {
    /// Its source.
    pub source: IpAddr,
    /// Whether the source is a node of the cluster, whose identity no CIDR rule matches.
    pub from_node: bool,
    /// TCP port it arrives on, after translation.
    pub port: u16,
    /// Entities that its source may count as.
    pub entities: &'p [&'p str],
}

/// Entities of a source outside the cluster.
pub const OUTSIDE: &[&str] = &["world", "world-ipv4", "world-ipv6", "all"];
/// Entities that a node may count as; older datapaths encapsulated translated packets as `world`.
pub const NODE: &[&str] = &[
    "remote-node",
    "host",
    "cluster",
    "kube-apiserver",
    "world",
    "world-ipv4",
    "world-ipv6",
    "all",
];

/// Whether an entry speaks of a packet; `None` where that is not followed.
type Speaks = Option<bool>;

/// What policies of one endpoint say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Something enforces ingress.
    pub enforced: bool,
    /// An entry admits the packet.
    pub admitted: bool,
    /// A deny entry denies it.
    pub denied: bool,
    /// An entry may admit it, in a way that is not followed.
    pub may_admit: bool,
    /// A deny entry may deny it, in a way that is not followed.
    pub may_deny: bool,
}

/// What they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It passes.
    Passes,
    /// No rule admits it.
    Dropped,
    /// A deny rule denies it.
    Denied,
    /// It depends on what is not followed.
    Unclear,
}

impl Tally {
    /// Adds a rule of Cilium that selects the endpoint; `wide` for those of clusterwide policies.
    pub fn cilium(&mut self, rule: &CiliumRule, wide: bool, packet: &Packet<'_>) {
        for entry in rule.ingress_deny.iter().flatten() {
            match cilium_entry(entry, wide, packet) {
                Some(denies) => self.denied |= denies,
                None => self.may_deny = true,
            }
        }
        self.enforced |=
            rule.is_about_ingress() && rule.enable_default_deny.ingress.unwrap_or(true);
        for entry in rule.ingress.iter().flatten() {
            match cilium_entry(entry, wide, packet) {
                Some(admits) => self.admitted |= admits,
                None => self.may_admit = true,
            }
        }
    }

    /// Adds a NetworkPolicy that selects the Pod.
    pub fn network(&mut self, spec: &NetworkPolicySpec, packet: &Packet<'_>) {
        let about_ingress = spec
            .policy_types
            .as_ref()
            .is_none_or(|types| types.iter().any(|one| one == "Ingress"));
        if !about_ingress {
            return;
        }
        self.enforced = true;
        for entry in &spec.ingress {
            match network_entry(entry, packet) {
                Some(admits) => self.admitted |= admits,
                None => self.may_admit = true,
            }
        }
    }

    /// What all of them come to.
    pub fn ruling(self) -> Ruling {
        match self {
            Self { denied: true, .. } => Ruling::Denied,
            Self { may_deny: true, .. } => Ruling::Unclear,
            Self {
                enforced: true,
                admitted: false,
                may_admit: true,
                ..
            } => Ruling::Unclear,
            Self {
                enforced: true,
                admitted: false,
                ..
            } => Ruling::Dropped,
            _ => Ruling::Passes,
        }
    }
}

fn cilium_entry(entry: &CiliumIngress, wide: bool, packet: &Packet<'_>) -> Speaks {
    let ports = match &entry.to_ports {
        Some(ports) => cilium_ports(ports, packet.port),
        None => Some(entry.icmps.is_none()),
    };
    let sources: [Option<Speaks>; 6] = [
        entry
            .from_cidr
            .as_ref()
            .map(|blocks| any(blocks.iter().map(|block| in_block(block, packet)))),
        entry
            .from_cidr_set
            .as_ref()
            .map(|sets| any(sets.iter().map(|set| in_set(set, packet)))),
        entry.from_entities.as_ref().map(|entities| {
            Some(
                entities
                    .iter()
                    .any(|one| packet.entities.contains(&one.as_str())),
            )
        }),
        entry
            .from_endpoints
            .as_ref()
            .map(|selectors| any(selectors.iter().map(|one| reserved(one, wide)))),
        entry.from_nodes.as_ref().map(|selectors| {
            if packet.from_node && !selectors.is_empty() {
                None
            } else {
                Some(false)
            }
        }),
        entry.from_groups.as_ref().map(|_| None),
    ];
    let given: Vec<Speaks> = sources.into_iter().flatten().collect();
    // An entry that names nothing at all only switches enforcement on.
    if given.is_empty() && entry.to_ports.is_none() {
        return Some(false);
    }
    let source = if given.is_empty() {
        Some(true)
    } else {
        any(given.into_iter())
    };
    all(source, ports)
}

/// A selector of endpoints: Pods are no source here, reserved labels may be. An empty selector stands for
/// the Pods of the policy's namespace; what it stands for in a clusterwide policy is not followed.
fn reserved(selector: &serde_json::Value, wide: bool) -> Speaks {
    let text = selector.to_string();
    let is_empty = selector.as_object().is_none_or(|fields| {
        fields
            .values()
            .all(|value| matches!(value.to_string().as_str(), "{}" | "[]" | "null"))
    });
    if text.contains("reserved:") || text.contains("reserved.") || (wide && is_empty) {
        None
    } else {
        Some(false)
    }
}

fn cilium_ports(ports: &[CiliumPorts], port: u16) -> Speaks {
    any(ports.iter().map(|group| {
        if group.ports.is_empty() {
            return Some(true);
        }
        any(group.ports.iter().map(|one| {
            if !matches!(
                one.protocol.to_ascii_uppercase().as_str(),
                "" | "ANY" | "TCP"
            ) {
                return Some(false);
            }
            in_range(&one.port, one.end_port, port)
        }))
    }))
}

/// `0` and an empty text are every port; the name of a container port is not followed.
fn in_range(first: &str, last: Option<u16>, port: u16) -> Speaks {
    if first.is_empty() {
        return Some(true);
    }
    let first: u16 = first.parse().ok()?;
    Some(first == 0 || (first..=last.filter(|last| *last != 0).unwrap_or(first)).contains(&port))
}

fn network_entry(entry: &NetworkIngress, packet: &Packet<'_>) -> Speaks {
    let source = if entry.from.is_empty() {
        Some(true)
    } else {
        // In Cilium a block never matches a node or a Pod of the cluster, and selectors only match Pods.
        any(entry.from.iter().map(|peer| match &peer.ip_block {
            Some(block) => in_set(block, packet),
            None => Some(false),
        }))
    };
    let ports = if entry.ports.is_empty() {
        Some(true)
    } else {
        any(entry.ports.iter().map(|one| {
            if one.protocol.as_deref().is_some_and(|name| name != "TCP") {
                return Some(false);
            }
            match &one.port {
                None => Some(true),
                Some(serde_json::Value::Number(number)) => {
                    in_range(&number.to_string(), one.end_port, packet.port)
                }
                Some(_) => None,
            }
        }))
    };
    all(source, ports)
}

fn in_block(block: &str, packet: &Packet<'_>) -> Speaks {
    let inside = cidr::contains(block, packet.source).ok()?;
    // Blocks do not match identities of nodes, unless policy-cidr-match-mode says so.
    if packet.from_node && inside {
        return None;
    }
    Some(inside)
}

fn in_set(set: &CidrSet, packet: &Packet<'_>) -> Speaks {
    if set.cidr.is_empty() {
        return None;
    }
    let excepted = any(set.except.iter().map(|block| in_block(block, packet)));
    all(
        in_block(&set.cidr, packet),
        excepted.map(|excepted| !excepted),
    )
}

/// True if one is, unclear if none is and one is unclear.
fn any(all: impl Iterator<Item = Speaks>) -> Speaks {
    let mut unclear = false;
    for one in all {
        match one {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unclear = true,
        }
    }
    if unclear { None } else { Some(false) }
}

fn all(a: Speaks, b: Speaks) -> Speaks {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{NODE, OUTSIDE, Packet, Ruling, Tally};
    use crate::model::kubernetes::policy::{CiliumRule, NetworkPolicySpec};

    fn packet(from_node: bool) -> Packet<'static> {
        Packet {
            source: "10.20.1.5".parse().unwrap(),
            from_node,
            port: 8080,
            entities: if from_node { NODE } else { OUTSIDE },
        }
    }

    fn cilium(rule: &str, from_node: bool) -> Ruling {
        let rule: CiliumRule = serde_json::from_str(rule).unwrap();
        let mut tally = Tally::default();
        tally.cilium(&rule, false, &packet(from_node));
        tally.ruling()
    }

    #[test]
    fn rules_of_cilium() {
        let cases = [
            (r#"{"egress": []}"#, Ruling::Passes),
            (r#"{"ingress": []}"#, Ruling::Passes),
            (r#"{"ingress": [], "ingressDeny": []}"#, Ruling::Passes),
            (
                r#"{"ingress": [], "enableDefaultDeny": {"ingress": true}}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [], "ingressDeny": [{"fromEntities": ["cluster"]}]}"#,
                Ruling::Dropped,
            ),
            (r#"{"ingress": [{}]}"#, Ruling::Dropped),
            (
                r#"{"ingress": [{}], "enableDefaultDeny": {"ingress": false}}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"toPorts": [{"ports": [{"port": "8080"}]}]}]}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"toPorts": [{"ports": [{"port": "8000", "endPort": 8100, "protocol": "TCP"}]}]}]}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"toPorts": [{"ports": [{"port": "8080", "protocol": "UDP"}]}]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"toPorts": [{"ports": [{"port": "http"}]}]}]}"#,
                Ruling::Unclear,
            ),
            (
                r#"{"ingress": [{"fromEntities": ["world"]}]}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"fromEntities": ["cluster"]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"fromEndpoints": [{"matchLabels": {"app": "a"}}]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"fromEndpoints": [{"matchLabels": {"reserved:world": ""}}]}]}"#,
                Ruling::Unclear,
            ),
            (
                r#"{"ingress": [{"fromCIDR": ["10.20.0.0/16"]}]}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.20.0.0/16"]}]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"fromCIDRSet": [{"cidrGroupRef": "a"}]}]}"#,
                Ruling::Unclear,
            ),
            (r#"{"ingress": [{"icmps": [{}]}]}"#, Ruling::Dropped),
            (
                r#"{"ingress": [{"fromEntities": ["all"]}], "ingressDeny": [{"fromEntities": ["world"]}]}"#,
                Ruling::Denied,
            ),
            (r#"{"ingress": [{"fromEntities": []}]}"#, Ruling::Dropped),
        ];
        for (rule, wanted) in cases {
            assert_eq!(cilium(rule, false), wanted, "{rule}");
        }
    }

    #[test]
    fn an_empty_selector_of_a_clusterwide_policy_is_not_followed() {
        let rule = r#"{"ingress": [{"fromEndpoints": [{}]}]}"#;
        assert_eq!(cilium(rule, false), Ruling::Dropped);
        let rule: CiliumRule = serde_json::from_str(rule).unwrap();
        let mut tally = Tally::default();
        tally.cilium(&rule, true, &packet(false));
        assert_eq!(tally.ruling(), Ruling::Unclear);
    }

    #[test]
    fn nodes_are_entities_and_no_blocks() {
        assert_eq!(
            cilium(r#"{"ingress": [{"fromEntities": ["remote-node"]}]}"#, true),
            Ruling::Passes
        );
        assert_eq!(
            cilium(r#"{"ingress": [{"fromCIDR": ["10.20.0.0/16"]}]}"#, true),
            Ruling::Unclear
        );
        assert_eq!(
            cilium(r#"{"ingress": [{"fromCIDR": ["10.30.0.0/16"]}]}"#, true),
            Ruling::Dropped
        );
    }

    #[test]
    fn network_policies() {
        let cases = [
            ("{}", Ruling::Dropped),
            (r#"{"policyTypes": ["Egress"]}"#, Ruling::Passes),
            (r#"{"ingress": [{}]}"#, Ruling::Passes),
            (
                r#"{"ingress": [{"from": [{"podSelector": {}}]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"from": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"port": 8080}]}]}"#,
                Ruling::Passes,
            ),
            (
                r#"{"ingress": [{"ports": [{"port": 9090}]}]}"#,
                Ruling::Dropped,
            ),
            (
                r#"{"ingress": [{"ports": [{"port": "http"}]}]}"#,
                Ruling::Unclear,
            ),
        ];
        for (text, wanted) in cases {
            let spec: NetworkPolicySpec = serde_json::from_str(text).unwrap();
            let mut tally = Tally::default();
            tally.network(&spec, &packet(false));
            assert_eq!(tally.ruling(), wanted, "{text}");
        }
    }
}
