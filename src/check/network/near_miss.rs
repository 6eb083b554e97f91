//! The rule that comes nearest to admitting a connection that is denied.
//!
//! "No rule matches" sends a person to read sixty rules. The rule that names
//! the right peer with the wrong port, or the right port with the wrong peer,
//! is usually the one that somebody meant.

use super::cidr;
use super::ports::Ports;
use super::rule_id::rule_id;
use super::security_group::{
    Direction, Groups, Peer, PrefixLists, RulePeer, RulePorts, carries_tcp, matches, peers,
};
use crate::check::finding::{Evidence, Layer};
use crate::check::view::RegionView;
use crate::model::aws::security_group::IpPermission;
use crate::model::aws::{SecurityGroup, SecurityGroupRule};

/// A rule that almost admits a connection.
#[derive(Debug, Clone)]
pub struct NearMiss<'a> {
    /// The group that has it.
    pub group: &'a SecurityGroup,
    /// The rule as people write it: `tcp 30000-30800 from sg-0a1`.
    pub rule: String,
    /// Its id, `sgr-…`, where the rules were listed one by one.
    pub id: Option<&'a str>,
    /// Who wrote it, when its description says so.
    pub description: Option<&'a str>,
    /// Why it does not admit it, as the end of a sentence; empty when the peer's addresses differ.
    pub why: String,
}

impl NearMiss<'_> {
    /// Where its id was read, when that is known.
    pub fn named(&self, region: &RegionView<'_, '_>) -> Option<Evidence> {
        Some(Evidence::new(
            Layer::Declared,
            region.security_group_rules_origin()?,
            format!("SecurityGroup/{}", self.group.group_id),
            "SecurityGroupRuleId",
            format!("{}, {}", self.id?, self.rule),
        ))
    }
}

/// The rules of a group one by one, for their ids; none when they were not read.
pub type Rules<'f, 'a> = &'f dyn Fn(&str) -> &'f [&'a SecurityGroupRule];

/// The nearest rule, if one matches in a way that tells it from the crowd.
///
/// Dimensions that a rule names on purpose count twice as much as those that it leaves open
/// (every port, every address). Ties go to the nearest port, then to the text, so that the order
/// of rules does not show.
pub fn nearest<'a>(
    groups: &Groups<'a>,
    direction: Direction,
    peer: &Peer<'_>,
    ports: &Ports,
    lists: PrefixLists<'_>,
    rules: Rules<'_, 'a>,
) -> Option<NearMiss<'a>> {
    let mut best: Option<(i32, i32, NearMiss<'a>)> = None;
    for group in &groups.known {
        for rule in direction.rules(group) {
            for named in peers(rule) {
                let Some((score, distance, why)) =
                    rank(group, direction, rule, named, peer, ports, lists)
                else {
                    continue;
                };
                let miss = NearMiss {
                    group,
                    rule: text(group, rule, direction, named),
                    id: rule_id(rules(&group.group_id), group, direction, rule, named),
                    description: description(rule, named),
                    why,
                };
                let better = best.as_ref().is_none_or(|(top, near, other)| {
                    (-score, distance, &miss.group.group_id, &miss.rule)
                        < (-*top, *near, &other.group.group_id, &other.rule)
                });
                if better {
                    best = Some((score, distance, miss));
                }
            }
        }
    }
    best.map(|(_, _, miss)| miss)
}

/// The nearest rule as the end of a message.
pub fn sentence(
    near: Option<&NearMiss<'_>>,
    groups: &Groups<'_>,
    direction: Direction,
    ports: &Ports,
) -> String {
    match near {
        Some(near) => {
            let id = near.id.map_or_else(String::new, |id| format!(" {id}"));
            // The message has just named the ports.
            let why = if near.why == but_not(ports) {
                ""
            } else {
                &near.why
            };
            format!("the nearest rule{id} allows {}{why}", near.rule)
        }
        None if groups
            .known
            .iter()
            .all(|group| direction.rules(group).is_empty()) =>
        {
            format!("there are no {} rules", direction.adjective())
        }
        None => "no rule comes near".to_owned(),
    }
}

fn but_not(ports: &Ports) -> String {
    format!(", but not {ports}")
}

/// The least score that is worth showing: one dimension named on purpose.
const WORTH_SHOWING: i32 = 2;

