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

/// Everybody, where nothing narrows the clients.
const EVERYBODY: &str = "0.0.0.0/0";

/// The blocks of addresses that the balancer admits on a listener's port: the inbound rules of its groups; without
/// groups `loadBalancerSourceRanges` of the Service, else everybody.
///
/// Rules that name groups or prefix lists add clients whose addresses are not known here; they are left out, since
/// what is said of the others holds without them.
///
/// # Errors
/// A gap when a group was not read.
pub fn clients(
    view: &View<'_>,
    ends: &Ends<'_, '_>,
    of_balancer: &[&str],
    port: u16,
) -> Result<BTreeSet<String>, Gap> {
    if of_balancer.is_empty() {
        let ranges = view
            .service()?
            .map(|service| service.spec.load_balancer_source_ranges.clone())
            .unwrap_or_default();
        return Ok(if ranges.is_empty() {
            BTreeSet::from([EVERYBODY.to_owned()])
        } else {
            ranges.into_iter().collect()
        });
    }
    let groups = ends.groups(of_balancer);
    if let Some(gap) = groups.missing {
        return Err(gap);
    }
    Ok(groups
        .known
        .iter()
        .flat_map(|group| &group.ip_permissions)
        .filter(|rule| is_for(rule, port))
        .flat_map(peers)
        .filter_map(|peer| match peer {
            RulePeer::Cidr(block) => Some(block.to_owned()),
            _ => None,
        })
        .collect())
}

/// Which blocks of clients a target's groups admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// All of them.
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
    groups: &Groups<'_>,
    of_balancer: &[&str],
    port: u16,
    clients: &BTreeSet<String>,
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
            match peer {
                RulePeer::Cidr(block) => match cidr::parse(block) {
                    Ok(block) => open.push(block.trunc()),
                    Err(error) => gap = gap.or(Some(unreadable(error.to_string()))),
                },
                RulePeer::PrefixList(id) => {
                    let reason =
                        Reason::Partial("its addresses are not compared with clients".to_owned());
                    gap = gap.or(Some(Gap::new(Source::SecurityGroups, id, reason)));
                }
                RulePeer::Group(pair)
                    if pair
                        .group_id
                        .as_deref()
                        .is_some_and(|id| of_balancer.contains(&id)) =>
                {
                    return Ok(Admitted::All);
                }
                RulePeer::Group(_) => {}
            }
        }
    }
    let open = IpNet::aggregate(&open);
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
