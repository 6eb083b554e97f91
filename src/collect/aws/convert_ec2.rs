//! Answers of EC2 in the shapes of the AWS CLI.

use super::values::{owned, small, tag, text};
use crate::model::aws::block_public_access::{
    BlockPublicAccessExclusion, BlockPublicAccessOptions,
};
use crate::model::aws::instance::{
    Attachment, GroupIdentifier, InstanceState, Ipv4Prefix, Ipv6Address, Placement, PrivateIp,
    Reservation,
};
use crate::model::aws::network_acl::{AclAssociation, AclEntry, PortRange};
use crate::model::aws::route_table::{Route, RouteAssociation};
use crate::model::aws::security_group::{
    IpPermission, IpRange, Ipv6Range, PrefixListEntry, PrefixListId, UserIdGroupPair,
};
use crate::model::aws::security_group_rule::ReferencedGroup;
use crate::model::aws::subnet::{BlockPublicAccessStates, VpcCidr};
use crate::model::aws::{
    Instance, NetworkAcl, NetworkInterface, RouteTable, SecurityGroup, SecurityGroupRule, Subnet,
    Vpc,
};
use aws_sdk_ec2::types;

pub(super) fn reservation(reservation: &types::Reservation) -> Reservation {
    Reservation {
        instances: reservation.instances().iter().map(instance).collect(),
    }
}

fn instance(instance: &types::Instance) -> Instance {
    let state = instance.state().and_then(|state| state.name());
    let zone = instance
        .placement()
        .and_then(|placement| placement.availability_zone());
    Instance {
        instance_id: text(instance.instance_id()),
        state: InstanceState {
            name: text(state.map(|name| name.as_str())),
        },
        placement: Placement {
            availability_zone: text(zone),
        },
        vpc_id: owned(instance.vpc_id()),
        subnet_id: owned(instance.subnet_id()),
        private_ip_address: owned(instance.private_ip_address()),
        security_groups: instance.security_groups().iter().map(group).collect(),
        source_dest_check: instance.source_dest_check(),
        network_interfaces: instance
            .network_interfaces()
            .iter()
            .map(instance_interface)
            .collect(),
        tags: instance
            .tags()
            .iter()
            .map(|own| tag(own.key(), own.value()))
            .collect(),
    }
}

fn group(group: &types::GroupIdentifier) -> GroupIdentifier {
    GroupIdentifier {
        group_id: text(group.group_id()),
        group_name: owned(group.group_name()),
    }
}

fn instance_interface(eni: &types::InstanceNetworkInterface) -> NetworkInterface {
    NetworkInterface {
        network_interface_id: text(eni.network_interface_id()),
        description: owned(eni.description()),
        interface_type: owned(eni.interface_type()),
        subnet_id: owned(eni.subnet_id()),
        vpc_id: owned(eni.vpc_id()),
        availability_zone: None,
        private_ip_address: owned(eni.private_ip_address()),
        private_ip_addresses: eni
            .private_ip_addresses()
            .iter()
            .map(|ip| private_ip(ip.private_ip_address(), ip.primary()))
            .collect(),
        ipv4_prefixes: eni
            .ipv4_prefixes()
            .iter()
            .map(|p| prefix(p.ipv4_prefix()))
            .collect(),
        ipv6_addresses: eni
            .ipv6_addresses()
            .iter()
            .map(|ip| ipv6(ip.ipv6_address(), ip.is_primary_ipv6()))
            .collect(),
        groups: eni.groups().iter().map(group).collect(),
        source_dest_check: eni.source_dest_check(),
        attachment: eni.attachment().map(|attachment| Attachment {
            device_index: small(attachment.device_index()),
            network_card_index: small(attachment.network_card_index()),
            instance_id: None,
        }),
        requester_id: None,
    }
}

pub(super) fn network_interface(eni: &types::NetworkInterface) -> NetworkInterface {
    NetworkInterface {
        network_interface_id: text(eni.network_interface_id()),
        description: owned(eni.description()),
        interface_type: owned(eni.interface_type().map(|kind| kind.as_str())),
        subnet_id: owned(eni.subnet_id()),
        vpc_id: owned(eni.vpc_id()),
        availability_zone: owned(eni.availability_zone()),
        private_ip_address: owned(eni.private_ip_address()),
        private_ip_addresses: eni
            .private_ip_addresses()
            .iter()
            .map(|ip| private_ip(ip.private_ip_address(), ip.primary()))
            .collect(),
        ipv4_prefixes: eni
            .ipv4_prefixes()
            .iter()
            .map(|p| prefix(p.ipv4_prefix()))
            .collect(),
        ipv6_addresses: eni
            .ipv6_addresses()
            .iter()
            .map(|ip| ipv6(ip.ipv6_address(), ip.is_primary_ipv6()))
            .collect(),
        groups: eni.groups().iter().map(group).collect(),
        source_dest_check: eni.source_dest_check(),
        attachment: eni.attachment().map(|attachment| Attachment {
            device_index: small(attachment.device_index()),
            network_card_index: small(attachment.network_card_index()),
            instance_id: owned(attachment.instance_id()),
        }),
        requester_id: owned(eni.requester_id()),
    }
}

