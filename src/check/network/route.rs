//! Where route tables send a packet: the longest prefix wins.
//!
//! Inside a VPC that is the `local` route, unless a more specific static route
//! sends the packet through an appliance, or into a black hole.

use super::cidr;
use crate::model::aws::RouteTable;
use crate::model::aws::route_table::Route;
use crate::model::aws::security_group::PrefixListEntry;
use crate::model::{Gap, Reason, Source};
use std::net::IpAddr;

/// What a route table does with a packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<'a> {
    /// It stays in the VPC.
    Local,
    /// The next hop is gone: the packet is dropped.
    Blackhole(Hop<'a>),
    /// It goes to something else.
    Via(Hop<'a>),
    /// No route matches: the packet is dropped.
    NoRoute,
}

/// The route that decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hop<'a> {
    /// The destination as the table writes it: a block of addresses or a prefix list.
    pub destination: &'a str,
    /// The route.
    pub route: &'a Route,
}

/// Where `table` sends a packet to `address`.
///
/// Of two routes with the same prefix the one of addresses wins over a prefix list, and that over
/// a propagated one (VPC guide, route priority). The local route wins over propagated routes even
/// where these are more specific (Site-to-Site VPN guide, route priority).
///
/// # Errors
/// A gap when a prefix list that could decide was not read, or a destination cannot be read.
pub fn decide<'a>(
    table: &'a RouteTable,
    address: IpAddr,
    lists: &dyn Fn(&str) -> Result<&'a [PrefixListEntry], Gap>,
) -> Result<Decision<'a>, Gap> {
    let mut best: Option<(Rank, Hop<'a>)> = None;
    let mut local = false;
    let mut gap: Option<Gap> = None;
    for route in &table.routes {
        let Some(destination) = route.destination() else {
            continue;
        };
        let prefix = match route.destination_prefix_list_id.as_deref() {
            Some(id) => match lists(id).and_then(|list| longest(id, list, address)) {
                Ok(prefix) => prefix,
                Err(missing) => {
                    if !route.is_gateway_endpoint() {
                        gap = Some(gap.map_or(missing.clone(), |known| known.min(missing)));
                    }
                    None
                }
            },
            None => prefix_of(destination, address).map_err(|error| {
                Gap::new(
                    Source::RouteTables,
                    &table.route_table_id,
                    Reason::Unreadable(error.to_string()),
                )
            })?,
        };
        let Some(prefix) = prefix else { continue };
        local |= is_local(route);
        let rank = Rank {
            prefix,
            stands: standing(route),
        };
        if best.as_ref().is_none_or(|(top, _)| rank > *top) {
            best = Some((rank, Hop { destination, route }));
        }
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    Ok(match best {
        _ if local && best.is_none_or(|(_, hop)| is_propagated(hop.route)) => Decision::Local,
        None => Decision::NoRoute,
        Some((_, hop)) if hop.route.state.as_deref() == Some("blackhole") => {
            Decision::Blackhole(hop)
        }
        Some((_, hop)) if is_local(hop.route) => Decision::Local,
        Some((_, hop)) => Decision::Via(hop),
    })
}

/// How a route compares with others that match: longer prefix first, then the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    prefix: u8,
    stands: u8,
}

fn standing(route: &Route) -> u8 {
    if is_propagated(route) {
        0
    } else {
        1 + u8::from(route.destination_prefix_list_id.is_none())
    }
}

fn is_local(route: &Route) -> bool {
    route.gateway_id.as_deref() == Some("local")
}

fn is_propagated(route: &Route) -> bool {
    route.origin.as_deref() == Some("EnableVgwRoutePropagation")
}

fn prefix_of(block: &str, address: IpAddr) -> Result<Option<u8>, cidr::InvalidCidr> {
    let block = cidr::parse(block)?;
    Ok(block.contains(&address).then(|| block.prefix_len()))
}

fn longest(id: &str, list: &[PrefixListEntry], address: IpAddr) -> Result<Option<u8>, Gap> {
    list.iter().try_fold(None, |longest, entry| {
        let prefix = prefix_of(&entry.cidr, address).map_err(|error| {
            Gap::new(
                Source::PrefixLists,
                id,
                Reason::Unreadable(error.to_string()),
            )
        })?;
        Ok(longest.max(prefix))
    })
}

/// The route for everything that no other route takes, IPv4: a static one before one that a gateway propagated.
pub fn default_route(table: &RouteTable) -> Option<&Route> {
    let routes = table.routes.iter();
    routes
        .filter(|route| route.destination_cidr_block.as_deref() == Some("0.0.0.0/0"))
        .min_by_key(|route| is_propagated(route))
}

#[cfg(test)]
mod tests {
    use super::default_route;
    use crate::model::aws::RouteTable;
    use crate::model::aws::route_table::Route;

    #[test]
    fn a_static_default_route_goes_before_a_propagated_one() {
        let route = |gateway: &str, origin: &str| Route {
            destination_cidr_block: Some("0.0.0.0/0".to_owned()),
            gateway_id: Some(gateway.to_owned()),
            origin: Some(origin.to_owned()),
            ..Route::default()
        };
        let mut table = RouteTable {
            routes: vec![
                route("vgw-1", "EnableVgwRoutePropagation"),
                route("igw-1", "CreateRoute"),
            ],
            ..RouteTable::default()
        };
        let hop = |table: &RouteTable| default_route(table).unwrap().next_hop().to_owned();
        assert_eq!(hop(&table), "igw-1");
        table.routes.truncate(1);
        assert_eq!(hop(&table), "vgw-1");
    }
}
