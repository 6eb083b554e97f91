//! What a route table does with one direction of a check.

use super::balancer_nodes::BalancerNode;
use super::crossing::Crossing;
use super::ends::Ends;
use super::route::{Decision, Hop, decide};
use crate::check::view::Located;
use crate::model::aws::{NetworkInterface, RouteTable};
use crate::model::{Gap, Reason, Source};
use std::net::IpAddr;

/// One direction and the route table that decides it.
pub struct Way<'a> {
    /// The table.
    pub table: Located<'a, RouteTable>,
    /// Where packets should go: `the targets` or `the load balancer`.
    pub to: &'static str,
    /// The address they go to.
    pub address: IpAddr,
    /// What becomes of them.
    pub fate: Fate<'a>,
}

/// What becomes of a packet.
pub enum Fate<'a> {
    /// It arrives.
    Carried,
    /// It goes through something that may or may not let it pass.
    Inspected(Hop<'a>),
    /// No route matches.
    NoRoute,
    /// The next hop is gone.
    Blackhole(Hop<'a>),
    /// The next hop is an internet gateway, which drops packets to private addresses.
    Internet(Hop<'a>),
    /// The next hop is an interface that drops packets which are not addressed to it.
    Checked(Hop<'a>, Located<'a, NetworkInterface>),
}

impl Fate<'_> {
    fn is_dropped(&self) -> bool {
        !matches!(self, Self::Carried | Self::Inspected(_))
    }
}

/// Both directions between a node of the balancer and the target.
///
/// # Errors
/// A gap when neither is proven closed and one was not read.
pub fn both_ways<'a>(
    ends: &Ends<'_, 'a>,
    node: &BalancerNode<'a>,
    target_subnet: &str,
) -> Result<Crossing<Way<'a>>, Gap> {
    let address = ends.target.address.clone();
    let forth = address.and_then(|address| way(ends, node.subnet, address, "the targets"));
    let address = node.address.clone();
    let back = address.and_then(|address| way(ends, target_subnet, address, "the load balancer"));
    let mut doubtful = None;
    let mut gap = None;
    for direction in [forth, back] {
        match direction {
            Err(missing) => {
                gap.get_or_insert(missing);
            }
            Ok(way) if way.fate.is_dropped() => return Ok(Crossing::Closed(way)),
            Ok(way) if matches!(way.fate, Fate::Inspected(_)) => {
                doubtful.get_or_insert(way);
            }
            Ok(_) => {}
        }
    }
    match (gap, doubtful) {
        (Some(gap), _) => Err(gap),
        (None, Some(way)) => Ok(Crossing::Doubtful(way)),
        (None, None) => Ok(Crossing::Open),
    }
}

/// What the route table of a subnet does with packets to an address.
///
/// # Errors
/// A gap when the table, or a prefix list that could decide, was not read, or when the packet goes on
/// to tables that are not read.
pub fn way<'a>(
    ends: &Ends<'_, 'a>,
    subnet: &str,
    address: IpAddr,
    to: &'static str,
) -> Result<Way<'a>, Gap> {
    let table = ends.region.route_table(subnet)?;
    let fate = match decide(table.value, address, &|id| ends.prefix_list(id))? {
        Decision::Local => Fate::Carried,
        Decision::NoRoute => Fate::NoRoute,
        Decision::Blackhole(hop) => Fate::Blackhole(hop),
        Decision::Via(hop) => via(ends, hop, address)?,
    };
    Ok(Way {
        table,
        to,
        address,
        fate,
    })
}

fn via<'a>(ends: &Ends<'_, 'a>, hop: Hop<'a>, address: IpAddr) -> Result<Fate<'a>, Gap> {
    let id = hop.route.next_hop();
    let inside = ends.target.vpc == Some(ends.balancer.lb.value.vpc_id.as_str());
    // IPv6 addresses of another network may well be reached over the internet.
    let private = inside || address.is_ipv4();
    if private && (id.starts_with("igw-") || id.starts_with("eigw-")) {
        return Ok(Fate::Internet(hop));
    }
    if let Some(interface) = checking(ends, hop) {
        return Ok(Fate::Checked(hop, interface));
    }
    if inside {
        Ok(Fate::Inspected(hop))
    } else if hop.route.vpc_peering_connection_id.is_some() {
        Ok(Fate::Carried)
    } else {
        Err(Gap::new(Source::RouteTables, id, Reason::NotCollected))
    }
}

/// The next hop, if it is an interface that is known to have its source/destination check on.
///
/// Interfaces of appliances are in few readings. Without them the hop is one that was not looked at.
fn checking<'a>(ends: &Ends<'_, 'a>, hop: Hop<'a>) -> Option<Located<'a, NetworkInterface>> {
    let id = hop.route.network_interface_id.as_deref()?;
    let wanted = |eni: &&NetworkInterface| {
        eni.network_interface_id == id && eni.source_dest_check == Some(true)
    };
    if let Ok(all) = ends.region.network_interfaces()
        && let Some(value) = all.iter().find(wanted)
    {
        let origin = &all.origin;
        return Some(Located { value, origin });
    }
    let all = ends.region.instances().ok()?;
    let value = all
        .iter()
        .flat_map(|instance| &instance.network_interfaces)
        .find(wanted)?;
    let origin = &all.origin;
    Some(Located { value, origin })
}
