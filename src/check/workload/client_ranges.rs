//! Who the clients are by what the balancer admits, and which of them a target's groups admit.

use crate::check::View;
use crate::check::network::cidr;
use crate::check::network::ends::Ends;
use crate::check::network::security_group::{
    Direction, Groups, RulePeer, RulePorts, carries_tcp, peers,
};
use crate::model::aws::security_group::IpPermission;
use crate::model::{Gap, Reason, Source};
use ipnet::IpNet;
use std::collections::BTreeSet;

/// Who may connect, as far as addresses say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clients {
    /// Blocks of one family.
    pub blocks: BTreeSet<String>,
    /// Why there are others whose addresses are not known.
    pub others: Option<Gap>,
}

/// Everybody of a family, where nothing narrows the clients.
pub fn everybody(ipv6: bool) -> &'static str {
    if ipv6 { "::/0" } else { "0.0.0.0/0" }
}

/// The clients that the balancer admits on a listener's port: by the inbound rules of its groups; without groups by
/// `loadBalancerSourceRanges` of the Service, else everybody.
///
/// Only clients of the targets' own family count: what is converted between families arrives with an address of the
/// load balancer (guide "Edit target group attributes for your Network Load Balancer", client IP preservation).
///
/// # Errors
/// A gap when a group was not read.
pub fn clients(
    view: &View<'_>,
    ends: &Ends<'_, '_>,
    of_balancer: &[&str],
    port: u16,
    ipv6: bool,
) -> Result<Clients, Gap> {
    let of_family = |block: &String| block.contains(':') == ipv6;
    if of_balancer.is_empty() {
        let ranges = view
            .service()?
            .map(|service| service.spec.load_balancer_source_ranges.clone())
            .unwrap_or_default();
        let blocks = if ranges.is_empty() {
            BTreeSet::from([everybody(ipv6).to_owned()])
        } else {
            ranges.into_iter().filter(of_family).collect()
        };
        return Ok(Clients {
            blocks,
            others: None,
        });
    }
    let groups = ends.groups(of_balancer);
    if let Some(gap) = groups.missing {
        return Err(gap);
    }
    let mut blocks = BTreeSet::new();
    let mut others = None;
    for peer in groups
        .known
        .iter()
        .flat_map(|group| &group.ip_permissions)
        .filter(|rule| is_for(rule, port))
        .flat_map(peers)
    {
        match blocks_of(ends, peer) {
            Ok(named) => blocks.extend(named.into_iter().filter(of_family)),
            Err(gap) => others = others.or(Some(gap)),
        }
    }
    Ok(Clients { blocks, others })
}

/// The blocks that a rule's peer stands for.
fn blocks_of(ends: &Ends<'_, '_>, peer: RulePeer<'_>) -> Result<Vec<String>, Gap> {
    match peer {
        RulePeer::Cidr(block) => Ok(vec![block.to_owned()]),
        RulePeer::PrefixList(id) => Ok(ends
            .prefix_list(id)?
            .iter()
            .map(|entry| entry.cidr.clone())
            .collect()),
        RulePeer::Group(pair) => Err(Gap::new(
            Source::SecurityGroups,
            pair.group_id.as_deref().unwrap_or_default(),
            Reason::Partial("the addresses that carry it as clients are not read".to_owned()),
        )),
    }
}

/// Which blocks of clients a target's groups admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// Everybody of the family: what comes through the balancer's own group, or from anywhere.
    Everybody,
    /// All blocks that are known.
    All,
    /// Parts; these blocks are kept out in whole or in part.
    Some(Vec<String>),
    /// Not one address of any; these are the blocks.
    None(Vec<String>),
}

/// Holds the blocks of clients against the inbound rules of a target's groups.
///
/// A rule that names a group of the balancer admits everything that comes through it, with client addresses
/// preserved as well (guide "Security groups for your Network Load Balancer"); one that names another group does not.
///
/// # Errors
/// A gap when a group, or a prefix list that could admit, was not read.
pub fn admitted(
    ends: &Ends<'_, '_>,
    groups: &Groups<'_>,
    of_balancer: &[&str],
    port: u16,
    clients: &BTreeSet<String>,
    ipv6: bool,
) -> Result<Admitted, Gap> {
    let mut open: Vec<IpNet> = Vec::new();
    let mut gap = groups.missing.clone();
    for rule in groups
        .known
        .iter()
        .flat_map(|group| Direction::Ingress.rules(group))
        .filter(|rule| is_for(rule, port))
    {
        for peer in peers(rule) {
            if let RulePeer::Group(pair) = peer {
                // A rule for another group admits none by its address.
                let id = pair.group_id.as_deref();
                if id.is_some_and(|id| of_balancer.contains(&id)) {
                    return Ok(Admitted::Everybody);
                }
                continue;
            }
            match blocks_of(ends, peer) {
                Ok(blocks) => {
                    for block in blocks {
                        match cidr::parse(&block) {
                            Ok(block) => open.push(block.trunc()),
                            Err(error) => gap = gap.or(Some(unreadable(error.to_string()))),
                        }
                    }
                }
                Err(missing) => gap = gap.or(Some(missing)),
            }
        }
    }
    let open = IpNet::aggregate(&open);
    let all = cidr::parse(everybody(ipv6)).map_err(|error| unreadable(error.to_string()))?;
    if open.contains(&all) {
        return Ok(Admitted::Everybody);
    }
    let mut kept_out = Vec::new();
    let mut touched = false;
    for text in clients {
        let block = cidr::parse(text).map_err(|error| unreadable(error.to_string()))?;
        if open.iter().any(|open| open.contains(&block)) {
            touched = true;
            continue;
        }
        touched |= open.iter().any(|open| block.contains(open));
        kept_out.push(text.clone());
    }
    match (kept_out.is_empty(), gap) {
        (true, _) => Ok(Admitted::All),
        (false, Some(gap)) => Err(gap),
        (false, None) if touched => Ok(Admitted::Some(kept_out)),
        (false, None) => Ok(Admitted::None(kept_out)),
    }
}

fn is_for(rule: &IpPermission, port: u16) -> bool {
    carries_tcp(&rule.ip_protocol)
        && match RulePorts::of(rule) {
            RulePorts::All => true,
            RulePorts::Range(from, to) => (from..=to).contains(&port),
            RulePorts::Invalid => false,
        }
}

fn unreadable(what: String) -> Gap {
    Gap::new(Source::SecurityGroups, "", Reason::Unreadable(what))
}
