//! The commands that mend a route, with the same as changes of the evidence.

use super::cidr;
use super::ends::{Ends, list};
use super::forwarding::{Fate, Way};
use super::route::Hop;
use crate::check::{Change, Fix, Risk};
use crate::model::aws::NetworkInterface;
use std::net::IpAddr;

/// Deletes a route, so that the next shorter prefix takes over.
pub fn delete(ends: &Ends<'_, '_>, way: &Way<'_>, hop: Hop<'_>) -> Fix {
    let table = &way.table.value.route_table_id;
    let destination = hop.destination;
    let gone = hop.route.next_hop();
    Fix {
        summary: format!(
            "delete the route, so that the next shorter prefix takes over, or give it a next hop that carries the packets in place of {gone}"
        ),
        commands: vec![format!(
            "aws ec2 delete-route --region {} --route-table-id {table} {} {destination}",
            ends.name.region.1,
            destination_flag(destination),
        )],
        risk: Risk::Disruptive,
        changes: vec![Change::RouteRemoved {
            region: ends.name.region.clone(),
            table: table.clone(),
            destination: destination.to_owned(),
        }],
        after: format!(
            "the route table shows no such route and the targets of {} turn healthy",
            ends.group.name
        ),
    }
}

/// The same for a blackhole, which carries nothing that could be lost.
pub fn delete_blackhole(ends: &Ends<'_, '_>, way: &Way<'_>, hop: Hop<'_>) -> Fix {
    Fix {
        risk: Risk::Safe,
        ..delete(ends, way, hop)
    }
}

/// Adds the routes that the other direction has: through the same peering.
pub fn add(ends: &Ends<'_, '_>, way: &Way<'_>) -> Fix {
    let table = &way.table.value.route_table_id;
    let region = &ends.name.region;
    let blocks = blocks(ends, way);
    let peering = peering_of(ends, way);
    let all = list(&blocks);
    Fix {
        summary: match peering {
            Some(id) => format!("add a route for {all} through {id}, which the other end uses"),
            None => format!(
                "add a route for {all}; which peering or gateway leads there is for whoever joined the networks to say"
            ),
        },
        commands: peering
            .iter()
            .flat_map(|id| blocks.iter().map(move |block| format!(
                "aws ec2 create-route --region {} --route-table-id {table} {} {block} --vpc-peering-connection-id {id}",
                region.1,
                destination_flag(block),
            )))
            .collect(),
        risk: Risk::Safe,
        changes: peering
            .iter()
            .flat_map(|id| {
                blocks.iter().map(move |block| Change::RouteAdded {
                    region: region.clone(),
                    table: table.clone(),
                    destination: block.clone(),
                    peering: (*id).to_owned(),
                })
            })
            .collect(),
        after: format!("the targets of {} turn healthy", ends.group.name),
    }
}

/// Lets an appliance forward what is not addressed to it.
pub fn forward(ends: &Ends<'_, '_>, interface: &NetworkInterface) -> Fix {
    let id = &interface.network_interface_id;
    Fix {
        summary: format!(
            "switch the source/destination check of {id} off, as every appliance that forwards needs it, or delete the route"
        ),
        commands: vec![format!(
            "aws ec2 modify-network-interface-attribute --region {} --network-interface-id {id} --no-source-dest-check",
            ends.name.region.1
        )],
        risk: Risk::Safe,
        changes: vec![Change::SourceDestCheckOff {
            region: ends.name.region.clone(),
            interface: id.clone(),
        }],
        after: format!(
            "SourceDestCheck of {id} is false and the targets of {} turn healthy",
            ends.group.name
        ),
    }
}

/// The peering that leads back from where a packet should go, if a peering does.
fn peering_of<'a>(ends: &Ends<'_, 'a>, way: &Way<'a>) -> Option<&'a str> {
    let forth = ends.target.address == Ok(way.address);
    let tables: Vec<_> = if forth {
        let subnet = ends.target.subnet.clone().ok()?;
        vec![ends.region.route_table(subnet).ok()?]
    } else {
        let nodes = ends.balancer.nodes.iter();
        nodes
            .filter_map(|node| ends.region.route_table(node.subnet).ok())
            .collect()
    };
    let other: Option<IpAddr> = if forth {
        let node = ends.balancer.nodes.first()?;
        node.address.clone().ok()
    } else {
        ends.target.address.clone().ok()
    };
    let other = other?;
    tables.iter().find_map(|table| {
        table
            .value
            .routes
            .iter()
            .filter(|route| route.state.as_deref() != Some("blackhole"))
            .filter(|route| {
                route
                    .destination()
                    .is_some_and(|block| cidr::contains(block, other) == Ok(true))
            })
            .find_map(|route| route.vpc_peering_connection_id.as_deref())
    })
}

/// The blocks of the subnets that packets should go to, or the address alone where none was read:
/// to the load balancer, those of all its nodes, so that one fix serves every zone.
fn blocks(ends: &Ends<'_, '_>, way: &Way<'_>) -> Vec<String> {
    let block = |subnet: &str, address: IpAddr| match ends.region.subnet(subnet) {
        Ok(found) if cidr::contains(&found.value.cidr_block, address) == Ok(true) => {
            found.value.cidr_block.clone()
        }
        _ => cidr::host(address),
    };
    let mut all: Vec<String> = if ends.target.address == Ok(way.address) {
        vec![block(
            ends.target.subnet.as_deref().unwrap_or_default(),
            way.address,
        )]
    } else {
        let nodes = ends.balancer.nodes.iter();
        nodes
            .filter_map(|node| Some(block(node.subnet, node.address.clone().ok()?)))
            .collect()
    };
    all.sort_unstable();
    all.dedup();
    all
}

fn destination_flag(destination: &str) -> &'static str {
    if destination.starts_with("pl-") {
        "--destination-prefix-list-id"
    } else if destination.contains(':') {
        "--destination-ipv6-cidr-block"
    } else {
        "--destination-cidr-block"
    }
}

/// The fix for a way on which packets are dropped; `None` for one that carries them.
pub fn fix(ends: &Ends<'_, '_>, way: &Way<'_>) -> Option<Fix> {
    match &way.fate {
        Fate::Carried | Fate::Inspected(_) => None,
        Fate::NoRoute => Some(add(ends, way)),
        Fate::Blackhole(hop) => Some(delete_blackhole(ends, way, *hop)),
        Fate::Internet(hop) => Some(
            if ends
                .target
                .vpc
                .is_some_and(|vpc| vpc == ends.balancer.lb.value.vpc_id)
            {
                delete(ends, way, *hop)
            } else {
                add(ends, way)
            },
        ),
        Fate::Checked(_, interface) => Some(forward(ends, interface.value)),
    }
}
