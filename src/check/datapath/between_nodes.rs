//! What a connection from one node to a backend on another needs, and whether security groups admit it.

use super::spread::Remote;
use crate::check::View;
use crate::check::network::ends::groups_of;
use crate::check::network::security_group::{Direction, Peer, Transport, Verdict, evaluate_over};
use crate::check::node::option::option;
use crate::check::view::Located;
use crate::model::aws::Instance;
use crate::model::cilium::AgentStatus;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::AwsName;
use std::net::IpAddr;

/// What carries packets to Pods of other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// VXLAN, on this UDP port; 8472 unless `tunnel-port` says otherwise.
    Vxlan(u16),
    /// Geneve, on this UDP port; 6081 unless `tunnel-port` says otherwise.
    Geneve(u16),
    /// WireGuard, UDP 51871.
    WireGuard,
    /// Nothing: the packet goes to the Pod's own address and port.
    Direct,
}

impl Carrier {
    /// What carries a forwarded NodePort packet, from the agent's status (`routing` is printed from 1.16 on).
    ///
    /// WireGuard takes the packets of a tunnel; without one those of Pods only, unless nodes encrypt theirs as well: source
    /// NAT gives the packet its node's address, and `wg_maybe_redirect_to_encrypt` (bpf/lib/wireguard.h) leaves out
    /// what has the identity of the host. So says the table in Documentation/security/network/encryption-wireguard.rst.
    ///
    /// # Errors
    /// A gap when the status does not say, for IPsec, which has no ports, and for DSR, XDP or a node that opted out of
    /// node encryption where WireGuard would take what is forwarded.
    pub fn of(view: &View<'_>, status: &Fact<AgentStatus>, node: &str) -> Result<Self, Gap> {
        let gap = |why: &str| {
            Gap::new(
                Source::AgentStatus,
                format!("node {node}"),
                Reason::Partial(why.to_owned()),
            )
        };
        let encrypts = |mode: &str| {
            let set = status.encryption.as_deref();
            set.is_some_and(|set| set.eq_ignore_ascii_case(mode))
        };
        if encrypts("ipsec") {
            return Err(gap("IPsec between nodes is not followed"));
        }
        let routing = status
            .routing
            .as_ref()
            .ok_or_else(|| gap("routing is not in it"))?;
        if encrypts("wireguard") {
            let tunnelled = routing.mode.eq_ignore_ascii_case("tunnel");
            match status.node_encryption.as_deref() {
                Some("Disabled") if !tunnelled => return Ok(Self::Direct),
                Some("Enabled") => {}
                _ if tunnelled => {}
                Some(word) => return Err(gap(&format!("node encryption is {word:?}"))),
                None => return Err(gap("node-encryption of WireGuard is not in it")),
            }
            let forwards = status.node_port.as_ref();
            return match forwards.map(|one| (one.mode.as_str(), one.acceleration.as_str())) {
                Some(("SNAT", "Disabled")) => Ok(Self::WireGuard),
                Some((mode, xdp)) => Err(gap(&format!(
                    "what becomes of WireGuard with NodePort mode {mode:?} and acceleration {xdp:?} is not followed"
                ))),
                None => Err(gap("the NodePort mode is not in it")),
            };
        }
        let port = |default: u16| {
            option(view, node, "tunnel-port")
                .and_then(|(text, _)| text.parse().ok())
                .filter(|port| *port != 0)
                .unwrap_or(default)
        };
        match (
            routing.mode.to_ascii_lowercase().as_str(),
            routing.tunnel_protocol.to_ascii_lowercase().as_str(),
        ) {
            ("native", _) => Ok(Self::Direct),
            (_, "vxlan") => Ok(Self::Vxlan(port(8472))),
            (_, "geneve") => Ok(Self::Geneve(port(6081))),
            (mode, protocol) => Err(gap(&format!("routing is {mode:?} {protocol:?}"))),
        }
    }

    /// Protocol and port for a backend's port.
    pub fn port(self, backend: u16) -> (Transport, u16) {
        match self {
            Self::Vxlan(port) | Self::Geneve(port) => (Transport::Udp, port),
            Self::WireGuard => (Transport::Udp, 51871),
            Self::Direct => (Transport::Tcp, backend),
        }
    }

    /// What it is called in a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vxlan(_) => "VXLAN",
            Self::Geneve(_) => "Geneve",
            Self::WireGuard => "WireGuard",
            Self::Direct => "the Pods' own port",
        }
    }

    /// Whether answers are connections of their own: tunnels choose the source port of every flow anew.
    fn both_ways(self) -> bool {
        matches!(self, Self::Vxlan(_) | Self::Geneve(_))
    }
}