fn private_ip(address: Option<&str>, primary: Option<bool>) -> PrivateIp {
    PrivateIp {
        private_ip_address: text(address),
        primary: primary.unwrap_or_default(),
    }
}

fn prefix(prefix: Option<&str>) -> Ipv4Prefix {
    Ipv4Prefix {
        ipv4_prefix: text(prefix),
    }
}

fn ipv6(address: Option<&str>, primary: Option<bool>) -> Ipv6Address {
    Ipv6Address {
        ipv6_address: text(address),
        is_primary_ipv6: primary,
    }
}

pub(super) fn security_group(group: &types::SecurityGroup) -> SecurityGroup {
    SecurityGroup {
        group_id: text(group.group_id()),
        group_name: text(group.group_name()),
        description: text(group.description()),
        vpc_id: owned(group.vpc_id()),
        owner_id: owned(group.owner_id()),
        tags: group
            .tags()
            .iter()
            .map(|own| tag(own.key(), own.value()))
            .collect(),
        ip_permissions: group.ip_permissions().iter().map(permission).collect(),
        ip_permissions_egress: group
            .ip_permissions_egress()
            .iter()
            .map(permission)
            .collect(),
    }
}

fn permission(permission: &types::IpPermission) -> IpPermission {
    IpPermission {
        ip_protocol: text(permission.ip_protocol()),
        from_port: permission.from_port(),
        to_port: permission.to_port(),
        ip_ranges: permission
            .ip_ranges()
            .iter()
            .map(|range| IpRange {
                cidr_ip: text(range.cidr_ip()),
                description: owned(range.description()),
            })
            .collect(),
        ipv6_ranges: permission
            .ipv6_ranges()
            .iter()
            .map(|range| Ipv6Range {
                cidr_ipv6: text(range.cidr_ipv6()),
                description: owned(range.description()),
            })
            .collect(),
        prefix_list_ids: permission
            .prefix_list_ids()
            .iter()
            .map(|list| PrefixListId {
                prefix_list_id: text(list.prefix_list_id()),
                description: owned(list.description()),
            })
            .collect(),
        user_id_group_pairs: permission
            .user_id_group_pairs()
            .iter()
            .map(|pair| UserIdGroupPair {
                group_id: owned(pair.group_id()),
                user_id: owned(pair.user_id()),
                vpc_peering_connection_id: owned(pair.vpc_peering_connection_id()),
                peering_status: owned(pair.peering_status()),
                description: owned(pair.description()),
            })
            .collect(),
    }
}

pub(super) fn security_group_rule(rule: &types::SecurityGroupRule) -> SecurityGroupRule {
    SecurityGroupRule {
        security_group_rule_id: text(rule.security_group_rule_id()),
        group_id: text(rule.group_id()),
        group_owner_id: owned(rule.group_owner_id()),
        is_egress: rule.is_egress().unwrap_or_default(),
        ip_protocol: text(rule.ip_protocol()),
        from_port: rule.from_port(),
        to_port: rule.to_port(),
        cidr_ipv4: owned(rule.cidr_ipv4()),
        cidr_ipv6: owned(rule.cidr_ipv6()),
        prefix_list_id: owned(rule.prefix_list_id()),
        referenced_group_info: rule.referenced_group_info().map(|group| ReferencedGroup {
            group_id: owned(group.group_id()),
            user_id: owned(group.user_id()),
            vpc_id: owned(group.vpc_id()),
            vpc_peering_connection_id: owned(group.vpc_peering_connection_id()),
            peering_status: owned(group.peering_status()),
        }),
        description: owned(rule.description()),
    }
}

pub(super) fn prefix_list_entry(entry: &types::PrefixListEntry) -> PrefixListEntry {
    PrefixListEntry {
        cidr: text(entry.cidr()),
        description: owned(entry.description()),
    }
}

pub(super) fn network_acl(acl: &types::NetworkAcl) -> NetworkAcl {
    NetworkAcl {
        network_acl_id: text(acl.network_acl_id()),
        vpc_id: owned(acl.vpc_id()),
        is_default: acl.is_default().unwrap_or_default(),
        entries: acl.entries().iter().map(acl_entry).collect(),
        associations: acl
            .associations()
            .iter()
            .map(|association| AclAssociation {
                subnet_id: text(association.subnet_id()),
            })
            .collect(),
    }
}

