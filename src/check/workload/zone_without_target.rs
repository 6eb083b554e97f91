//! A zone of the load balancer without any target, while zones do not share theirs.

use super::preservation::{cross_zone_evidence, network_balancer, target_group};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::ends::{list, verb};
use crate::check::network::pair::{CROSS_ZONE, CrossZone, cross_zone};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::target_group::attribute_fix;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8204),
    slug: "zone-without-target",
    hop: Hop::Workload,
    severity: Severity::Warning,
    bearing: Bearing::Clients,
    title: "a zone of the load balancer has no target and may not use those of other zones",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("zone_without_target.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let (Some((name, region)), Some((_, group))) =
        (network_balancer(view, path)?, target_group(view, path)?)
    else {
        return not_applicable("there is no Network Load Balancer with a target group");
    };
    if path.targets.is_empty() || path.targets_gap.is_some() {
        return not_applicable("the target group has no known targets");
    }
    let zones: Option<BTreeSet<&str>> = path
        .targets
        .iter()
        .map(|target| target.zone.as_deref())
        .collect();
    let Some(occupied) = zones else {
        return not_applicable("the zone of a target is not known");
    };
    let lb = region.load_balancer(&name.name)?;
    let empty: Vec<&str> = lb
        .availability_zones
        .iter()
        .map(|zone| zone.zone_name.as_str())
        .filter(|zone| !occupied.contains(zone) && !occupied.contains("all"))
        .collect();
    if empty.is_empty() {
        return pass("every zone of the load balancer has a target");
    }
    match cross_zone(&region, &name.name, &group.target_group_name) {
        CrossZone::On => return pass("zones share their targets"),
        CrossZone::Unknown(gap) => return Err(gap),
        CrossZone::Off => {}
    }
    let Some(of_group) = path.target_group.found() else {
        return not_applicable("there is no target group");
    };
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        lb.origin,
        format!("LoadBalancer/{}", name.name),
        "AvailabilityZones",
        lb.availability_zones
            .iter()
            .map(|zone| zone.zone_name.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    )];
    evidence.extend(cross_zone_evidence(&region, &name.name, &group)?);
    fail(
            Finding::new(
                format!(
                    "{} {} enabled for {} and {} no target, and load_balancing.cross_zone.enabled is false: the address \
                     there leaves DNS, and clients that keep it time out",
                    list(&empty),
                    verb(&empty, "is", "are"),
                    name.name,
                    verb(&empty, "has", "have")
                ),
                format!("{} {}", name.name, empty.join(",")),
                evidence,
            )
            .about([
                format!("LoadBalancer/{}", name.name),
                format!("TargetGroup/{}", group.target_group_name),
            ])
            .fix(Fix {
                summary: "let zones share their targets, or have a node in every zone (costs of traffic between zones apply to \
                          the first)"
                    .to_owned(),
                commands: vec![attribute_fix::command(
                    view, path, &region, of_group, CROSS_ZONE, "true",
                )?],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: "the DNS name resolves to an address in every zone".to_owned(),
            }),
    )
}
