//! The changes that fixes amount to, made in a copy of the evidence.

use crate::check::finding::Change;
use crate::model::Snapshot;
use crate::model::aws::load_balancer::{Attribute, LbZone};
use crate::model::aws::network_acl::{AclEntry, PortRange};
use crate::model::aws::route_table::Route;
use crate::model::aws::security_group::{IpPermission, IpRange, Ipv6Range, UserIdGroupPair};
use crate::model::aws::target_group::{Target, TargetHealth};
use crate::model::aws::{NetworkAcl, Region, RouteTable, SecurityGroup, TargetHealthDescription};
use std::collections::{BTreeMap, BTreeSet};

/// Makes a change in the evidence; one that finds nothing to change does nothing.
pub(super) fn apply(snapshot: &mut Snapshot, change: &Change) {
    let Some(region) = snapshot.aws.regions.get_mut(change.region()) else {
        return;
    };
    match change {
        Change::SecurityGroupRule {
            group,
            egress,
            port,
            peer,
            ..
        } => {
            if let Some(found) = security_group(region, group) {
                let rules = if *egress {
                    &mut found.ip_permissions_egress
                } else {
                    &mut found.ip_permissions
                };
                rules.push(rule(*port, peer));
            }
        }
        Change::NetworkAclEntry {
            acl,
            egress,
            ports,
            cidr,
            ..
        } => {
            if let Some(found) = network_acl(region, acl) {
                found.entries.push(entry(*egress, *ports, cidr));
            }
        }
        Change::TargetPort {
            group,
            id,
            from,
            to,
            ..
        } => {
            if let Some(Ok(health)) = region.target_health.get_mut(group) {
                for description in &mut health.value {
                    if description.target.id == *id && description.target.port == Some(*from) {
                        description.target.port = Some(*to);
                        if description.health_check_port.as_deref() == Some(&from.to_string()) {
                            description.health_check_port = Some(to.to_string());
                        }
                    }
                }
            }
        }
        Change::HealthCheckPort { group, port, .. } => {
            if let Ok(groups) = &mut region.target_groups {
                for found in groups
                    .value
                    .iter_mut()
                    .filter(|found| found.target_group_name == *group)
                {
                    found.health_check_port = Some(port.clone());
                }
            }
            if let Some(Ok(health)) = region.target_health.get_mut(group) {
                for description in &mut health.value {
                    // AWS resolves the port anew.
                    description.health_check_port = None;
                }
            }
        }
        Change::RouteRemoved {
            table, destination, ..
        } => {
            if let Some(found) = route_table(region, table) {
                found
                    .routes
                    .retain(|route| route.destination() != Some(destination.as_str()));
            }
        }
        Change::RouteAdded {
            table,
            destination,
            peering,
            ..
        } => {
            if let Some(found) = route_table(region, table) {
                found.routes.push(route(destination, peering));
            }
        }
        Change::SourceDestCheckOff { interface, .. } => source_dest_check_off(region, interface),
        Change::TargetGroupAttribute {
            group, key, value, ..
        } => {
            if let Some(Ok(attributes)) = region.target_group_attributes.get_mut(group) {
                attributes.value.retain(|attribute| attribute.key != *key);
                attributes.value.push(Attribute {
                    key: key.clone(),
                    value: value.clone(),
                });
            }
        }
        Change::TargetRegistered {
            group, id, port, ..
        } => {
            if let Some(Ok(health)) = region.target_health.get_mut(group) {
                health.value.push(registered(id, *port));
            }
        }
        Change::ZoneEnabled {
            balancer,
            zone,
            subnet,
            ..
        } => enable_zone(region, balancer, zone, subnet),
    }
}

fn route_table<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut RouteTable> {
    let tables = region.route_tables.as_mut().ok()?;
    tables
        .value
        .iter_mut()
        .find(|table| table.route_table_id == id)
}

fn route(destination: &str, peering: &str) -> Route {
    let v6 = destination.contains(':');
    Route {
        destination_cidr_block: (!v6).then(|| destination.to_owned()),
        destination_ipv6_cidr_block: v6.then(|| destination.to_owned()),
        vpc_peering_connection_id: Some(peering.to_owned()),
        state: Some("active".to_owned()),
        ..Route::default()
    }
}

