//! The route tables do not carry the check to the target, or its answer back.

use super::ends::{Ends, Question, ends};
use super::pair::{Judgement, Reach, cross_zone, judge, must_work};
use super::route::{Decision, Hop as NextHop, decide};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::view::Located;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::RouteTable;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(4301),
    slug: "route-missing",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "no route carries the health check to the target or its answer back",
    since: "0.1.0",
    needs: &[
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::RouteTables,
        Source::Subnets,
        Source::PrefixLists,
    ],
    page: include_str!("route_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let subnet = ends.target.subnet.clone()?;
    if ends.balancer.nodes.iter().all(|node| node.subnet == subnet) {
        return not_applicable("no route table applies inside one subnet");
    }
    let cross = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
    let mut detour: Option<Way<'_>> = None;
    let mut pairs = Vec::new();
    for node in &ends.balancer.nodes {
        if node.subnet == subnet {
            pairs.push((node.zone, Reach::Works));
            continue;
        }
        let balancer = node.address.as_ref().copied();
        let reach = match both_ways(&ends, balancer, node.subnet, subnet) {
            Ok(Both::Direct) => Reach::Works,
            Ok(Both::Detour(way)) => {
                if detour.is_none() && must_work(&ends.target.zone, node.zone, cross) {
                    detour = Some(way);
                }
                Reach::Works
            }
            Ok(Both::Dropped(way)) => Reach::Broken(way),
            Err(gap) => Reach::Unknown(gap),
        };
        pairs.push((node.zone, reach));
    }
    match judge(&ends.target.zone, pairs, cross) {
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Works => match detour {
            Some(way) => Ok(Outcome::Note(inspected(&ends, &way))),
            None => pass("routes lead from the load balancer to the target and back"),
        },
        Judgement::Broken { first, every } => {
            let finding = dropped(&ends, &first);
            fail(if every {
                finding
            } else {
                finding
                    .confidence(Confidence::Medium)
                    .assuming("a target counts as unhealthy although some balancer nodes reach it")
            })
        }
    }
}

/// What a route table does with one direction.
struct Way<'a> {
    /// The table.
    table: Located<'a, RouteTable>,
    /// Where it sends packets.
    decision: Decision<'a>,
    /// Where they should go.
    to: &'static str,
}

/// What becomes of a check and its answer.
enum Both<'a> {
    /// Both stay in the VPC, or take a peering.
    Direct,
    /// One goes through something that looks at it.
    Detour(Way<'a>),
    /// One is dropped.
    Dropped(Way<'a>),
}

fn both_ways<'a>(
    ends: &Ends<'_, 'a>,
    balancer: Result<IpAddr, &Gap>,
    balancer_subnet: &'a str,
    target_subnet: &'a str,
) -> Result<Both<'a>, Gap> {
    let forth = ends
        .target
        .address
        .clone()
        .and_then(|address| way(ends, balancer_subnet, address, "the targets"));
    let back = balancer
        .map_err(Clone::clone)
        .and_then(|address| way(ends, target_subnet, address, "the load balancer"));
    let mut detour = None;
    let mut gap = None;
    for direction in [forth, back] {
        match direction {
            Err(missing) => {
                gap.get_or_insert(missing);
            }
            Ok(way) => match way.decision {
                Decision::Local => {}
                Decision::NoRoute | Decision::Blackhole(_) => return Ok(Both::Dropped(way)),
                Decision::Via(_) if inside_vpc(ends) => {
                    detour.get_or_insert(way);
                }
                Decision::Via(hop) if hop.route.vpc_peering_connection_id.is_some() => {}
                Decision::Via(hop) => {
                    gap.get_or_insert(Gap::new(
                        Source::RouteTables,
                        hop.route.next_hop(),
                        Reason::NotCollected,
                    ));
                }
            },
        }
    }
    match (gap, detour) {
        (Some(gap), _) => Err(gap),
        (None, Some(way)) => Ok(Both::Detour(way)),
        (None, None) => Ok(Both::Direct),
    }
}

fn inside_vpc(ends: &Ends<'_, '_>) -> bool {
    ends.target.vpc == Some(ends.balancer.lb.value.vpc_id.as_str())
}

fn way<'a>(
    ends: &Ends<'_, 'a>,
    subnet: &str,
    address: IpAddr,
    to: &'static str,
) -> Result<Way<'a>, Gap> {
    let table = ends.region.route_table(subnet)?;
    let decision = decide(table.value, address, &|id| ends.prefix_list(id))?;
    Ok(Way {
        table,
        decision,
        to,
    })
}

fn dropped(ends: &Ends<'_, '_>, way: &Way<'_>) -> Finding {
    let table = &way.table.value.route_table_id;
    let to = way.to;
    let Decision::Blackhole(NextHop { destination, route }) = way.decision else {
        return finding(
            ends,
            way,
            format!("{table} has no route to {to}"),
            format!("{table} no route to {to}"),
            ("Routes", "no destination matches".to_owned()),
        );
    };
    let hop = route.next_hop();
    let kind = if route.destination_prefix_list_id.is_some() {
        "--destination-prefix-list-id"
    } else if destination.contains(':') {
        "--destination-ipv6-cidr-block"
    } else {
        "--destination-cidr-block"
    };
    finding(
        ends,
        way,
        format!("route {destination} of {table} leads to {to} and is a blackhole: {hop} is gone"),
        format!("{table} {destination}"),
        ("Routes", format!("{destination} {hop} blackhole")),
    )
    .fix(Fix {
        summary: format!(
            "delete the route, so that the next shorter prefix takes over, or give it a next hop that exists in place of {hop}"
        ),
        commands: vec![format!(
            "aws ec2 delete-route --region {} --route-table-id {table} {kind} {destination}",
            ends.name.region.1
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("the route table shows no blackhole and the targets of {} turn healthy", ends.group.name),
    })
}

fn inspected(ends: &Ends<'_, '_>, way: &Way<'_>) -> Finding {
    let table = &way.table.value.route_table_id;
    let (destination, hop) = match way.decision {
        Decision::Via(hop) => (hop.destination, hop.route.next_hop()),
        _ => ("", ""),
    };
    finding(
        ends,
        way,
        format!(
            "route {destination} of {table} sends packets to {} through {hop}, which was not looked at",
            way.to
        ),
        format!("{table} {destination}"),
        ("Routes", format!("{destination} {hop} active")),
    )
    .confidence(Confidence::Medium)
    .assuming(format!("{hop} lets the health check and its answer through"))
}

fn finding(
    ends: &Ends<'_, '_>,
    way: &Way<'_>,
    message: String,
    decides: String,
    (field, value): (&str, String),
) -> Finding {
    let subject = format!("RouteTable/{}", way.table.value.route_table_id);
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        way.table.origin,
        subject.clone(),
        field,
        value,
    )];
    if let (Some(origin), Ok(subnet)) = (ends.target.origin, &ends.target.subnet) {
        evidence.push(Evidence::new(
            Layer::Programmed,
            origin,
            ends.target.subject.clone(),
            "SubnetId",
            *subnet,
        ));
    }
    Finding::new(message, decides, evidence).about([
        subject,
        format!("LoadBalancer/{}", ends.name.name),
        ends.target.subject.clone(),
    ])
}
