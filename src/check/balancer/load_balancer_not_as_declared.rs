//! Name, subnets, groups, address type and attributes of the load balancer against the Service's annotations.
//!
//! The scheme has a check of its own (CLB2104): it decides who can reach the load balancer.

use super::expected_attributes::{self, CROSS_ZONE};
use super::names::{self, Listed};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::declared::{self, Difference, Wins, annotated};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::target_group::expected_attributes::refused;
use crate::check::view::{Located, RegionView};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::LoadBalancer;
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2109),
    slug: "load-balancer-not-as-declared",
    hop: Hop::LoadBalancer,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the load balancer is not as the Service's annotations declare it",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::Subnets,
        Source::SecurityGroups,
    ],
    page: include_str!("load_balancer_not_as_declared.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service declares anything");
    };
    if !path.owned {
        return not_applicable("the load balancer is not the Service's own");
    }
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let owner = owner::actual(service, Some(&name.name)).owner;
    let region = view.region(name, Source::LoadBalancers)?;
    let balancer = region.load_balancer(&name.name)?;
    let mut found = Vec::new();
    match owner {
        Owner::LoadBalancerController => {
            if let Some(said) = refused(service) {
                return not_applicable(format!(
                    "the controller refuses {said} and changes nothing"
                ));
            }
            fields(service, &balancer, &mut found);
            members(&region, service, &balancer, &mut found)?;
            attributes(&region, service, &balancer, &mut found)?;
        }
        Owner::CloudProvider => match expected_attributes::cross_zone(service) {
            Ok((wanted, by)) => {
                let wanted = wanted.to_string();
                attribute(&region, &balancer, CROSS_ZONE, &wanted, by, &mut found)?;
            }
            Err(said) => {
                return not_applicable(format!(
                    "the controller refuses {said} and leaves the attributes alone"
                ));
            }
        },
        Owner::AutoMode | Owner::Other | Owner::Nobody => {
            return not_applicable("what its controller reads is not known");
        }
    }
    let object = format!("LoadBalancer/{}", name.name);
    match declared::finding(service, owner, &object, &found) {
        Some(finding) => fail(finding),
        None => pass("the load balancer is as declared"),
    }
}

/// What the AWS Load Balancer Controller reads, as far as DescribeLoadBalancers shows it.
fn fields<'a>(
    service: &Service,
    balancer: &Located<'a, LoadBalancer>,
    found: &mut Vec<Difference<'a>>,
) {
    let mut add = |field: &str, by: String, wanted: String, actual: String, wins| {
        found.push(Difference {
            field: field.to_owned(),
            actual,
            origin: balancer.origin,
            wanted,
            by: Some(by),
            wins,
        });
    };
    if let Some((by, wanted)) = annotated(service, "aws-load-balancer-name")
        && wanted != balancer.load_balancer_name
    {
        let actual = balancer.load_balancer_name.clone();
        add(
            "LoadBalancerName",
            by,
            wanted.to_owned(),
            actual,
            Wins::Actual,
        );
    }
    if let Some((by, wanted)) = annotated(service, "aws-load-balancer-ip-address-type")
        && let Some(actual) = &balancer.ip_address_type
        && wanted != actual
    {
        add(
            "IpAddressType",
            by,
            wanted.to_owned(),
            actual.clone(),
            Wins::Declared,
        );
    }
}

/// Subnets and security groups of an annotation against those that the load balancer has.
///
/// # Errors
/// The gap when the annotation names them and their names were not read.
fn members<'a>(
    region: &RegionView<'_, 'a>,
    service: &Service,
    balancer: &Located<'a, LoadBalancer>,
    found: &mut Vec<Difference<'a>>,
) -> Result<(), Gap> {
    let zones = balancer.availability_zones.iter();
    let subnets: Vec<&str> = zones.map(|zone| zone.subnet_id.as_str()).collect();
    if let Some(listed) = Listed::of(service, "aws-load-balancer-subnets", "subnet-")
        && !subnets.is_empty()
    {
        let actual = listed.named(&subnets, |id| names::subnet(region, id))?;
        if !(listed.has_all(&actual) && actual.iter().all(|member| listed.lists(member))) {
            found.push(listed.difference(
                "AvailabilityZones[].SubnetId",
                &actual,
                balancer,
                Wins::Declared,
            ));
        }
    }
    // The controller adds a group of its own for the rules of the nodes.
    let groups: Vec<&str> = balancer
        .security_groups
        .iter()
        .map(String::as_str)
        .collect();
    if let Some(listed) = Listed::of(service, "aws-load-balancer-security-groups", "sg-") {
        let actual = listed.named(&groups, |id| names::security_group(region, id))?;
        if !listed.has_all(&actual) {
            let wins = if groups.is_empty() {
                Wins::Actual
            } else {
                Wins::Declared
            };
            found.push(listed.difference("SecurityGroups", &actual, balancer, wins));
        }
    }
    Ok(())
}

/// Attributes; a key that is taken out of the annotation keeps its last value, so only named ones count.
fn attributes<'a>(
    region: &RegionView<'_, 'a>,
    service: &Service,
    balancer: &Located<'a, LoadBalancer>,
    found: &mut Vec<Difference<'a>>,
) -> Result<(), Gap> {
    for (key, (wanted, by)) in expected_attributes::attributes(service).unwrap_or_default() {
        attribute(region, balancer, &key, &wanted, Some(by), found)?;
    }
    Ok(())
}

fn attribute<'a>(
    region: &RegionView<'_, 'a>,
    balancer: &Located<'a, LoadBalancer>,
    key: &str,
    wanted: &str,
    by: Option<String>,
    found: &mut Vec<Difference<'a>>,
) -> Result<(), Gap> {
    let name = &balancer.value.load_balancer_name;
    let Some(actual) = region.load_balancer_attribute(name, key)? else {
        return Ok(());
    };
    if actual != wanted {
        found.push(Difference {
            field: key.to_owned(),
            actual: actual.to_owned(),
            origin: region.load_balancer_attributes_origin(name)?,
            wanted: wanted.to_owned(),
            by,
            wins: Wins::Declared,
        });
    }
    Ok(())
}
