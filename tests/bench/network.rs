//! Single verdicts of security groups, network ACLs and routes, and many at once. Printed, never asserted.
//!
//! What it should come to: a verdict under 5 µs, 200,000 (500 groups, 400 targets) under 2 s.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic of a benchmark is its report"
)]

use cilium_lb::check::network::network_acl::{self, REPLY_PORTS};
use cilium_lb::check::network::route;
use cilium_lb::check::network::security_group::{Direction, Groups, Peer, Verdict, evaluate};
use cilium_lb::model::aws::{NetworkAcl, RouteTable, SecurityGroup};
use cilium_lb::model::{Gap, Source};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

/// Rules of a group, entries of an ACL in one direction, routes of a table: what the default quotas allow.
const RULES: u16 = 60;
const ENTRIES: u16 = 20;
const ROUTES: u16 = 50;
const GROUPS: u16 = 500;
const TARGETS: u16 = 400;

fn unread<'a, T>(id: &str) -> Result<&'a [T], Gap> {
    Err(Gap::not_collected(Source::PrefixLists, id))
}

/// A full group whose last rule is the one that admits.
fn group(index: u16) -> SecurityGroup {
    let mut rules: Vec<Value> = (1..RULES)
        .map(|rule| match rule % 3 {
            0 => json!({"IpProtocol": "tcp", "FromPort": 30000, "ToPort": 32767, "IpRanges": [{"CidrIp": format!("10.{rule}.0.0/16")}]}),
            1 => json!({"IpProtocol": "tcp", "FromPort": 30000 + rule, "ToPort": 30000 + rule, "UserIdGroupPairs": [{"GroupId": "sg-lb"}]}),
            _ => json!({"IpProtocol": "tcp", "FromPort": 30000, "ToPort": 32767, "UserIdGroupPairs": [{"GroupId": format!("sg-{rule}")}]}),
        })
        .collect();
    rules.push(json!({"IpProtocol": "tcp", "FromPort": 31000, "ToPort": 32767, "IpRanges": [{"CidrIp": "10.200.0.0/16"}]}));
    serde_json::from_value(json!({"GroupId": format!("sg-node-{index}"), "IpPermissions": rules}))
        .unwrap()
}

fn acl() -> NetworkAcl {
    let entries: Vec<Value> = (1..=ENTRIES)
        .map(|entry| {
            json!({"RuleNumber": 10 * entry, "Egress": entry % 2 == 0, "Protocol": "6", "RuleAction": if entry % 3 == 0 { "deny" } else { "allow" },
                   "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 1000 * entry, "To": 1000 * entry + 2000}})
        })
        .collect();
    serde_json::from_value(json!({"NetworkAclId": "acl-1", "Entries": entries})).unwrap()
}

fn table() -> RouteTable {
    let mut routes = vec![
        json!({"DestinationCidrBlock": "10.200.0.0/16", "GatewayId": "local", "State": "active"}),
    ];
    routes.extend((1..ROUTES).map(|route| {
        json!({"DestinationCidrBlock": format!("10.{route}.0.0/16"), "TransitGatewayId": "tgw-1", "State": "active"})
    }));
    serde_json::from_value(json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": routes}))
        .unwrap()
}

fn single(c: &mut Criterion) {
    let (group, acl, table) = (group(0), acl(), table());
    let groups = Groups {
        known: vec![&group],
        missing: None,
    };
    let node: IpAddr = "10.200.101.7".parse().unwrap();
    let peer = Peer {
        address: Ok(node),
        groups: Ok(&["sg-none"]),
    };
    let mut one = c.benchmark_group("one verdict");
    one.bench_function("security group of 60 rules", |b| {
        b.iter(|| {
            evaluate(
                black_box(&groups),
                Direction::Ingress,
                &peer,
                31000,
                &unread,
            )
        })
    });
    one.bench_function("network ACL, one port", |b| {
        b.iter(|| network_acl::evaluate(black_box(&acl), false, node, (31000, 31000)))
    });
    one.bench_function("network ACL, ports of answers", |b| {
        b.iter(|| network_acl::evaluate(black_box(&acl), true, node, REPLY_PORTS))
    });
    one.bench_function("route table of 50 routes", |b| {
        b.iter(|| route::decide(black_box(&table), node, &|id| unread(id)))
    });
    one.finish();
}

fn many(c: &mut Criterion) {
    let all: Vec<SecurityGroup> = (0..GROUPS).map(group).collect();
    let groups: Vec<Groups<'_>> = all
        .iter()
        .map(|group| Groups {
            known: vec![group],
            missing: None,
        })
        .collect();
    let targets: Vec<IpAddr> = (0..TARGETS)
        .map(|target| {
            let [high, low] = target.to_be_bytes();
            Ipv4Addr::new(10, 200, high, low).into()
        })
        .collect();
    let mut many = c.benchmark_group("many verdicts");
    many.sample_size(10);
    many.bench_function("500 groups, 400 targets", |b| {
        b.iter(|| {
            let mut admitted = 0_u32;
            for groups in &groups {
                for target in &targets {
                    let peer = Peer {
                        address: Ok(*target),
                        groups: Ok(&["sg-none"]),
                    };
                    let verdict =
                        evaluate(black_box(groups), Direction::Ingress, &peer, 31000, &unread);
                    admitted += u32::from(matches!(verdict, Verdict::Allow(_)));
                }
            }
            assert_eq!(admitted, u32::from(GROUPS) * u32::from(TARGETS));
            admitted
        })
    });
    many.finish();
}

criterion_group!(network_benches, single, many);
criterion_main!(network_benches);
