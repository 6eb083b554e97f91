//! The network ACL entries that let a check through, for every address and port that one rule denies.

use super::acl_legs::{Between, Closed};
use super::cidr;
use super::ends::{Ends, list};
use super::network_acl::{CLOSING_RULE, REPLY_PORTS, free_numbers};
use super::ports::Ports;
use super::target_interface::target_interface;
use crate::check::{Change, Fix, Risk, View};
use crate::path::Path;
use std::net::IpAddr;

/// Everything that a rule denies to the checks of one balancer.
pub struct Scope {
    /// The ports: those of checks, or those of answers.
    pub ports: Ports,
    /// The other end, as blocks of addresses in order.
    pub blocks: Vec<String>,
}

impl Scope {
    /// What the rule denies: for all nodes of the balancer and all subnets that have targets of the
    /// path, so that one fix serves all that share the cause.
    pub fn of(view: &View<'_>, ends: &Ends<'_, '_>, path: &Path, closed: &Closed<'_>) -> Self {
        let own = &closed.between;
        let ports = if closed.leg.is_reply() {
            Ports::range(REPLY_PORTS.0, REPLY_PORTS.1)
        } else {
            ends.ports_of_checks(view, |_| true)
                .into_iter()
                .filter(|port| same_rule(ends, own, closed, *port))
                .collect()
        };
        let pairs: Vec<Between<'_>> = if closed.leg.at_balancer() {
            peers(ends, path)
                .into_iter()
                .map(|(target_subnet, target)| Between {
                    target_subnet,
                    target,
                    ..*own
                })
                .chain([*own])
                .collect()
        } else {
            ends.balancer
                .nodes
                .iter()
                .filter_map(|node| {
                    Some(Between {
                        balancer_subnet: node.subnet,
                        balancer: *node.address.as_ref().ok()?,
                        ..*own
                    })
                })
                .collect()
        };
        let mut blocks: Vec<String> = pairs
            .iter()
            .filter(|pair| pair.balancer_subnet != pair.target_subnet)
            .filter(|pair| same_rule(ends, pair, closed, ends.port))
            .map(|pair| {
                if closed.leg.at_balancer() {
                    block(ends, pair.target_subnet, pair.target)
                } else {
                    block(ends, pair.balancer_subnet, pair.balancer)
                }
            })
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        Self { ports, blocks }
    }
}

/// One target for each subnet. Looking up the interface of an address means reading through all of
/// them, so of targets by address one for each zone has to do.
fn peers<'a>(ends: &Ends<'_, 'a>, path: &'a Path) -> Vec<(&'a str, IpAddr)> {
    let mut found: Vec<(&str, IpAddr)> = Vec::new();
    let mut zones: Vec<Option<&str>> = Vec::new();
    for target in &path.targets {
        let by_address = target.id.parse::<IpAddr>().is_ok();
        let subnet = if by_address {
            let zone = target.zone.as_deref();
            if zones.contains(&zone) {
                continue;
            }
            zones.push(zone);
            let vpc = &ends.balancer.lb.value.vpc_id;
            target_interface(&ends.region, vpc, target).subnet.ok()
        } else {
            let instance = ends.region.instance(&target.id).ok();
            instance.and_then(|instance| instance.value.subnet_id.as_deref())
        };
        if let (Some(subnet), Ok(address)) = (subnet, &target.address)
            && found.iter().all(|(known, _)| *known != subnet)
        {
            found.push((subnet, *address));
        }
    }
    found
}

/// Whether the same rule of the same ACL denies on the same crossing of another pair.
fn same_rule(ends: &Ends<'_, '_>, between: &Between<'_>, closed: &Closed<'_>, port: u16) -> bool {
    between
        .ruling(&ends.region, closed.leg, port)
        .is_ok_and(|(acl, ruling)| {
            acl.value.network_acl_id == closed.acl.value.network_acl_id
                && ruling
                    .denying()
                    .is_some_and(|slice| slice.rule == closed.by.rule)
        })
}

/// The block of a subnet, or the address alone when the subnet was not read.
fn block(ends: &Ends<'_, '_>, subnet: &str, address: IpAddr) -> String {
    match ends.region.subnet(subnet) {
        Ok(subnet) if cidr::contains(&subnet.value.cidr_block, address) == Ok(true) => {
            subnet.value.cidr_block.clone()
        }
        _ => cidr::host(address),
    }
}

/// Allow entries before the denying rule.
pub fn fix(ends: &Ends<'_, '_>, closed: &Closed<'_>, scope: &Scope) -> Fix {
    let acl = closed.acl.value;
    let egress = closed.leg.egress();
    let entries: Vec<((u16, u16), &String)> = scope
        .ports
        .intervals()
        .iter()
        .flat_map(|ports| scope.blocks.iter().map(move |block| (*ports, block)))
        .collect();
    let numbers = free_numbers(acl, egress, closed.by.rule, entries.len());
    let region = &ends.name.region;
    let commands = numbers.iter().flatten().zip(&entries).map(|(number, ((first, last), block))| {
        let family = if block.contains(':') {
            "--ipv6-cidr-block"
        } else {
            "--cidr-block"
        };
        format!(
            "aws ec2 create-network-acl-entry --region {} --network-acl-id {} --{} --rule-number {number} --protocol 6 --port-range From={first},To={last} {family} {block} --rule-action allow",
            region.1,
            acl.network_acl_id,
            if egress { "egress" } else { "ingress" },
        )
    });
    let mut summary = format!(
        "allow {} tcp {} {} {} in {} before rule {}",
        closed.leg.adjective(),
        scope.ports,
        if egress { "to" } else { "from" },
        list(&scope.blocks),
        acl.network_acl_id,
        rule_name(closed.by.rule),
    );
    if numbers.is_none() {
        summary
            .push_str("; no rule number is free before it, so the rules have to be numbered anew");
    }
    Fix {
        summary,
        commands: commands.collect(),
        risk: Risk::Safe,
        changes: entries
            .iter()
            .map(|(ports, block)| Change::NetworkAclEntry {
                region: region.clone(),
                acl: acl.network_acl_id.clone(),
                egress,
                ports: *ports,
                cidr: (*block).clone(),
            })
            .collect(),
        after: "the targets behind this network ACL turn healthy".to_owned(),
    }
}

fn rule_name(rule: i32) -> String {
    if rule == CLOSING_RULE {
        "*".to_owned()
    } else {
        rule.to_string()
    }
}
