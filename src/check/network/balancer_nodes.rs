//! The balancer's end of a check: its nodes, their addresses and security groups.
//!
//! A Network Load Balancer has one interface in each enabled subnet, described
//! `ELB net/<name>/<id>`. Checks come from its primary private address; traffic
//! may also come from secondary ones.

use crate::check::view::{Located, RegionView};
use crate::model::aws::{LoadBalancer, NetworkInterface};
use crate::model::{Gap, Origin, Reason, Source};
use std::net::IpAddr;

/// A load balancer with its nodes.
pub struct Balancer<'a> {
    /// The load balancer.
    pub lb: Located<'a, LoadBalancer>,
    /// The security groups of all nodes, sorted; empty when it was created without any.
    pub groups: Result<Vec<&'a str>, Gap>,
    /// One per enabled zone, in order of zone.
    pub nodes: Vec<BalancerNode<'a>>,
    /// Where the interfaces were read.
    pub interfaces: Option<&'a Origin>,
}

/// The balancer in one zone.
pub struct BalancerNode<'a> {
    /// Zone.
    pub zone: &'a str,
    /// Subnet.
    pub subnet: &'a str,
    /// The address that checks come from.
    pub address: Result<IpAddr, Gap>,
    /// Further addresses that traffic may come from.
    pub secondary: Vec<IpAddr>,
}

/// The balancer as seen by targets of one address family.
///
/// # Errors
/// A gap when the load balancer was not read.
pub fn balancer<'a>(
    region: &RegionView<'_, 'a>,
    name: &str,
    ipv6: bool,
) -> Result<Balancer<'a>, Gap> {
    let lb = region.load_balancer(name)?;
    let interfaces = region.network_interfaces();
    let described = description(lb.value);
    let of_balancer: Vec<&'a NetworkInterface> = match &interfaces {
        Ok(all) => all
            .value
            .iter()
            .filter(|eni| eni.description.as_deref() == Some(described.as_str()))
            .collect(),
        Err(_) => Vec::new(),
    };
    let mut nodes: Vec<BalancerNode<'a>> = lb
        .value
        .availability_zones
        .iter()
        .map(|zone| {
            let eni = of_balancer
                .iter()
                .find(|eni| eni.subnet_id.as_deref() == Some(zone.subnet_id.as_str()));
            let chosen = || {
                zone.load_balancer_addresses
                    .iter()
                    .find_map(|address| address.private_ipv4_address.as_deref()?.parse().ok())
            };
            let missing = || match (&interfaces, eni) {
                (Err(gap), _) => gap.clone(),
                (Ok(_), Some(eni)) => Gap::new(
                    Source::NetworkInterfaces,
                    &eni.network_interface_id,
                    Reason::Partial(format!(
                        "a primary {} address is missing or is none",
                        if ipv6 { "IPv6" } else { "IPv4" }
                    )),
                ),
                (Ok(all), None) => Gap::new(
                    Source::NetworkInterfaces,
                    name,
                    Reason::Failed(format!(
                        "no interface of {name} in {} in {}",
                        zone.subnet_id, all.origin.document
                    )),
                ),
            };
            let address = match eni {
                Some(eni) if ipv6 => primary_v6(eni),
                Some(eni) => primary_v4(eni),
                None if ipv6 => None,
                None => chosen(),
            };
            BalancerNode {
                zone: &zone.zone_name,
                subnet: &zone.subnet_id,
                secondary: match (address, eni) {
                    (Some(address), Some(eni)) if !ipv6 => eni
                        .addresses()
                        .into_iter()
                        .filter(|other| *other != address)
                        .collect(),
                    _ => Vec::new(),
                },
                address: address.ok_or_else(missing),
            }
        })
        .collect();
    nodes.sort_by_key(|node| node.zone);
    Ok(Balancer {
        groups: groups(lb.value, &of_balancer),
        nodes,
        interfaces: interfaces.ok().map(|all| &all.origin),
        lb,
    })
}

/// `ELB net/<name>/<id>`: the end of the ARN.
fn description(lb: &LoadBalancer) -> String {
    let end = lb
        .load_balancer_arn
        .split_once(":loadbalancer/")
        .map_or("", |(_, end)| end);
    format!("ELB {end}")
}

fn primary_v4(eni: &NetworkInterface) -> Option<IpAddr> {
    eni.private_ip_address
        .as_deref()
        .or_else(|| {
            eni.private_ip_addresses
                .iter()
                .find(|ip| ip.primary)
                .map(|ip| ip.private_ip_address.as_str())
        })?
        .parse()
        .ok()
}

fn primary_v6(eni: &NetworkInterface) -> Option<IpAddr> {
    let first = || eni.ipv6_addresses.first()?.ipv6_address.parse().ok();
    eni.primary_ipv6().or_else(first)
}

/// The groups that the load balancer lists, held against those that its interfaces carry.
///
/// The two differ for a moment after a change; then neither is trusted.
fn groups<'a>(
    lb: &'a LoadBalancer,
    interfaces: &[&'a NetworkInterface],
) -> Result<Vec<&'a str>, Gap> {
    let mut listed: Vec<&str> = lb.security_groups.iter().map(String::as_str).collect();
    listed.sort_unstable();
    for eni in interfaces.iter().filter(|eni| !eni.groups.is_empty()) {
        let mut carried: Vec<&str> = eni
            .groups
            .iter()
            .map(|group| group.group_id.as_str())
            .collect();
        carried.sort_unstable();
        if carried != listed {
            return Err(Gap::new(
                Source::NetworkInterfaces,
                &lb.load_balancer_name,
                Reason::Failed(format!(
                    "{} carries {} and the load balancer lists {}: the readings disagree",
                    eni.network_interface_id,
                    carried.join(", "),
                    if listed.is_empty() {
                        "no security group".to_owned()
                    } else {
                        listed.join(", ")
                    },
                )),
            ));
        }
    }
    Ok(listed)
}
