//! Two addresses of the balancer, one client port, one target: connections that look the same to the target.

use super::preservation::{
    PRESERVE, attribute_evidence, cross_zone_evidence, network_balancer, preserved, target_group,
};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::network::pair::{CrossZone, cross_zone};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8205),
    slug: "connection-collisions",
    hop: Hop::Workload,
    severity: Severity::Info,
    bearing: Bearing::Clients,
    title: "clients behind one address may now and then fail to connect",
    since: "0.1.0",
    needs: &[
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("connection_collisions.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let (Some((name, region)), Some((_, group))) =
        (network_balancer(view, path)?, target_group(view, path)?)
    else {
        return not_applicable("there is no Network Load Balancer with a target group");
    };
    let lb = region.load_balancer(&name.name)?;
    if lb.availability_zones.len() < 2 {
        return pass("the load balancer has one address");
    }
    match cross_zone(&region, &name.name, &group.target_group_name) {
        CrossZone::On => {}
        CrossZone::Off => return pass("each target is reached through one address"),
        CrossZone::Unknown(gap) => return Err(gap),
    }
    if !preserved(&region, &group)? {
        return pass("targets see the load balancer's addresses");
    }
    let id = format!("LoadBalancer/{}", name.name);
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        lb.origin,
        id.clone(),
        "AvailabilityZones",
        lb.availability_zones.len().to_string(),
    )];
    evidence.push(attribute_evidence(&region, &group, PRESERVE)?);
    evidence.extend(cross_zone_evidence(&region, &name.name, &group)?);
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "{PRESERVE} and load_balancing.cross_zone.enabled are both true: a client that reuses a source port towards two \
                 addresses of {} can meet one target with the same four addresses and ports, and the second connection \
                 fails",
                name.name
            ),
            name.name.clone(),
            evidence,
        )
        .about([id, format!("TargetGroup/{}", group.target_group_name)]),
    ))
}
