//! The checks over a small region, one change of the evidence at a time.

use super::region::{
    ACLS, ATTRIBUTES, BALANCERS, GROUPS, HEALTH, INSTANCES, INTERFACES, ROUTES, SECURITY, World,
};
use cilium_lb::check::{Change, Confidence};
use cilium_lb::model::Source;
use serde_json::{Value, json};

const EGRESS: u16 = 4101;
const INGRESS: u16 = 4102;
const ACL: u16 = 4201;
const ROUTE: u16 = 4301;

fn by_blocks(blocks: &[&str]) -> Value {
    let ranges: Vec<Value> = blocks
        .iter()
        .map(|block| json!({"CidrIp": block}))
        .collect();
    json!([{"IpProtocol": "tcp", "FromPort": 30080, "ToPort": 30080, "IpRanges": ranges}])
}

/// A world whose nodes admit checks by addresses instead of by group.
fn admitting(blocks: &[&str]) -> World {
    World::new().with(
        SECURITY,
        "/SecurityGroups/1/IpPermissions",
        by_blocks(blocks),
    )
}

/// The target is an address on an interface of its own.
fn by_address(id: &str, interface: Value) -> World {
    World::new()
        .with(GROUPS, "/TargetGroups/0/TargetType", json!("ip"))
        .with(HEALTH, "/TargetHealthDescriptions/0/Target/Id", json!(id))
        .with(INTERFACES, "/NetworkInterfaces/-", interface)
}

fn pod_interface() -> Value {
    json!({
        "NetworkInterfaceId": "eni-pod", "VpcId": "vpc-1", "SubnetId": "subnet-a", "AvailabilityZone": "a",
        "PrivateIpAddress": "10.0.1.20", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.21", "Primary": false}],
        "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.32/28"}], "Groups": [{"GroupId": "sg-node"}],
    })
}

#[test]
fn an_open_region_passes() {
    let world = World::new();
    assert_eq!(
        world.ask(EGRESS),
        ("pass", "sg-lb lets tcp 30080 out to 0.0.0.0/0".to_owned())
    );
    assert_eq!(
        world.ask(INGRESS),
        ("pass", "sg-node admits tcp 30080 from sg-lb".to_owned())
    );
    assert_eq!(world.ask(ACL).0, "pass");
    assert_eq!(world.ask(ROUTE).0, "pass");
}

#[test]
fn address_targets_are_found_by_any_address_of_an_interface() {
    for id in ["10.0.1.20", "10.0.1.21", "10.0.1.40"] {
        let world = by_address(id, pod_interface());
        for code in [EGRESS, INGRESS, ACL, ROUTE] {
            assert_eq!(world.ask(code).0, "pass", "{id} {code}");
        }
    }
    // Somebody else's interface with the same address, in another VPC.
    let mut other = pod_interface();
    other["VpcId"] = json!("vpc-2");
    other["Groups"] = json!([{"GroupId": "sg-closed"}]);
    let world =
        by_address("10.0.1.20", other).with(INTERFACES, "/NetworkInterfaces/-", pod_interface());
    assert_eq!(world.ask(INGRESS).0, "pass");
    // No interface has it: the security groups of the target are not known.
    let world = by_address("10.0.1.99", pod_interface());
    for code in [INGRESS, ACL, ROUTE] {
        assert_eq!(world.gap(code).source, Source::NetworkInterfaces, "{code}");
    }
    assert_eq!(
        world.ask(EGRESS).0,
        "pass",
        "addresses are enough for 0.0.0.0/0"
    );
}

#[test]
fn the_groups_of_the_interface_count_and_not_those_of_the_node() {
    let mut closed = pod_interface();
    closed["Groups"] = json!([{"GroupId": "sg-pod"}]);
    let world = by_address("10.0.1.20", closed).with(
        SECURITY,
        "/SecurityGroups/-",
        json!({"GroupId": "sg-pod"}),
    );
    let finding = world.finding(INGRESS);
    assert!(
        finding
            .message
            .starts_with("sg-pod does not admit tcp 30080"),
        "{}",
        finding.message
    );
    assert!(
        finding
            .objects
            .contains(&"NetworkInterface/eni-pod".to_owned())
    );
}

