//! Routes: the longest prefix, what is stronger than it, and what is not known.

use super::{address, unread};
use cilium_lb::check::network::route::{self, Decision};
use cilium_lb::model::aws::RouteTable;
use cilium_lb::model::aws::security_group::PrefixListEntry;
use cilium_lb::model::{Gap, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

fn table(routes: Value) -> RouteTable {
    serde_json::from_value(json!({"RouteTableId": "rtb-1", "Routes": routes})).unwrap()
}

fn local() -> Value {
    json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"})
}

fn to(destination: &str, key: &str, hop: &str) -> Value {
    json!({"DestinationCidrBlock": destination, key: hop, "State": "active", "Origin": "CreateRoute"})
}

fn decided(routes: Value, target: &str) -> Result<String, Gap> {
    let table = table(routes);
    let entries = [PrefixListEntry {
        cidr: "10.0.5.0/24".to_owned(),
        description: None,
    }];
    let lists = |id: &str| match id {
        "pl-known" => Ok(entries.as_slice()),
        other => Err(unread(other)),
    };
    Ok(match route::decide(&table, address(target), &lists)? {
        Decision::Local => "local".to_owned(),
        Decision::NoRoute => "none".to_owned(),
        Decision::Blackhole(hop) => format!("blackhole {}", hop.destination),
        Decision::Via(hop) => format!("{} {}", hop.route.next_hop(), hop.destination),
    })
}

#[test]
fn the_longest_prefix_decides() {
    let mut gone = to("10.0.5.0/24", "NetworkInterfaceId", "eni-1");
    gone["State"] = json!("blackhole");
    let mut learned = to("10.0.5.0/24", "GatewayId", "vgw-1");
    learned["Origin"] = json!("EnableVgwRoutePropagation");
    let mut learned_outside = learned.clone();
    learned_outside["DestinationCidrBlock"] = json!("172.16.0.0/16");
    let listed = json!({"DestinationPrefixListId": "pl-known", "NetworkInterfaceId": "eni-2", "State": "active", "Origin": "CreateRoute"});
    let default = to("0.0.0.0/0", "NatGatewayId", "nat-1");
    let cases = [
        (json!([local(), default.clone()]), "10.0.5.9", "local"),
        (
            json!([default.clone(), local()]),
            "192.168.0.1",
            "nat-1 0.0.0.0/0",
        ),
        (json!([local()]), "192.168.0.1", "none"),
        (
            json!([local(), gone.clone()]),
            "10.0.5.9",
            "blackhole 10.0.5.0/24",
        ),
        (json!([local(), gone.clone()]), "10.0.6.9", "local"),
        (
            json!([local(), to("10.0.5.0/24", "NetworkInterfaceId", "eni-1")]),
            "10.0.5.9",
            "eni-1 10.0.5.0/24",
        ),
        (json!([learned.clone(), local()]), "10.0.5.9", "local"),
        (
            json!([learned_outside.clone(), local()]),
            "172.16.0.9",
            "vgw-1 172.16.0.0/16",
        ),
        (
            json!([
                learned_outside,
                to("172.16.0.0/16", "TransitGatewayId", "tgw-1")
            ]),
            "172.16.0.9",
            "tgw-1 172.16.0.0/16",
        ),
        (
            json!([local(), listed.clone()]),
            "10.0.5.9",
            "eni-2 pl-known",
        ),
        (
            json!([
                listed.clone(),
                to("10.0.5.0/24", "NetworkInterfaceId", "eni-1")
            ]),
            "10.0.5.9",
            "eni-1 10.0.5.0/24",
        ),
        (json!([listed, learned]), "10.0.5.9", "eni-2 pl-known"),
        (json!([]), "10.0.5.9", "none"),
        (
            json!([{"DestinationIpv6CidrBlock": "2a05::/56", "GatewayId": "local"}]),
            "2a05::1",
            "local",
        ),
        (
            json!([{"DestinationIpv6CidrBlock": "2a05::/56", "GatewayId": "local"}]),
            "10.0.0.1",
            "none",
        ),
    ];
    for (routes, target, expected) in cases {
        assert_eq!(
            decided(routes.clone(), target).unwrap(),
            expected,
            "{routes}"
        );
    }
}

#[test]
fn unread_prefix_lists_matter_unless_an_aws_endpoint_has_them() {
    let via = |key: &str, hop: &str, state: &str| json!([local(), {"DestinationPrefixListId": "pl-unread", key: hop, "State": state}]);
    let s3 = via("GatewayId", "vpce-1", "active");
    assert_eq!(decided(s3, "10.0.5.9").unwrap(), "local");
    for routes in [
        via("NetworkInterfaceId", "eni-1", "active"),
        via("TransitGatewayId", "tgw-1", "active"),
        via("GatewayId", "vpce-1", "blackhole"),
    ] {
        assert_eq!(
            decided(routes, "10.0.5.9").unwrap_err(),
            unread("pl-unread")
        );
    }
    let broken = json!([local(), {"DestinationCidrBlock": "10.0.5", "GatewayId": "igw-1"}]);
    assert_eq!(
        decided(broken, "10.0.5.9").unwrap_err().source,
        Source::RouteTables
    );
}

proptest! {
    #[test]
    fn the_order_of_routes_does_not_matter(
        (routes, shuffled) in Just(vec![
            local(),
            to("10.0.5.0/24", "NetworkInterfaceId", "eni-1"),
            to("10.0.5.9/32", "VpcPeeringConnectionId", "pcx-1"),
            to("0.0.0.0/0", "GatewayId", "igw-1"),
            json!({"DestinationPrefixListId": "pl-known", "NetworkInterfaceId": "eni-2"}),
        ]).prop_flat_map(|all| prop::sample::subsequence(all, 0..=5))
          .prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle()))
    ) {
        for target in ["10.0.5.9", "10.0.5.8", "10.0.9.9", "8.8.8.8"] {
            prop_assert_eq!(decided(json!(routes.clone()), target), decided(json!(shuffled.clone()), target));
        }
    }
}