fn source_dest_check_off(region: &mut Region, interface: &str) {
    let listed = region.network_interfaces.as_mut().ok();
    let attached = region.instances.as_mut().ok();
    let listed = listed.into_iter().flat_map(|all| all.value.iter_mut());
    let attached = attached
        .into_iter()
        .flat_map(|all| all.value.iter_mut())
        .flat_map(|instance| instance.network_interfaces.iter_mut());
    for eni in listed
        .chain(attached)
        .filter(|eni| eni.network_interface_id == interface)
    {
        eni.source_dest_check = Some(false);
    }
}

/// A target that has not passed a check yet: its report refutes nothing.
fn registered(id: &str, port: u16) -> TargetHealthDescription {
    TargetHealthDescription {
        target: Target {
            id: id.to_owned(),
            port: Some(port),
            ..Target::default()
        },
        target_health: unchecked(),
        ..TargetHealthDescription::default()
    }
}

fn unchecked() -> TargetHealth {
    TargetHealth {
        state: "unhealthy".to_owned(),
        reason: Some("Target.FailedHealthChecks".to_owned()),
        description: None,
    }
}

/// Targets that AWS did not check because of their zone are checked from then on.
fn enable_zone(region: &mut Region, balancer: &str, zone: &str, subnet: &str) {
    let Ok(all) = region.load_balancers.as_mut() else {
        return;
    };
    let Some(found) = all
        .value
        .iter_mut()
        .find(|found| found.load_balancer_name == balancer)
    else {
        return;
    };
    found.availability_zones.push(LbZone {
        zone_name: zone.to_owned(),
        subnet_id: subnet.to_owned(),
        ..LbZone::default()
    });
    let arn = found.load_balancer_arn.clone();
    let groups: BTreeSet<String> = region
        .target_groups
        .iter()
        .flat_map(|groups| &groups.value)
        .filter(|group| group.load_balancer_arns.contains(&arn))
        .map(|group| group.target_group_name.clone())
        .collect();
    let zones: BTreeMap<String, String> = region
        .instances
        .iter()
        .flat_map(|instances| &instances.value)
        .map(|instance| {
            let zone = instance.placement.availability_zone.clone();
            (instance.instance_id.clone(), zone)
        })
        .collect();
    for (_, health) in region
        .target_health
        .iter_mut()
        .filter(|(name, _)| groups.contains(*name))
    {
        for description in health.iter_mut().flat_map(|health| &mut health.value) {
            let own = zones.get(&description.target.id);
            if description.target_health.state == "unused" && own.is_some_and(|own| own == zone) {
                description.target_health = unchecked();
            }
        }
    }
}

fn security_group<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut SecurityGroup> {
    let groups = region.security_groups.as_mut().ok()?;
    groups.value.iter_mut().find(|group| group.group_id == id)
}

fn network_acl<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut NetworkAcl> {
    let acls = region.network_acls.as_mut().ok()?;
    acls.value.iter_mut().find(|acl| acl.network_acl_id == id)
}

fn rule(port: u16, peer: &str) -> IpPermission {
    let mut rule = IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(i32::from(port)),
        to_port: Some(i32::from(port)),
        ..IpPermission::default()
    };
    if peer.starts_with("sg-") {
        rule.user_id_group_pairs.push(UserIdGroupPair {
            group_id: Some(peer.to_owned()),
            ..UserIdGroupPair::default()
        });
    } else if peer.contains(':') {
        rule.ipv6_ranges.push(Ipv6Range {
            cidr_ipv6: peer.to_owned(),
            description: None,
        });
    } else {
        rule.ip_ranges.push(IpRange {
            cidr_ip: peer.to_owned(),
            description: None,
        });
    }
    rule
}

fn entry(egress: bool, (from, to): (u16, u16), cidr: &str) -> AclEntry {
    let v6 = cidr.contains(':');
    AclEntry {
        rule_number: 0,
        egress,
        protocol: "6".to_owned(),
        rule_action: "allow".to_owned(),
        cidr_block: (!v6).then(|| cidr.to_owned()),
        ipv6_cidr_block: v6.then(|| cidr.to_owned()),
        port_range: Some(PortRange {
            from: Some(i32::from(from)),
            to: Some(i32::from(to)),
        }),
    }
}