#[test]
fn the_zone_of_the_target_decides_among_balancer_addresses() {
    assert_eq!(admitting(&["10.0.101.0/24"]).ask(INGRESS).0, "pass");
    let finding = admitting(&["10.0.102.0/24", "10.0.103.0/24"]).finding(INGRESS);
    assert_eq!(
        finding.message,
        "sg-node admits tcp 30080 from 2 of 3 balancer addresses, 10.0.101.7 (a) missing; the nearest rule allows tcp 30080 from 10.0.102.0/24"
    );
    assert_eq!(finding.confidence, Confidence::High);
    let across = |world: World| world.with(ATTRIBUTES, "/Attributes/0/Value", json!("true"));
    let finding = across(admitting(&["10.0.101.0/24"])).finding(INGRESS);
    assert_eq!(finding.confidence, Confidence::Medium);
    // The attribute decides here, and nowhere where all pairs agree.
    let gap = admitting(&["10.0.101.0/24"])
        .without(ATTRIBUTES)
        .gap(INGRESS);
    assert_eq!(gap.source, Source::TargetGroupAttributes);
    assert_eq!(World::new().without(ATTRIBUTES).ask(INGRESS).0, "pass");
    assert_eq!(
        admitting(&["10.9.0.0/16"])
            .without(ATTRIBUTES)
            .ask(INGRESS)
            .0,
        "fail"
    );
}

#[test]
fn a_node_whose_interface_was_not_read_matters_only_to_rules_by_address() {
    let without_a = |world: World| {
        world.with(
            INTERFACES,
            "/NetworkInterfaces/0/Description",
            json!("another"),
        )
    };
    assert_eq!(without_a(World::new()).ask(INGRESS).0, "pass");
    let gap = without_a(admitting(&["10.0.0.0/16"])).gap(INGRESS);
    assert_eq!(gap.source, Source::NetworkInterfaces);
    assert_eq!(
        without_a(World::new()).gap(ACL).source,
        Source::NetworkInterfaces
    );
    // Addresses that the user chose are in describe-load-balancers.
    let chosen = without_a(admitting(&["10.0.101.0/24"])).with(
        BALANCERS,
        "/LoadBalancers/0/AvailabilityZones/0/LoadBalancerAddresses",
        json!([{"PrivateIPv4Address": "10.0.101.7"}]),
    );
    assert_eq!(chosen.ask(INGRESS).0, "pass");
}

#[test]
fn readings_that_disagree_are_not_trusted() {
    let world = World::new().with(
        INTERFACES,
        "/NetworkInterfaces/1/Groups",
        json!([{"GroupId": "sg-before"}]),
    );
    for code in [EGRESS, INGRESS] {
        let gap = world.gap(code).to_string();
        assert!(
            gap.contains("eni-lb-b carries sg-before and the load balancer lists sg-lb"),
            "{gap}"
        );
    }
    // Rules by address do not depend on them.
    let world = admitting(&["10.0.0.0/16"]).with(
        INTERFACES,
        "/NetworkInterfaces/1/Groups",
        json!([{"GroupId": "sg-before"}]),
    );
    assert_eq!(world.ask(INGRESS).0, "pass");
}

#[test]
fn secondary_addresses_carry_traffic_and_no_checks() {
    let world = admitting(&["10.0.101.7/32", "10.0.102.7/32", "10.0.103.7/32"]).with(
        INTERFACES,
        "/NetworkInterfaces/0/PrivateIpAddresses",
        json!([{"PrivateIpAddress": "10.0.101.7", "Primary": true}, {"PrivateIpAddress": "10.0.101.8", "Primary": false}]),
    );
    let (word, text) = world.ask(INGRESS);
    assert_eq!(word, "note");
    assert!(text.contains("secondary"), "{text}");
}