/// One step that no rule admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The side whose rules are asked.
    pub direction: Direction,
    /// The security groups of that side, sorted.
    pub groups: Vec<String>,
    /// The security groups of the other side, sorted.
    pub peers: Vec<String>,
    /// The instance of that side.
    pub instance: String,
}

/// The first step between two nodes that no rule admits; `None` when all are admitted.
///
/// # Errors
/// A gap when something that decides was not read.
pub fn blocked(
    view: &View<'_>,
    group: &AwsName,
    from: &str,
    backend: &Remote,
    carrier: Carrier,
) -> Result<Option<Blocked>, Gap> {
    let here = instance(view, group, from)?;
    let there = instance(view, group, &backend.node)?;
    let mut steps = vec![
        (Direction::Egress, &here, &there),
        (Direction::Ingress, &there, &here),
    ];
    if carrier.both_ways() {
        steps.push((Direction::Egress, &there, &here));
        steps.push((Direction::Ingress, &here, &there));
    }
    // A Pod's own address may be that of another interface of its instance.
    let backend_address = match carrier {
        Carrier::Direct => Some(backend.address),
        _ => None,
    };
    for (direction, own, peer) in steps {
        let blocked = step(
            view,
            group,
            direction,
            own,
            peer,
            carrier.port(backend.port),
            backend_address,
        )?;
        if blocked.is_some() {
            return Ok(blocked);
        }
    }
    Ok(None)
}

/// The instance of a node.
///
/// # Errors
/// A gap when the node or its instance was not read.
pub fn instance<'a>(
    view: &View<'a>,
    group: &AwsName,
    node: &str,
) -> Result<Located<'a, Instance>, Gap> {
    let missing = |why: &str| Gap::new(Source::Nodes, node, Reason::Partial(why.to_owned()));
    let object = view
        .nodes()
        .find("", node)?
        .ok_or_else(|| missing("no such Node"))?;
    let id = object
        .instance_id()
        .ok_or_else(|| missing("spec.providerID is not in it"))?;
    view.region(group, Source::Instances)?.instance(id)
}

fn step(
    view: &View<'_>,
    group: &AwsName,
    direction: Direction,
    own: &Located<'_, Instance>,
    peer: &Located<'_, Instance>,
    (transport, port): (Transport, u16),
    backend: Option<IpAddr>,
) -> Result<Option<Blocked>, Gap> {
    let region = view.region(group, Source::SecurityGroups)?;
    let unknown = |instance: &Instance, what: &str| {
        Gap::new(
            Source::Instances,
            instance.instance_id.clone(),
            Reason::Partial(format!("{what} is not in it")),
        )
    };
    let pod_side = match direction {
        Direction::Ingress => own,
        Direction::Egress => peer,
    };
    let of_backend =
        |instance: &Instance| backend.filter(|_| instance.instance_id == pod_side.instance_id);
    let own_ids = groups_at(own.value, of_backend(own.value));
    let peer_ids = groups_at(peer.value, of_backend(peer.value));
    if own_ids.is_empty() {
        return Err(unknown(own.value, "SecurityGroups"));
    }
    let address = of_backend(peer.value)
        .or_else(|| peer.address())
        .ok_or_else(|| unknown(peer.value, "PrivateIpAddress"));
    let groups = groups_of(&region, &own_ids);
    let lists = |id: &str| region.prefix_list(id).map(|fact| fact.value.as_slice());
    let other = Peer {
        address: address.as_ref().copied(),
        groups: Ok(&peer_ids),
    };
    match evaluate_over(transport, &groups, direction, &other, port, &lists) {
        Verdict::Allow(_) => Ok(None),
        Verdict::Unknown(gap) => Err(gap),
        Verdict::Deny => Ok(Some(Blocked {
            direction,
            groups: own_ids.iter().map(|id| (*id).to_owned()).collect(),
            peers: peer_ids.iter().map(|id| (*id).to_owned()).collect(),
            instance: own.instance_id.clone(),
        })),
    }
}

/// The security groups of the interface that has the address, or of the primary one.
fn groups_at(instance: &Instance, address: Option<IpAddr>) -> Vec<&str> {
    let carrying = address.and_then(|address| {
        instance
            .network_interfaces
            .iter()
            .find(|eni| eni.carries(address))
    });
    let mut ids: Vec<&str> = match carrying {
        Some(eni) => eni
            .groups
            .iter()
            .map(|group| group.group_id.as_str())
            .collect(),
        None => instance.group_ids(),
    };
    ids.sort_unstable();
    ids.dedup();
    ids
}
