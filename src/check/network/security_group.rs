//! What security groups admit: stateful, allow-only, the union of all rules.
//!
//! A connection needs the outbound rules of the side that opens it and the
//! inbound rules of the side that takes it; answers are not looked at. The
//! verdict keeps three values apart: one rule that admits is enough to allow,
//! and nothing is denied as long as something that could admit was not read.

use super::cidr;
use crate::model::aws::SecurityGroup;
use crate::model::aws::security_group::{IpPermission, PrefixListEntry, UserIdGroupPair};
use crate::model::{Gap, Reason, Source};
use std::net::IpAddr;

/// Which rules of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `IpPermissions`.
    Ingress,
    /// `IpPermissionsEgress`.
    Egress,
}

impl Direction {
    /// The rules of `group` in this direction.
    pub fn rules(self, group: &SecurityGroup) -> &[IpPermission] {
        match self {
            Self::Ingress => &group.ip_permissions,
            Self::Egress => &group.ip_permissions_egress,
        }
    }

    /// The field that holds them.
    pub fn field(self) -> &'static str {
        match self {
            Self::Ingress => "IpPermissions",
            Self::Egress => "IpPermissionsEgress",
        }
    }

    /// `inbound` or `outbound`.
    pub fn adjective(self) -> &'static str {
        match self {
            Self::Ingress => "inbound",
            Self::Egress => "outbound",
        }
    }

    /// The other end with its verb, as in "which … not carry".
    pub fn peer_does(self) -> &'static str {
        match self {
            Self::Ingress => "the load balancer does",
            Self::Egress => "the targets do",
        }
    }

    /// `from` or `to`.
    pub fn preposition(self) -> &'static str {
        match self {
            Self::Ingress => "from",
            Self::Egress => "to",
        }
    }
}

/// The other end of a connection; what is not known of it is a gap.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'p> {
    /// Its address.
    pub address: Result<IpAddr, &'p Gap>,
    /// The security groups of its interface.
    pub groups: Result<&'p [&'p str], &'p Gap>,
}

/// The groups of an interface, and the gap when not all of them were read.
#[derive(Debug, Clone, Default)]
pub struct Groups<'a> {
    /// Those that were read.
    pub known: Vec<&'a SecurityGroup>,
    /// Why one was not.
    pub missing: Option<Gap>,
}

/// How a rule names the other end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RulePeer<'a> {
    /// By addresses.
    Cidr(&'a str),
    /// By a prefix list.
    PrefixList(&'a str),
    /// By a security group.
    Group(&'a UserIdGroupPair),
}

/// What admits a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Admission<'a> {
    /// The interface has no security group, as only a Network Load Balancer's can.
    NoGroup,
    /// A rule.
    Rule {
        /// The group that has it.
        group: &'a SecurityGroup,
        /// The rule.
        rule: &'a IpPermission,
        /// How it names the other end.
        peer: RulePeer<'a>,
    },
}

/// What the groups of an interface say to a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict<'a> {
    /// Something admits it.
    Allow(Admission<'a>),
    /// Nothing that was read admits it, and something was not read.
    Unknown(Gap),
    /// Everything was read and nothing admits it.
    Deny,
}

/// The entries of a prefix list, or the gap when they were not read.
pub type PrefixLists<'f> = &'f dyn Fn(&str) -> Result<&'f [PrefixListEntry], Gap>;

/// The ports of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulePorts {
    /// All of them.
    All,
    /// From the first to the last, both included.
    Range(u16, u16),
    /// Not readable as ports.
    Invalid,
}

impl RulePorts {
    /// The ports of `rule`: all for protocol -1, and where both ends are absent or -1.
    pub fn of(rule: &IpPermission) -> Self {
        Self::new(&rule.ip_protocol, rule.from_port, rule.to_port)
    }

    /// The same of a rule that says them in this way.
    pub fn new(protocol: &str, from: Option<i32>, to: Option<i32>) -> Self {
        if protocol == "-1" {
            return Self::All;
        }
        match (from, to) {
            (None | Some(-1), None | Some(-1)) => Self::All,
            (Some(from), Some(to)) => match (u16::try_from(from), u16::try_from(to)) {
                (Ok(from), Ok(to)) if from <= to => Self::Range(from, to),
                _ => Self::Invalid,
            },
            _ => Self::Invalid,
        }
    }
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// The word of rules and commands.
    pub fn id(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// Whether a rule of `protocol` is about it; numbers are legal, and `-1` is every protocol.
    pub fn carried_by(self, protocol: &str) -> bool {
        let number = match self {
            Self::Tcp => "6",
            Self::Udp => "17",
        };
        protocol == "-1" || protocol == number || protocol.eq_ignore_ascii_case(self.id())
    }
}

/// Whether a rule of `protocol` is about TCP.
pub fn carries_tcp(protocol: &str) -> bool {
    Transport::Tcp.carried_by(protocol)
}

/// Whether the groups of an interface admit a TCP connection with `peer` on `port`.
///
/// Without any group everything is admitted: the caller knows whether the interface can be without one.
pub fn evaluate<'a>(
    groups: &Groups<'a>,
    direction: Direction,
    peer: &Peer<'_>,
    port: u16,
    lists: PrefixLists<'_>,
) -> Verdict<'a> {
    evaluate_over(Transport::Tcp, groups, direction, peer, port, lists)
}

