//! An internet-facing load balancer has a node in a subnet that no internet gateway serves.

use super::ends::{list, verb};
use super::route::default_route;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::{Located, RegionView};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::RouteTable;
use crate::model::aws::load_balancer::LbZone;
use crate::model::{Gap, Origin, Reason, Source};
use crate::path::{AwsName, Lookup, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4302),
    slug: "internet-facing-subnet-private",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "an internet-facing load balancer has a subnet without an internet gateway",
    since: "0.1.0",
    needs: &[Source::LoadBalancers, Source::RouteTables, Source::Subnets],
    page: include_str!("internet_facing_subnet_private.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let name = match &path.load_balancer {
        Lookup::Found(name) => name,
        Lookup::Absent(why) => return not_applicable(why.clone()),
        Lookup::Unknown(gap) => return Err(gap.clone()),
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let lb = region.load_balancer(&name.name)?;
    match lb.value.scheme.as_str() {
        "internet-facing" => {}
        "" => {
            return Err(Gap::new(
                Source::LoadBalancers,
                &name.name,
                Reason::Partial("Scheme is not in it".to_owned()),
            ));
        }
        other => return not_applicable(format!("the load balancer is {other}")),
    }
    let zones = &lb.value.availability_zones;
    let mut private = Vec::new();
    let mut gateway = None;
    let mut gap = None;
    for zone in zones {
        match exit(&region, zone) {
            Ok(Exit::Internet(id)) => gateway = gateway.or(id),
            Ok(Exit::Private(zone)) => private.push(zone),
            Err(missing) => {
                gap.get_or_insert(missing);
            }
        }
    }
    if !private.is_empty() {
        return fail(finding(name, zones.len(), &private, gateway, lb.origin));
    }
    match gap {
        Some(gap) => Err(gap),
        None if zones.is_empty() => Err(Gap::new(
            Source::LoadBalancers,
            &name.name,
            Reason::Partial("AvailabilityZones is not in it".to_owned()),
        )),
        None => pass("every subnet of the load balancer has a way to the internet"),
    }
}

/// Where the subnet of a zone sends answers to clients on the internet.
enum Exit<'a> {
    /// To an internet gateway, whose id is given, or to a firewall endpoint before one.
    Internet(Option<&'a str>),
    /// Elsewhere or nowhere.
    Private(Private<'a>),
}

/// A zone whose answers do not reach the internet the way requests came.
struct Private<'a> {
    zone: &'a LbZone,
    table: Located<'a, RouteTable>,
    /// Where the default route leads, as in "sends it …".
    hop: String,
}

/// The way of a subnet without a default route.
const NOWHERE: &str = "nowhere";

fn exit<'a>(region: &RegionView<'_, 'a>, zone: &'a LbZone) -> Result<Exit<'a>, Gap> {
    let table = region.route_table(&zone.subnet_id)?;
    let hop = match default_route(table.value) {
        Some(route) if route.state.as_deref() == Some("blackhole") => {
            format!("to {}, a blackhole,", route.next_hop())
        }
        Some(route) => {
            let hop = route.next_hop();
            if hop.starts_with("igw-") {
                return Ok(Exit::Internet(Some(hop)));
            }
            // A firewall endpoint in front of the gateway is a usual design.
            if hop.starts_with("vpce-") {
                return Ok(Exit::Internet(None));
            }
            // An appliance may be a firewall, which works, or a NAT instance, which does not.
            if hop.starts_with("eni-") || hop.starts_with("i-") {
                return Err(Gap::new(
                    Source::RouteTables,
                    &table.value.route_table_id,
                    Reason::Partial(format!("what {hop} does with 0.0.0.0/0 is not in it")),
                ));
            }
            format!("to {hop}")
        }
        // Without a default route the gateway may still serve some ranges.
        None if table
            .value
            .routes
            .iter()
            .any(|route| route.next_hop().starts_with("igw-")) =>
        {
            return Ok(Exit::Internet(None));
        }
        None => NOWHERE.to_owned(),
    };
    Ok(Exit::Private(Private { zone, table, hop }))
}

fn finding(
    name: &AwsName,
    zones: usize,
    private: &[Private<'_>],
    gateway: Option<&str>,
    origin: &Origin,
) -> Finding {
    let subnets: Vec<String> = private
        .iter()
        .map(|private| format!("{} ({})", private.zone.subnet_id, private.zone.zone_name))
        .collect();
    let mut hops: Vec<&str> = private.iter().map(|private| private.hop.as_str()).collect();
    hops.sort_unstable();
    hops.dedup();
    let message = format!(
        "the load balancer is internet-facing, but {} of its {zones} subnets {} 0.0.0.0/0 {} and not to an internet gateway: {}",
        private.len(),
        verb(private, "sends", "send"),
        list(&hops),
        list(&subnets),
    );
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        origin,
        format!("LoadBalancer/{}", name.name),
        "Scheme",
        "internet-facing",
    )];
    evidence.extend(private.iter().map(|private| {
        Evidence::new(
            Layer::Declared,
            private.table.origin,
            format!("RouteTable/{}", private.table.value.route_table_id),
            "Routes (0.0.0.0/0)",
            private.hop.clone(),
        )
    }));
    let objects = private
        .iter()
        .map(|private| format!("Subnet/{}", private.zone.subnet_id))
        .chain([format!("LoadBalancer/{}", name.name)]);
    Finding::new(message, name.name.clone(), evidence)
        .about(objects)
        .fix(fix(name, private, gateway))
}

/// A table without a default route can be given one. One that leads to a NAT gateway serves whatever
/// else is in the subnet, so there only the load balancer's choice of subnets can change.
fn fix(name: &AwsName, private: &[Private<'_>], gateway: Option<&str>) -> Fix {
    let bare = private.iter().all(|private| private.hop == NOWHERE);
    let mut tables: Vec<&str> = private
        .iter()
        .map(|private| private.table.value.route_table_id.as_str())
        .collect();
    tables.sort_unstable();
    tables.dedup();
    let commands = match gateway {
        Some(gateway) if bare => tables
            .iter()
            .map(|table| {
                format!(
                    "aws ec2 create-route --region {} --route-table-id {table} --destination-cidr-block 0.0.0.0/0 --gateway-id {gateway}",
                    name.region.1
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    Fix {
        summary: "choose public subnets for these zones with the annotation service.beta.kubernetes.io/aws-load-balancer-subnets on the object that asks for the load balancer, or ask for an internal one, or give the subnets a route to an internet gateway".to_owned(),
        commands,
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "every address in the load balancer's DNS name answers from the internet".to_owned(),
    }
}
