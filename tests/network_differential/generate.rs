//! Random networks: what the AWS API can return, and nothing that it cannot.
//!
//! Left out on purpose, because AWS refuses to make it or the answer is not the oracle's to give: static
//! routes inside the VPC to a NAT, transit or virtual private gateway (the first translates, the others are
//! refused), rules with half a port range, and prefix lists of gateway endpoints, which the program knows to
//! hold public addresses only.

use super::random::Random;
use serde_json::{Value, json};

const PORT: u16 = 31000;
const SUBNETS: usize = 5;

/// A world, in the documents of the API where it has them.
pub(crate) fn world(seed: u64) -> Value {
    let random = &mut Random::new(seed);
    let v6 = random.chance(35);
    let nodes: Vec<Value> = (0..=random.below(3))
        .map(|zone| json!({"zone": zone, "subnet": zone, "host": 7 + random.below(3)}))
        .collect();
    let zones = nodes.len();
    let targets: Vec<Value> = (0..=random.below(3))
        .map(|index| {
            // Now and then in the balancer's own subnet, where neither ACLs nor tables apply.
            let zone = random.below(zones);
            let subnet = if random.chance(15) {
                zone
            } else {
                3 + random.below(2)
            };
            let groups = if random.chance(30) {
                json!(["sg-node", "sg-more"])
            } else {
                json!(["sg-node"])
            };
            json!({"zone": zone, "subnet": subnet, "host": 20 + index, "groups": groups})
        })
        .collect();
    let balancer_groups = match random.below(10) {
        0 => json!([]),
        1..=3 => json!(["sg-lb", "sg-lb2"]),
        _ => json!(["sg-lb"]),
    };
    let lists = json!({"pl-1": blocks(random, v6), "pl-2": blocks(random, v6), "pl-unread": null,
                       "pl-route": [if v6 { "2a05:0:0:4::/66" } else { "10.0.4.0/25" }]});
    json!({
        "v6": v6, "port": PORT, "cross_zone": random.chance(50),
        "nodes": nodes, "targets": targets, "balancer_groups": balancer_groups,
        "prefix_lists": lists,
        "security_groups": groups(random, v6),
        "network_acls": acls(random, v6),
        "route_tables": tables(random, v6),
    })
}

/// The address of a host in a subnet.
pub(crate) fn address(v6: bool, subnet: u64, host: u64) -> String {
    if v6 {
        format!("2a05:0:0:{subnet}::{host}")
    } else {
        format!("10.0.{subnet}.{host}")
    }
}

/// The block of a subnet.
pub(crate) fn subnet_block(v6: bool, subnet: u64) -> String {
    if v6 {
        format!("2a05:0:0:{subnet}::/64")
    } else {
        format!("10.0.{subnet}.0/24")
    }
}

/// A block that may or may not hold an address of the world; a tenth is of the other family.
fn block(random: &mut Random, v6: bool) -> String {
    let v6 = v6 != random.chance(10);
    let subnet = random.below(SUBNETS) as u64;
    match random.below(8) {
        0 | 1 => subnet_block(v6, subnet),
        2 => address(v6, subnet, 7) + if v6 { "/128" } else { "/32" },
        3 if v6 => "2a05::/62".to_owned(),
        3 => "10.0.0.0/22".to_owned(),
        4 if v6 => "2a06::/32".to_owned(),
        4 => "192.168.0.0/16".to_owned(),
        5 if v6 => "2a05::/48".to_owned(),
        5 => "10.0.0.0/16".to_owned(),
        _ if v6 => "::/0".to_owned(),
        _ => "0.0.0.0/0".to_owned(),
    }
}

fn blocks(random: &mut Random, v6: bool) -> Vec<String> {
    (0..=random.below(3)).map(|_| block(random, v6)).collect()
}