fn rank<'a>(
    group: &SecurityGroup,
    direction: Direction,
    rule: &'a IpPermission,
    named: RulePeer<'a>,
    peer: &Peer<'_>,
    ports: &Ports,
    lists: PrefixLists<'_>,
) -> Option<(i32, i32, String)> {
    let wanted = ports.intervals().first()?.0;
    let tcp = carries_tcp(&rule.ip_protocol);
    // Everybody's rule for ping is no attempt at a health check.
    if !tcp && is_icmp(&rule.ip_protocol) {
        return None;
    }
    let dead = dead_peering(named, peer);
    let peer_score = match matches(group, named, peer, lists) {
        _ if matches!(named, RulePeer::Cidr(block) if cidr::is_everything(block)) => 1,
        Ok(true) => 2,
        _ if dead.is_some() => 2,
        _ => 0,
    };
    let (port_score, distance) = match RulePorts::of(rule) {
        RulePorts::All => (1, 0),
        RulePorts::Range(from, to) if (from..=to).contains(&wanted) => (2, 0),
        RulePorts::Range(from, to) => {
            (0, i32::from(wanted.abs_diff(from).min(wanted.abs_diff(to))))
        }
        RulePorts::Invalid => return None,
    };
    let score = peer_score + port_score - i32::from(!tcp);
    let why = if let Some(state) = dead {
        format!(", {state}")
    } else if !tcp {
        ", but not tcp".to_owned()
    } else if port_score == 0 {
        but_not(ports)
    } else if peer_score == 0 && matches!(named, RulePeer::Group(_)) {
        format!(", which {} not carry", direction.peer_does())
    } else {
        String::new()
    };
    (score >= WORTH_SHOWING).then_some((score, distance, why))
}

fn is_icmp(protocol: &str) -> bool {
    matches!(protocol, "1" | "58") || protocol.to_ascii_lowercase().starts_with("icmp")
}

/// A reference to the right group over a peering that is gone.
fn dead_peering(named: RulePeer<'_>, peer: &Peer<'_>) -> Option<String> {
    let RulePeer::Group(pair) = named else {
        return None;
    };
    let attached = peer.groups.ok()?;
    let peering = pair.vpc_peering_connection_id.as_deref()?;
    let status = pair.peering_status.as_deref()?;
    (attached.contains(&pair.group_id.as_deref()?) && status != "active")
        .then(|| format!("but PeeringStatus of {peering} is {status}"))
}

/// `tcp 30000-30800 from sg-0a1`.
fn text(
    group: &SecurityGroup,
    rule: &IpPermission,
    direction: Direction,
    named: RulePeer<'_>,
) -> String {
    let protocol = match rule.ip_protocol.as_str() {
        "6" => "tcp",
        "17" => "udp",
        other => other,
    };
    let numbered;
    let protocol = if protocol.parse::<u8>().is_ok() {
        numbered = format!("protocol {protocol}");
        numbered.as_str()
    } else {
        protocol
    };
    let what = match RulePorts::of(rule) {
        _ if protocol == "-1" => "all traffic".to_owned(),
        RulePorts::Range(from, to) => format!("{protocol} {}", Ports::range(from, to)),
        RulePorts::All | RulePorts::Invalid => format!("{protocol} on every port"),
    };
    let owner = match named {
        RulePeer::Group(pair) => match (&pair.user_id, &group.owner_id) {
            (Some(account), Some(own)) if account != own => format!(" of account {account}"),
            _ => String::new(),
        },
        RulePeer::Cidr(_) | RulePeer::PrefixList(_) => String::new(),
    };
    format!(
        "{what} {} {}{owner}",
        direction.preposition(),
        peer_text(named)
    )
}

/// The peer of a rule as people write it.
pub fn peer_text(named: RulePeer<'_>) -> &str {
    match named {
        RulePeer::Cidr(text) | RulePeer::PrefixList(text) => text,
        RulePeer::Group(pair) => pair.group_id.as_deref().unwrap_or("a group without an id"),
    }
}

fn description<'a>(rule: &'a IpPermission, named: RulePeer<'a>) -> Option<&'a str> {
    match named {
        RulePeer::Group(pair) => pair.description.as_deref(),
        RulePeer::PrefixList(id) => rule
            .prefix_list_ids
            .iter()
            .find(|list| list.prefix_list_id == id)
            .and_then(|list| list.description.as_deref()),
        RulePeer::Cidr(block) => rule
            .ip_ranges
            .iter()
            .find(|range| range.cidr_ip == block)
            .and_then(|range| range.description.as_deref()),
    }
}