#[test]
fn a_balancer_without_groups_is_named_by_its_subnets() {
    let mut world = World::new().with(BALANCERS, "/LoadBalancers/0/SecurityGroups", json!([]));
    for node in 0..3 {
        world = world.with(
            INTERFACES,
            &format!("/NetworkInterfaces/{node}/Groups"),
            json!([]),
        );
    }
    assert_eq!(world.ask(EGRESS).0, "pass");
    let fix = world.finding(INGRESS).fix.unwrap();
    let peers: Vec<&str> = fix
        .changes
        .iter()
        .map(|change| match change {
            Change::SecurityGroupRule {
                peer,
                group,
                port: 30080,
                egress: false,
                ..
            } if group == "sg-node" => peer.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(peers, ["10.0.101.0/24", "10.0.102.0/24", "10.0.103.0/24"]);
}

#[test]
fn questions_that_do_not_arise() {
    let instance = "/Reservations/0/Instances/0";
    let stopped = World::new().with(
        INSTANCES,
        &format!("{instance}/State/Name"),
        json!("stopped"),
    );
    let elsewhere = World::new().with(
        INSTANCES,
        &format!("{instance}/Placement/AvailabilityZone"),
        json!("d"),
    );
    let application = World::new().with(BALANCERS, "/LoadBalancers/0/Type", json!("application"));
    for code in [EGRESS, INGRESS, ACL, ROUTE] {
        assert_eq!(
            stopped.ask(code),
            ("moot", "the instance is stopped".to_owned())
        );
        assert!(elsewhere.ask(code).1.contains("zone d is not enabled"));
        assert_eq!(application.ask(code).0, "moot");
    }
    let mut shared = World::new().with(
        INSTANCES,
        &format!("{instance}/NetworkInterfaces/0/SubnetId"),
        json!("subnet-lb-a"),
    );
    for node in 1..3 {
        shared = shared.with(
            BALANCERS,
            &format!("/LoadBalancers/0/AvailabilityZones/{node}/SubnetId"),
            json!("subnet-lb-a"),
        );
    }
    assert_eq!(
        shared.ask(ACL),
        (
            "moot",
            "no network ACL applies inside one subnet".to_owned()
        )
    );
    assert_eq!(
        shared.ask(ROUTE),
        (
            "moot",
            "no route table applies inside one subnet".to_owned()
        )
    );
}

#[test]
fn deny_needs_every_reading() {
    let cases = [
        (EGRESS, SECURITY, Source::SecurityGroups),
        (INGRESS, SECURITY, Source::SecurityGroups),
        (INGRESS, INSTANCES, Source::Instances),
        (INGRESS, BALANCERS, Source::LoadBalancers),
        (ACL, ACLS, Source::NetworkAcls),
        (ACL, INTERFACES, Source::NetworkInterfaces),
        (ROUTE, ROUTES, Source::RouteTables),
        (ROUTE, INSTANCES, Source::Instances),
    ];
    for (code, document, source) in cases {
        if document == BALANCERS {
            continue; // Without it the host name leads nowhere.
        }
        let closed = World::new()
            .with(SECURITY, "/SecurityGroups/0/IpPermissionsEgress", json!([]))
            .with(SECURITY, "/SecurityGroups/1/IpPermissions", json!([]))
            .with(ACLS, "/NetworkAcls/0/Entries", json!([]))
            .with(ROUTES, "/RouteTables/0/Routes", json!([]));
        assert_eq!(closed.ask(code).0, "fail", "{code}");
        assert_eq!(
            closed.without(document).gap(code).source,
            source,
            "{code} {document}"
        );
    }
}

#[test]
fn targets_of_ipv6_groups_are_checked_over_ipv6() {
    let mut world = World::new()
        .with(GROUPS, "/TargetGroups/0/IpAddressType", json!("ipv6"))
        .with(
            INSTANCES,
            "/Reservations/0/Instances/0/NetworkInterfaces/0/Ipv6Addresses",
            json!([{"Ipv6Address": "2a05::9", "IsPrimaryIpv6": true}]),
        )
        .with(
            SECURITY,
            "/SecurityGroups/1/IpPermissions",
            json!([{"IpProtocol": "tcp", "FromPort": 30080, "ToPort": 30080, "Ipv6Ranges": [{"CidrIpv6": "2a05::/56"}]}]),
        );
    for node in 0..3 {
        world = world.with(
            INTERFACES,
            &format!("/NetworkInterfaces/{node}/Ipv6Addresses"),
            json!([{"Ipv6Address": format!("2a05::10{node}")}]),
        );
    }
    assert_eq!(world.ask(INGRESS).0, "pass");
    assert_eq!(world.ask(EGRESS).0, "fail", "0.0.0.0/0 is not ::/0");
    assert_eq!(world.ask(ACL).0, "fail", "the ACL has no IPv6 entry");
}

#[test]
fn answers_need_a_port_that_passes_both_crossings() {
    let entry = |egress: bool, from: u16, to: u16| {
        json!({"RuleNumber": from, "Egress": egress, "Protocol": "6", "RuleAction": "allow",
               "CidrBlock": "0.0.0.0/0", "PortRange": {"From": from, "To": to}})
    };
    let with = |entries: Value| World::new().with(ACLS, "/NetworkAcls/0/Entries", entries);
    // The same ACL stands on both sides: outbound 1024-40000, inbound 30000-65535.
    let overlapping = with(json!([
        entry(true, 1024, 40000),
        entry(false, 30000, 65535)
    ]));
    let finding = overlapping.finding(ACL);
    assert!(finding.message.contains("15.5 %"), "{}", finding.message);
    assert_eq!(finding.confidence, Confidence::Medium);
    // A target that happens to be healthy is no failure.
    let healthy = "/TargetHealthDescriptions/0/TargetHealth/State";
    let overlapping = overlapping.with(HEALTH, healthy, json!("healthy"));
    assert_eq!(overlapping.ask(ACL).0, "note");
    let disjoint = with(json!([
        entry(true, 1024, 31000),
        entry(false, 31001, 65535),
        entry(false, 30080, 30080),
        entry(true, 30080, 30080)
    ]));
    // Only the port of the check itself passes both ways.
    assert!(
        disjoint.ask(ACL).1.contains("0.0 %"),
        "{:?}",
        disjoint.ask(ACL)
    );
    // The target's subnet has an ACL of its own, and no port passes it and the balancer's.
    let own = json!({"NetworkAclId": "acl-2", "Associations": [{"SubnetId": "subnet-a"}],
                     "Entries": [entry(false, 30080, 30080), entry(true, 1024, 31000)]});
    let balancers = json!([entry(true, 30080, 30080), entry(false, 31001, 65535)]);
    let world = World::new()
        .with(ACLS, "/NetworkAcls/-", own)
        .with(ACLS, "/NetworkAcls/0/Entries", balancers)
        .with(
            ACLS,
            "/NetworkAcls/0/Associations/3",
            json!({"SubnetId": "subnet-other"}),
        );
    let finding = world.finding(ACL);
    assert!(
        finding
            .message
            .contains("the other crossing allows none of these"),
        "{}",
        finding.message
    );
}

#[test]
fn an_appliance_that_checks_source_and_destination_drops_what_it_should_forward() {
    let via = |check: Value| {
        let firewall =
            json!({"NetworkInterfaceId": "eni-fw", "VpcId": "vpc-1", "SourceDestCheck": check});
        let route = json!({"DestinationCidrBlock": "10.0.1.0/24", "NetworkInterfaceId": "eni-fw", "State": "active"});
        World::new()
            .with(ROUTES, "/RouteTables/0/Routes/-", route)
            .with(INTERFACES, "/NetworkInterfaces/-", firewall)
    };
    let finding = via(json!(true)).finding(ROUTE);
    assert!(
        finding
            .message
            .contains("eni-fw, whose SourceDestCheck is true"),
        "{}",
        finding.message
    );
    assert!(matches!(
        finding.fix.unwrap().changes.as_slice(),
        [Change::SourceDestCheckOff { interface, .. }] if interface == "eni-fw"
    ));
    assert_eq!(via(json!(false)).ask(ROUTE).0, "note");
    // Not read: an appliance that was not looked at.
    assert_eq!(via(json!(null)).ask(ROUTE).0, "note");
}

#[test]
fn routes_beyond_the_vpc_are_followed_as_far_as_they_are_read() {
    let outside = |route: Value| {
        let mut interface = pod_interface();
        interface["VpcId"] = json!("vpc-2");
        interface["PrivateIpAddress"] = json!("172.16.0.5");
        interface["SubnetId"] = json!("subnet-far");
        let mut back = route.clone();
        back["DestinationCidrBlock"] = json!("10.0.0.0/16");
        let table = json!({"RouteTableId": "rtb-2", "VpcId": "vpc-2", "Associations": [{"SubnetId": "subnet-far"}], "Routes": [back]});
        by_address("172.16.0.5", interface)
            .with(
                HEALTH,
                "/TargetHealthDescriptions/0/Target/AvailabilityZone",
                json!("all"),
            )
            .with(ROUTES, "/RouteTables/-", table)
            .with(ROUTES, "/RouteTables/0/Routes/-", route)
    };
    let to = |key: &str, hop: &str| json!({"DestinationCidrBlock": "172.16.0.0/16", key: hop, "State": "active"});
    assert_eq!(
        outside(to("VpcPeeringConnectionId", "pcx-1")).ask(ROUTE).0,
        "pass"
    );
    let (word, text) = outside(to("TransitGatewayId", "tgw-1")).ask(ROUTE);
    assert_eq!(word, "unknown");
    assert!(text.contains("tgw-1"), "{text}");
    let mut gone = to("VpcPeeringConnectionId", "pcx-1");
    gone["State"] = json!("blackhole");
    assert_eq!(outside(gone).ask(ROUTE).0, "fail");
    let unrouted = outside(
        json!({"DestinationCidrBlock": "192.168.0.0/16", "VpcPeeringConnectionId": "pcx-1"}),
    );
    assert_eq!(
        unrouted.ask(ROUTE),
        ("fail", "rtb-1 has no route to the targets".to_owned())
    );
    // The other end has a peering, so the missing route can be named.
    let one_way = outside(to("VpcPeeringConnectionId", "pcx-1")).with(
        ROUTES,
        "/RouteTables/0/Routes/1/DestinationCidrBlock",
        json!("192.168.0.0/16"),
    );
    let fix = one_way.finding(ROUTE).fix.unwrap();
    assert_eq!(
        fix.commands,
        [
            "aws ec2 create-route --region eu-west-2 --route-table-id rtb-1 --destination-cidr-block 172.16.0.5/32 --vpc-peering-connection-id pcx-1"
        ]
    );
    assert!(matches!(
        fix.changes.as_slice(),
        [Change::RouteAdded { table, peering, .. }] if table == "rtb-1" && peering == "pcx-1"
    ));
    // Private addresses are not behind an internet gateway.
    let (word, text) = outside(to("GatewayId", "igw-1")).ask(ROUTE);
    assert_eq!(word, "fail");
    assert!(text.contains("igw-1"), "{text}");
}
