//! The route tables do not carry the check to the target, or its answer back.

use super::crossing::{cross, weigh};
use super::ends::{Ends, Question, ends};
use super::forwarding::{Fate, Way, both_ways};
use super::pair::Judgement;
use super::route::Hop as NextHop;
use super::route_fix::fix;
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

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
    let Some(crossed) = cross(&ends, subnet, |node| both_ways(&ends, node, subnet)) else {
        return not_applicable("no route table applies inside one subnet");
    };
    match crossed.judgement {
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Works => match crossed.doubtful {
            Some(way) => Ok(Outcome::Note(inspected(&ends, &way))),
            None => pass("routes lead from the load balancer to the target and back"),
        },
        Judgement::Broken { first, every } => fail(weigh(dropped(&ends, &first), every)),
    }
}

fn dropped(ends: &Ends<'_, '_>, way: &Way<'_>) -> Finding {
    let table = &way.table.value.route_table_id;
    let to = way.to;
    let shown = |hop: &NextHop<'_>| (hop.destination.to_owned(), hop.route.next_hop().to_owned());
    let (message, decides, value) = match &way.fate {
        Fate::Blackhole(hop) => {
            let (destination, next) = shown(hop);
            (
                format!(
                    "route {destination} of {table} leads to {to} and is a blackhole: {next} is gone"
                ),
                format!("{table} {destination}"),
                format!("{destination} {next} blackhole"),
            )
        }
        Fate::Internet(hop) => {
            let (destination, next) = shown(hop);
            (
                format!(
                    "route {destination} of {table} sends packets to {to} into {next}, and an internet gateway drops those to private addresses"
                ),
                format!("{table} {destination}"),
                format!("{destination} {next} active"),
            )
        }
        Fate::Checked(hop, interface) => {
            let (destination, next) = shown(hop);
            let id = &interface.value.network_interface_id;
            (
                format!(
                    "route {destination} of {table} sends packets to {to} through {id}, whose SourceDestCheck is true: it drops what is not addressed to it"
                ),
                format!("{table} {destination} {id} SourceDestCheck"),
                format!("{destination} {next} active"),
            )
        }
        Fate::NoRoute | Fate::Carried | Fate::Inspected(_) => (
            format!("{table} has no route to {to}"),
            format!("{table} no route to {to}"),
            "no destination matches".to_owned(),
        ),
    };
    let mut finding = finding(ends, way, message, decides, value);
    if let Fate::Checked(_, interface) = &way.fate {
        let subject = format!("NetworkInterface/{}", interface.value.network_interface_id);
        finding.objects.push(subject.clone());
        finding.evidence.push(Evidence::new(
            Layer::Declared,
            interface.origin,
            subject,
            "SourceDestCheck",
            "true",
        ));
    }
    match fix(ends, way) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn inspected(ends: &Ends<'_, '_>, way: &Way<'_>) -> Finding {
    let table = &way.table.value.route_table_id;
    let (destination, hop) = match &way.fate {
        Fate::Inspected(hop) => (hop.destination, hop.route.next_hop()),
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
        format!("{destination} {hop} active"),
    )
    .confidence(Confidence::Medium)
    .assuming(format!("{hop} lets the health check and its answer through"))
}

fn finding(
    ends: &Ends<'_, '_>,
    way: &Way<'_>,
    message: String,
    decides: String,
    value: String,
) -> Finding {
    let subject = format!("RouteTable/{}", way.table.value.route_table_id);
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        way.table.origin,
        subject.clone(),
        "Routes",
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