fn groups(random: &mut Random, v6: bool) -> Value {
    let mut all = Vec::new();
    for id in ["sg-lb", "sg-lb2", "sg-node", "sg-more"] {
        // A group that was not read.
        if random.chance(4) {
            continue;
        }
        let rules = |random: &mut Random| -> Vec<Value> {
            (0..random.below(4)).map(|_| rule(random, v6)).collect()
        };
        let (mut ingress, mut egress) = (rules(random), rules(random));
        let open = if v6 {
            json!({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]})
        } else {
            json!({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
        };
        let mut all_traffic = open;
        all_traffic["IpProtocol"] = json!("-1");
        if id.starts_with("sg-lb") && random.chance(80) {
            egress.push(all_traffic);
        } else if random.chance(60) {
            ingress.push(json!({"IpProtocol": "tcp", "FromPort": 30000, "ToPort": 32767, "UserIdGroupPairs": [{"GroupId": "sg-lb"}]}));
        }
        all.push(json!({"GroupId": id, "IpPermissions": ingress, "IpPermissionsEgress": egress}));
    }
    Value::Array(all)
}

fn rule(random: &mut Random, v6: bool) -> Value {
    let protocol = *random.pick(&["tcp", "6", "-1", "udp", "17", "icmp", "50", "tcp", "tcp"]);
    let mut rule = json!({"IpProtocol": protocol});
    if protocol != "-1" {
        let (from, to) = match random.below(5) {
            0 => (-1, -1),
            1 => (i32::from(PORT), i32::from(PORT)),
            2 => (30000, 32767),
            3 => (80, 443),
            _ => (
                i32::from(PORT) - i32::from(random.within(0, 1)),
                i32::from(PORT) - 1 + i32::from(random.within(0, 1)),
            ),
        };
        let (from, to) = (from.min(to), from.max(to));
        rule["FromPort"] = json!(from);
        rule["ToPort"] = json!(to);
    }
    for _ in 0..=random.below(2) {
        let (field, peer) = match random.below(6) {
            0..=2 => {
                let block = block(random, v6);
                if block.contains(':') {
                    ("Ipv6Ranges", json!({"CidrIpv6": block}))
                } else {
                    ("IpRanges", json!({"CidrIp": block}))
                }
            }
            3 => (
                "PrefixListIds",
                json!({"PrefixListId": random.pick(&["pl-1", "pl-2", "pl-1", "pl-2", "pl-unread"])}),
            ),
            4 => (
                "UserIdGroupPairs",
                json!({"GroupId": random.pick(&["sg-lb", "sg-node", "sg-old", "sg-lb2"])}),
            ),
            _ => (
                "UserIdGroupPairs",
                json!({"GroupId": random.pick(&["sg-lb", "sg-node"]), "VpcPeeringConnectionId": "pcx-1",
                                               "PeeringStatus": random.pick(&["active", "deleted"])}),
            ),
        };
        match rule[field].as_array_mut() {
            Some(all) => all.push(peer),
            None => rule[field] = json!([peer]),
        }
    }
    rule
}

fn acls(random: &mut Random, v6: bool) -> Value {
    let mut all: Vec<Value> = (0..=random.below(2))
        .map(|index| json!({"NetworkAclId": format!("acl-{index}"), "Associations": [], "Entries": entries(random, v6)}))
        .collect();
    let count = all.len();
    for subnet in 0..SUBNETS {
        // Without an association the ACL of the subnet was not read.
        if !random.chance(3) {
            let associations = all[random.below(count)]["Associations"]
                .as_array_mut()
                .unwrap();
            associations.push(json!({"SubnetId": format!("subnet-{subnet}")}));
        }
    }
    Value::Array(all)
}

fn entries(random: &mut Random, v6: bool) -> Vec<Value> {
    let mut all = Vec::new();
    for egress in [true, false] {
        for number in 0..random.below(4) {
            let protocol = *random.pick(&["6", "6", "-1", "17", "1"]);
            let block = block(random, v6);
            let mut entry = json!({"RuleNumber": 10 * (5 - number) + usize::from(egress), "Egress": egress, "Protocol": protocol,
                                   "RuleAction": random.pick(&["allow", "deny"])});
            entry[if block.contains(':') {
                "Ipv6CidrBlock"
            } else {
                "CidrBlock"
            }] = json!(block);
            if protocol == "6" || protocol == "17" {
                let (from, to) = *random.pick(&[
                    (1024, 65535),
                    (32768, 65535),
                    (30000, 32767),
                    (PORT, PORT),
                    (0, 65535),
                    (1024, 31000),
                    (31001, 65535),
                    (0, 1023),
                ]);
                entry["PortRange"] = json!({"From": from, "To": to});
            }
            all.push(entry);
        }
        if random.chance(85) {
            let mut open = json!({"RuleNumber": 100, "Egress": egress, "Protocol": "-1", "RuleAction": "allow"});
            open[if v6 { "Ipv6CidrBlock" } else { "CidrBlock" }] =
                json!(if v6 { "::/0" } else { "0.0.0.0/0" });
            all.push(open);
        }
    }
    all
}

fn tables(random: &mut Random, v6: bool) -> Value {
    let mut all: Vec<Value> = (0..=random.below(2))
        .map(|index| json!({"RouteTableId": format!("rtb-{index}"), "VpcId": "vpc-1", "Associations": [], "Routes": routes(random, v6)}))
        .collect();
    let count = all.len();
    for subnet in 0..SUBNETS {
        if random.chance(70) {
            let associations = all[random.below(count)]["Associations"]
                .as_array_mut()
                .unwrap();
            associations.push(json!({"SubnetId": format!("subnet-{subnet}"), "Main": false}));
        }
    }
    // Without a main table those that have none of their own were not read.
    if random.chance(95) {
        let associations = all[0]["Associations"].as_array_mut().unwrap();
        associations.push(json!({"Main": true}));
    }
    Value::Array(all)
}

fn routes(random: &mut Random, v6: bool) -> Vec<Value> {
    let field = if v6 {
        "DestinationIpv6CidrBlock"
    } else {
        "DestinationCidrBlock"
    };
    let mut all = Vec::new();
    // AWS puts the local route into every table; an empty one stands for a reading cut short.
    if random.chance(2) {
        return all;
    }
    all.push(json!({field: if v6 { "2a05::/48" } else { "10.0.0.0/16" }, "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"}));
    if random.chance(40) {
        let (key, hop) = *random.pick(&[
            ("GatewayId", "igw-1"),
            ("NatGatewayId", "nat-1"),
            ("TransitGatewayId", "tgw-1"),
        ]);
        all.push(json!({field: if v6 { "::/0" } else { "0.0.0.0/0" }, key: hop, "State": "active", "Origin": "CreateRoute"}));
    }
    for subnet in 0..SUBNETS as u64 {
        if random.chance(12) {
            let (key, hop, state) = *random.pick(&[
                ("NetworkInterfaceId", "eni-fw", "active"),
                ("NetworkInterfaceId", "eni-gone", "blackhole"),
                ("GatewayId", "vpce-1", "active"),
                ("GatewayId", "vgw-1", "active"),
            ]);
            let origin = if hop == "vgw-1" {
                "EnableVgwRoutePropagation"
            } else {
                "CreateRoute"
            };
            all.push(json!({field: subnet_block(v6, subnet), key: hop, "State": state, "Origin": origin}));
        }
    }
    if random.chance(6) {
        let list = *random.pick(&["pl-route", "pl-route", "pl-unread"]);
        let state = *random.pick(&["active", "blackhole"]);
        all.push(json!({"DestinationPrefixListId": list, "NetworkInterfaceId": "eni-list", "State": state, "Origin": "CreateRoute"}));
    }
    if random.chance(50) {
        all.reverse();
    }
    all
}