/// As [`evaluate`], for any protocol with ports.
pub fn evaluate_over<'a>(
    transport: Transport,
    groups: &Groups<'a>,
    direction: Direction,
    peer: &Peer<'_>,
    port: u16,
    lists: PrefixLists<'_>,
) -> Verdict<'a> {
    if groups.known.is_empty() && groups.missing.is_none() {
        return Verdict::Allow(Admission::NoGroup);
    }
    let mut gap = groups.missing.clone();
    for group in &groups.known {
        for rule in direction.rules(group) {
            if !transport.carried_by(&rule.ip_protocol) {
                continue;
            }
            match RulePorts::of(rule) {
                RulePorts::Range(from, to) if !(from..=to).contains(&port) => continue,
                RulePorts::Invalid => {
                    let what = format!("ports {:?} to {:?}", rule.from_port, rule.to_port);
                    remember(&mut gap, unreadable(group, what));
                    continue;
                }
                RulePorts::All | RulePorts::Range(..) => {}
            }
            for named in peers(rule) {
                match matches(group, named, peer, lists) {
                    Ok(true) => {
                        return Verdict::Allow(Admission::Rule {
                            group,
                            rule,
                            peer: named,
                        });
                    }
                    Ok(false) => {}
                    Err(missing) => remember(&mut gap, missing),
                }
            }
        }
    }
    gap.map_or(Verdict::Deny, Verdict::Unknown)
}

/// Everything that a rule names as the other end.
pub fn peers(rule: &IpPermission) -> impl Iterator<Item = RulePeer<'_>> {
    let v4 = rule.ip_ranges.iter().map(|range| range.cidr_ip.as_str());
    let v6 = rule
        .ipv6_ranges
        .iter()
        .map(|range| range.cidr_ipv6.as_str());
    let lists = rule
        .prefix_list_ids
        .iter()
        .map(|list| RulePeer::PrefixList(&list.prefix_list_id));
    v4.chain(v6)
        .map(RulePeer::Cidr)
        .chain(lists)
        .chain(rule.user_id_group_pairs.iter().map(RulePeer::Group))
}

/// Whether a rule's peer is the other end.
///
/// # Errors
/// The gap when that depends on something that was not read.
pub(super) fn matches<'a>(
    group: &SecurityGroup,
    named: RulePeer<'a>,
    peer: &Peer<'_>,
    lists: PrefixLists<'_>,
) -> Result<bool, Gap> {
    match named {
        RulePeer::Cidr(block) => {
            let address = peer.address.map_err(Gap::clone)?;
            cidr::contains(block, address).map_err(|error| unreadable(group, error.to_string()))
        }
        RulePeer::PrefixList(id) => {
            let address = peer.address.map_err(Gap::clone)?;
            let mut unread = None;
            for entry in lists(id)? {
                match cidr::contains(&entry.cidr, address) {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(error) => {
                        unread = Some(Reason::Unreadable(error.to_string()));
                    }
                }
            }
            unread.map_or(Ok(false), |reason| {
                Err(Gap::new(Source::PrefixLists, id, reason))
            })
        }
        // A group of another account compares by its id alone, which is unique everywhere.
        RulePeer::Group(pair) => {
            let attached = peer.groups.map_err(Gap::clone)?;
            let Some(id) = pair.group_id.as_deref() else {
                return Err(unreadable(group, "a group reference without an id"));
            };
            if !attached.contains(&id) {
                return Ok(false);
            }
            match (&pair.vpc_peering_connection_id, &pair.peering_status) {
                (None, _) => Ok(true),
                (Some(_), Some(status)) => Ok(status == "active"),
                (Some(peering), None) => Err(Gap::new(
                    Source::SecurityGroups,
                    &group.group_id,
                    Reason::Partial(format!("PeeringStatus of {peering} is not in it")),
                )),
            }
        }
    }
}

fn unreadable(group: &SecurityGroup, what: impl Into<String>) -> Gap {
    Gap::new(
        Source::SecurityGroups,
        &group.group_id,
        Reason::Unreadable(what.into()),
    )
}

/// Keeps the least of several gaps, so that the order of rules does not show.
fn remember(gap: &mut Option<Gap>, other: Gap) {
    match gap {
        Some(known) if *known <= other => {}
        _ => *gap = Some(other),
    }
}
