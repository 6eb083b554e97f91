//! Single verdicts of security groups, network ACLs and routes, and many at once. Printed, never asserted.
//!
//! What it should come to: a verdict under 5 µs, 200,000 (500 groups, 400 targets) under 2 s. The last lines say both
//! in these words; everything before them is criterion's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic of a benchmark is its report"
)]

use cilium_lb::check::network::network_acl::{self, REPLY_PORTS};
use cilium_lb::check::network::route;
use cilium_lb::check::network::security_group::{Direction, Groups, Peer, Verdict, evaluate};
use cilium_lb::model::aws::{NetworkAcl, RouteTable, SecurityGroup};
use cilium_lb::model::{Gap, Source};
use criterion::{Criterion, criterion_group};
use serde_json::{Value, json};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// Rules of a group, entries of an ACL in one direction, routes of a table: what the default quotas allow.
const RULES: u16 = 60;
const ENTRIES: u16 = 20;
const ROUTES: u16 = 50;
const GROUPS: u16 = 500;
const TARGETS: u16 = 400;
/// Calls of one measurement that is printed at the end.
const REPEATS: u32 = 2000;

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

/// What every measurement asks about: one full group, ACL and table, and a node that the last rule admits.
struct Questions {
    group: SecurityGroup,
    acl: NetworkAcl,
    table: RouteTable,
    node: IpAddr,
}

impl Questions {
    fn new() -> Self {
        Self {
            group: group(0),
            acl: acl(),
            table: table(),
            node: "10.200.101.7".parse().unwrap(),
        }
    }

    fn security_group(&self) {
        let groups = Groups {
            known: vec![&self.group],
            missing: None,
        };
        black_box(admits(&groups, self.node));
    }

    fn network_acl(&self, egress: bool, ports: (u16, u16)) {
        let _ = black_box(network_acl::evaluate(
            black_box(&self.acl),
            egress,
            self.node,
            ports,
        ));
    }

    fn route(&self) {
        let _ = black_box(route::decide(black_box(&self.table), self.node, &|id| {
            unread(id)
        }));
    }
}

fn admits(groups: &Groups<'_>, node: IpAddr) -> bool {
    let peer = Peer {
        address: Ok(node),
        groups: Ok(&["sg-none"]),
    };
    let verdict = evaluate(black_box(groups), Direction::Ingress, &peer, 31000, &unread);
    matches!(verdict, Verdict::Allow(_))
}

fn single(c: &mut Criterion) {
    let questions = Questions::new();
    let mut one = c.benchmark_group("one verdict");
    one.bench_function("security group of 60 rules", |b| {
        b.iter(|| questions.security_group());
    });
    one.bench_function("network ACL, one port", |b| {
        b.iter(|| questions.network_acl(false, (31000, 31000)));
    });
    one.bench_function("network ACL, ports of answers", |b| {
        b.iter(|| questions.network_acl(true, REPLY_PORTS));
    });
    one.bench_function("route table of 50 routes", |b| b.iter(|| questions.route()));
    one.finish();
}

/// Every target asked of every group.
struct Fleet {
    groups: Vec<SecurityGroup>,
    targets: Vec<IpAddr>,
}

impl Fleet {
    fn new() -> Self {
        let target = |target: u16| {
            let [high, low] = target.to_be_bytes();
            Ipv4Addr::new(10, 200, high, low).into()
        };
        Self {
            groups: (0..GROUPS).map(group).collect(),
            targets: (0..TARGETS).map(target).collect(),
        }
    }

    fn verdicts(&self) -> usize {
        let mut admitted = 0;
        for group in &self.groups {
            let groups = Groups {
                known: vec![group],
                missing: None,
            };
            let targets = self.targets.iter();
            admitted += targets.filter(|target| admits(&groups, **target)).count();
        }
        assert_eq!(admitted, usize::from(GROUPS) * usize::from(TARGETS));
        admitted
    }
}

fn many(c: &mut Criterion) {
    let fleet = Fleet::new();
    let mut many = c.benchmark_group("many verdicts");
    many.sample_size(10);
    many.bench_function("500 groups, 400 targets", |b| b.iter(|| fleet.verdicts()));
    many.finish();
}

/// Nanoseconds of one call, over so many that the clock does not count.
fn nanoseconds(ask: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..REPEATS {
        ask();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(REPEATS)
}

/// The numbers that the project promises, in its own words.
fn promised() {
    let questions = Questions::new();
    let lines: [(&str, f64); 4] = [
        ("SG", nanoseconds(|| questions.security_group())),
        (
            "ACL",
            nanoseconds(|| questions.network_acl(false, (31000, 31000))),
        ),
        (
            "ACL (replies)",
            nanoseconds(|| questions.network_acl(true, REPLY_PORTS)),
        ),
        ("route", nanoseconds(|| questions.route())),
    ];
    for (what, nanoseconds) in lines {
        println!("{nanoseconds:.0} ns per {what} verdict (promised: 5,000)");
    }
    let fleet = Fleet::new();
    let start = Instant::now();
    let verdicts = fleet.verdicts();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{},{:03} verdicts in {seconds:.3} s (promised: 2)",
        verdicts / 1000,
        verdicts % 1000
    );
}

criterion_group!(network_benches, single, many);

fn main() {
    network_benches();
    Criterion::default().configure_from_args().final_summary();
    promised();
}