fn acl_entry(entry: &types::NetworkAclEntry) -> AclEntry {
    AclEntry {
        rule_number: entry.rule_number().unwrap_or_default(),
        egress: entry.egress().unwrap_or_default(),
        protocol: text(entry.protocol()),
        rule_action: text(entry.rule_action().map(|action| action.as_str())),
        cidr_block: owned(entry.cidr_block()),
        ipv6_cidr_block: owned(entry.ipv6_cidr_block()),
        port_range: entry.port_range().map(|range| PortRange {
            from: range.from(),
            to: range.to(),
        }),
    }
}

pub(super) fn route_table(table: &types::RouteTable) -> RouteTable {
    RouteTable {
        route_table_id: text(table.route_table_id()),
        vpc_id: owned(table.vpc_id()),
        associations: table
            .associations()
            .iter()
            .map(|association| RouteAssociation {
                main: association.main().unwrap_or_default(),
                subnet_id: owned(association.subnet_id()),
            })
            .collect(),
        routes: table.routes().iter().map(route).collect(),
    }
}

fn route(route: &types::Route) -> Route {
    Route {
        destination_cidr_block: owned(route.destination_cidr_block()),
        destination_ipv6_cidr_block: owned(route.destination_ipv6_cidr_block()),
        destination_prefix_list_id: owned(route.destination_prefix_list_id()),
        gateway_id: owned(route.gateway_id()),
        nat_gateway_id: owned(route.nat_gateway_id()),
        transit_gateway_id: owned(route.transit_gateway_id()),
        vpc_peering_connection_id: owned(route.vpc_peering_connection_id()),
        network_interface_id: owned(route.network_interface_id()),
        instance_id: owned(route.instance_id()),
        egress_only_internet_gateway_id: owned(route.egress_only_internet_gateway_id()),
        local_gateway_id: owned(route.local_gateway_id()),
        carrier_gateway_id: owned(route.carrier_gateway_id()),
        core_network_arn: owned(route.core_network_arn()),
        state: owned(route.state().map(|state| state.as_str())),
        origin: owned(route.origin().map(|origin| origin.as_str())),
    }
}

pub(super) fn subnet(subnet: &types::Subnet) -> Subnet {
    Subnet {
        subnet_id: text(subnet.subnet_id()),
        vpc_id: text(subnet.vpc_id()),
        availability_zone: text(subnet.availability_zone()),
        cidr_block: text(subnet.cidr_block()),
        available_ip_address_count: subnet.available_ip_address_count(),
        tags: subnet
            .tags()
            .iter()
            .map(|own| tag(own.key(), own.value()))
            .collect(),
        block_public_access_states: subnet.block_public_access_states().map(|states| {
            let mode = states.internet_gateway_block_mode();
            BlockPublicAccessStates {
                internet_gateway_block_mode: owned(mode.map(|mode| mode.as_str())),
            }
        }),
    }
}

pub(super) fn vpc(vpc: &types::Vpc) -> Vpc {
    Vpc {
        vpc_id: text(vpc.vpc_id()),
        cidr_block: text(vpc.cidr_block()),
        cidr_block_association_set: vpc
            .cidr_block_association_set()
            .iter()
            .map(|association| VpcCidr {
                cidr_block: text(association.cidr_block()),
            })
            .collect(),
    }
}

pub(super) fn block_public_access(
    options: &types::VpcBlockPublicAccessOptions,
) -> BlockPublicAccessOptions {
    let mode = options.internet_gateway_block_mode();
    BlockPublicAccessOptions {
        internet_gateway_block_mode: owned(mode.map(|mode| mode.as_str())),
        state: owned(options.state().map(|state| state.as_str())),
        managed_by: owned(options.managed_by().map(|by| by.as_str())),
    }
}

pub(super) fn block_public_access_exclusion(
    exclusion: &types::VpcBlockPublicAccessExclusion,
) -> BlockPublicAccessExclusion {
    let mode = exclusion.internet_gateway_exclusion_mode();
    BlockPublicAccessExclusion {
        exclusion_id: text(exclusion.exclusion_id()),
        internet_gateway_exclusion_mode: owned(mode.map(|mode| mode.as_str())),
        resource_arn: text(exclusion.resource_arn()),
        state: owned(exclusion.state().map(|state| state.as_str())),
    }
}

#[cfg(test)]
#[path = "convert_ec2_tests.rs"]
mod tests;
