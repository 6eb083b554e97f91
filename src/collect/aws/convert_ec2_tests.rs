//! The documents have the very keys and values that `aws ec2 describe-… --output json` prints.

use super::{network_acl, reservation, route_table, security_group, security_group_rule};
use aws_sdk_ec2::types::{self, InstanceStateName, RouteState, RuleAction};
use serde_json::{json, to_value};

#[test]
fn an_instance_with_its_interface() {
    let eni = types::InstanceNetworkInterface::builder()
        .network_interface_id("eni-1")
        .interface_type("interface")
        .private_ip_address("10.0.1.5")
        .private_ip_addresses(
            types::InstancePrivateIpAddress::builder()
                .private_ip_address("10.0.1.5")
                .primary(true)
                .build(),
        )
        .ipv4_prefixes(
            types::InstanceIpv4Prefix::builder()
                .ipv4_prefix("10.0.1.16/28")
                .build(),
        )
        .groups(
            types::GroupIdentifier::builder()
                .group_id("sg-1")
                .group_name("node")
                .build(),
        )
        .source_dest_check(false)
        .attachment(
            types::InstanceNetworkInterfaceAttachment::builder()
                .device_index(0)
                .build(),
        )
        .build();
    let instance = types::Instance::builder()
        .instance_id("i-1")
        .state(
            types::InstanceState::builder()
                .name(InstanceStateName::ShuttingDown)
                .build(),
        )
        .placement(
            types::Placement::builder()
                .availability_zone("eu-west-2a")
                .build(),
        )
        .network_interfaces(eni)
        .build();
    let built = types::Reservation::builder().instances(instance).build();
    assert_eq!(
        to_value(reservation(&built)).unwrap(),
        json!({"Instances": [{
            "InstanceId": "i-1",
            "State": {"Name": "shutting-down"},
            "Placement": {"AvailabilityZone": "eu-west-2a"},
            "NetworkInterfaces": [{
                "NetworkInterfaceId": "eni-1",
                "InterfaceType": "interface",
                "PrivateIpAddress": "10.0.1.5",
                "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5", "Primary": true}],
                "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}],
                "Groups": [{"GroupId": "sg-1", "GroupName": "node"}],
                "SourceDestCheck": false,
                "Attachment": {"DeviceIndex": 0},
            }],
        }]})
    );
}

#[test]
fn rules_of_groups_acls_and_tables() {
    let permission = types::IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(30000)
        .to_port(32767)
        .ip_ranges(types::IpRange::builder().cidr_ip("10.0.0.0/8").build())
        .prefix_list_ids(
            types::PrefixListId::builder()
                .prefix_list_id("pl-1")
                .build(),
        )
        .user_id_group_pairs(
            types::UserIdGroupPair::builder()
                .group_id("sg-2")
                .user_id("1")
                .build(),
        )
        .build();
    let group = types::SecurityGroup::builder()
        .group_id("sg-1")
        .ip_permissions(permission)
        .build();
    assert_eq!(
        to_value(security_group(&group)).unwrap()["IpPermissions"],
        json!([{
            "IpProtocol": "tcp",
            "FromPort": 30000,
            "ToPort": 32767,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            "PrefixListIds": [{"PrefixListId": "pl-1"}],
            "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "1"}],
        }])
    );
    let rule = types::SecurityGroupRule::builder()
        .security_group_rule_id("sgr-1")
        .group_id("sg-1")
        .group_owner_id("1")
        .is_egress(false)
        .ip_protocol("tcp")
        .from_port(30000)
        .to_port(32767)
        .referenced_group_info(
            types::ReferencedSecurityGroup::builder()
                .group_id("sg-2")
                .user_id("2")
                .vpc_peering_connection_id("pcx-1")
                .peering_status("deleted")
                .build(),
        )
        .build();
    assert_eq!(
        to_value(security_group_rule(&rule)).unwrap(),
        json!({
            "SecurityGroupRuleId": "sgr-1",
            "GroupId": "sg-1",
            "GroupOwnerId": "1",
            "IsEgress": false,
            "IpProtocol": "tcp",
            "FromPort": 30000,
            "ToPort": 32767,
            "ReferencedGroupInfo": {"GroupId": "sg-2", "UserId": "2", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "deleted"},
        })
    );
    let entry = types::NetworkAclEntry::builder()
        .rule_number(100)
        .egress(true)
        .protocol("6")
        .rule_action(RuleAction::Deny)
        .cidr_block("0.0.0.0/0")
        .port_range(types::PortRange::builder().from(1024).to(65535).build())
        .build();
    let acl = types::NetworkAcl::builder()
        .network_acl_id("acl-1")
        .is_default(true)
        .entries(entry)
        .associations(
            types::NetworkAclAssociation::builder()
                .subnet_id("subnet-1")
                .build(),
        )
        .build();
    assert_eq!(
        to_value(network_acl(&acl)).unwrap(),
        json!({
            "NetworkAclId": "acl-1",
            "IsDefault": true,
            "Entries": [{
                "RuleNumber": 100,
                "Egress": true,
                "Protocol": "6",
                "RuleAction": "deny",
                "CidrBlock": "0.0.0.0/0",
                "PortRange": {"From": 1024, "To": 65535},
            }],
            "Associations": [{"SubnetId": "subnet-1"}],
        })
    );
    let route = types::Route::builder()
        .destination_cidr_block("0.0.0.0/0")
        .nat_gateway_id("nat-1")
        .state(RouteState::Blackhole)
        .build();
    let table = types::RouteTable::builder()
        .route_table_id("rtb-1")
        .associations(types::RouteTableAssociation::builder().main(true).build())
        .routes(route)
        .build();
    assert_eq!(
        to_value(route_table(&table)).unwrap(),
        json!({
            "RouteTableId": "rtb-1",
            "Associations": [{"Main": true}],
            "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"}],
        })
    );
}
