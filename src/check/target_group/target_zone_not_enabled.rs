//! The target runs in a zone that the load balancer does not serve.

use super::facts;
use crate::check::finding::{Change, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::{owner, setting};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::Subnet;
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Path, Target};
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3105),
    slug: "target-zone-not-enabled",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the target's zone is not enabled for the load balancer",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::TargetHealth,
        Source::Instances,
        Source::Subnets,
    ],
    page: include_str!("target_zone_not_enabled.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    // NotInUse has two causes; only the description tells which.
    let said = facts::says(
        reported,
        "Target.NotInUse",
        "availability zone that is not enabled",
    );
    if !said && !facts::is_instance(&target.id) {
        return not_applicable("the target is an address; AWS reports nothing about its zone");
    }
    // AWS names the zone of an address itself; `all` is an address outside the VPC.
    let told = reported.target.availability_zone.as_deref();
    let own = target
        .zone
        .as_deref()
        .or(told.filter(|zone| *zone != "all"));
    let known = zones(view, path, target, own);
    let (zone, enabled, mut evidence) = match known {
        Ok(Some(known)) => known,
        Ok(None) if !said => return not_applicable("there is no load balancer to compare with"),
        Err(gap) if !said => return Err(gap),
        // AWS's own word is enough; the zones only say it better.
        Ok(None) | Err(_) => (own.unwrap_or_default().to_owned(), Vec::new(), Vec::new()),
    };
    if !said && enabled.contains(&zone) {
        return pass("its zone is enabled for the load balancer");
    }
    let health = facts::health_evidence(view, group, reported)?;
    if target.zone.is_none()
        && let Some(zone) = own
    {
        evidence.push(Evidence {
            field: "Target.AvailabilityZone".to_owned(),
            value: zone.to_owned(),
            ..health.clone()
        });
    }
    evidence.push(health);
    let missing = missing(path, &zone, &enabled);
    let balancer = path.load_balancer.found();
    let mut finding = Finding::new(
        message(&missing, &enabled),
        format!(
            "{} {}",
            balancer.map_or(group.name.as_str(), |name| name.name.as_str()),
            missing.join(" ")
        ),
        evidence,
    )
    .about(
        balancer
            .map(|name| format!("LoadBalancer/{}", name.name))
            .into_iter()
            .chain([format!("TargetGroup/{}", group.name)]),
    );
    if let Some(fix) = fix(view, balancer, &missing) {
        finding = finding.fix(fix);
    }
    let state = reported.target_health.state.as_str();
    if !said && matches!(state, "healthy" | "unhealthy" | "unhealthy.draining") {
        // A target of a zone that is not enabled is never checked, so one of the two readings is older.
        return Ok(Outcome::Note(finding.assuming(format!(
            "AWS checks the target ({state}), so the zone was enabled when its health was read"
        ))));
    }
    fail(finding)
}

/// Every zone of the path's targets that is not enabled, in order: they are enabled by one change. Only the
/// target's own where the load balancer's zones are not known; empty where not even that is.
fn missing<'a>(path: &'a Path, zone: &'a str, enabled: &[String]) -> Vec<&'a str> {
    let others = path
        .targets
        .iter()
        .filter(|_| !enabled.is_empty())
        .filter_map(|target| target.zone.as_deref());
    let all: BTreeSet<&str> = others
        .chain([zone])
        .filter(|zone| !zone.is_empty() && !enabled.iter().any(|one| one == zone))
        .collect();
    all.into_iter().collect()
}

fn message(missing: &[&str], enabled: &[String]) -> String {
    let what = match missing {
        [] => return "the target's zone is not enabled for the load balancer".to_owned(),
        [zone] => format!("zone {zone} is not enabled"),
        zones => format!("zones {} are not enabled", zones.join(", ")),
    };
    if enabled.is_empty() {
        format!("{what} for the load balancer")
    } else {
        format!(
            "{what} for the load balancer, which serves {}",
            enabled.join(", ")
        )
    }
}

type Zones = (String, Vec<String>, Vec<Evidence>);

/// The target's zone and those of the load balancer; `None` without a load balancer.
///
/// `own` is what is known of the target's zone without EC2.
fn zones(
    view: &View<'_>,
    path: &Path,
    target: &Target,
    own: Option<&str>,
) -> Result<Option<Zones>, Gap> {
    let Some(name) = path.load_balancer.read()? else {
        return Ok(None);
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let balancer = region.load_balancer(&name.name)?;
    let mut enabled: Vec<String> = balancer
        .availability_zones
        .iter()
        .map(|zone| zone.zone_name.clone())
        .filter(|zone| !zone.is_empty())
        .collect();
    enabled.sort_unstable();
    enabled.dedup();
    if enabled.is_empty() {
        return Err(Gap::new(
            Source::LoadBalancers,
            &name.name,
            Reason::Partial("AvailabilityZones is not in the answer".to_owned()),
        ));
    }
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        balancer.origin,
        format!("LoadBalancer/{}", name.name),
        "AvailabilityZones[].ZoneName",
        enabled.join(", "),
    )];
    // The instance's own placement; the node's label where EC2 was not read.
    let zone = match region.instance(&target.id) {
        Ok(instance) if !instance.placement.availability_zone.is_empty() => {
            let zone = instance.placement.availability_zone.clone();
            evidence.push(Evidence::new(
                Layer::Observed,
                instance.origin,
                format!("Instance/{}", target.id),
                "Placement.AvailabilityZone",
                zone.clone(),
            ));
            zone
        }
        Ok(_) => own.unwrap_or_default().to_owned(),
        Err(gap) => own.ok_or(gap)?.to_owned(),
    };
    if zone.is_empty() {
        return Err(Gap::not_collected(Source::Instances, &target.id));
    }
    Ok(Some((zone, enabled, evidence)))
}

/// The subnet of a zone that the balancer can only mean: the one of its VPC with the role tag for its
/// scheme, or the only one there.
fn subnet_in(view: &View<'_>, balancer: &AwsName, zone: &str) -> Option<String> {
    let region = view.region(balancer, Source::LoadBalancers).ok()?;
    let found = region.load_balancer(&balancer.name).ok()?;
    let role = if found.scheme == "internal" {
        "kubernetes.io/role/internal-elb"
    } else {
        "kubernetes.io/role/elb"
    };
    let all: Vec<&Subnet> = region
        .subnets()
        .ok()?
        .iter()
        .filter(|subnet| subnet.vpc_id == found.vpc_id && subnet.availability_zone == zone)
        .collect();
    let tagged: Vec<&Subnet> = all
        .iter()
        .copied()
        .filter(|subnet| {
            let tags = subnet.tags.iter();
            tags.clone()
                .any(|tag| tag.key == role && matches!(tag.value.as_str(), "" | "1"))
        })
        .collect();
    match (tagged.as_slice(), all.as_slice()) {
        ([only], _) | ([], [only]) => Some(only.subnet_id.clone()),
        _ => None,
    }
}

fn fix(view: &View<'_>, balancer: Option<&AwsName>, missing: &[&str]) -> Option<Fix> {
    let service = view.service().ok().flatten()?;
    let balancer = balancer.filter(|_| !missing.is_empty())?;
    let after = format!(
        "AvailabilityZones of {} holds {}, and the targets there leave the state unused",
        balancer.name,
        missing.join(", ")
    );
    let owner = owner::actual(service, Some(&balancer.name)).owner;
    let mut subnets: Vec<String> = view
        .region(balancer, Source::LoadBalancers)
        .and_then(|region| region.load_balancer(&balancer.name))
        .map(|found| {
            let zones = &found.availability_zones;
            zones.iter().map(|zone| zone.subnet_id.clone()).collect()
        })
        .unwrap_or_default();
    subnets.sort_unstable();
    let chosen: Vec<(&str, Option<String>)> = missing
        .iter()
        .map(|zone| (*zone, subnet_in(view, balancer, zone)))
        .collect();
    subnets.extend(chosen.iter().map(|(zone, subnet)| {
        subnet
            .clone()
            .unwrap_or_else(|| format!("SUBNET_IN_{zone}"))
    }));
    let (summary, commands, risk) = if owner == owner::Owner::CloudProvider {
        (
            "cloud-provider-aws never changes the subnets of an NLB: make the Service again with subnets of the zones, or keep nodes out of them",
            Vec::new(),
            Risk::Destructive,
        )
    } else {
        (
            "name one subnet for every zone with nodes, those zones included; the controller then enables it",
            vec![
                format!(
                    "aws ec2 describe-subnets --region {} --filters Name=availability-zone,Values={} --query 'Subnets[].[SubnetId,Tags]'",
                    balancer.region.1,
                    missing.join(",")
                ),
                setting::annotate(
                    service,
                    &format!("{}aws-load-balancer-subnets", owner::PREFIX),
                    &subnets.join(","),
                ),
            ],
            Risk::Safe,
        )
    };
    Some(Fix {
        summary: summary.to_owned(),
        changes: chosen
            .into_iter()
            .filter(|_| !commands.is_empty())
            .filter_map(|(zone, subnet)| {
                Some(Change::ZoneEnabled {
                    region: balancer.region.clone(),
                    balancer: balancer.name.clone(),
                    zone: zone.to_owned(),
                    subnet: subnet?,
                })
            })
            .collect(),
        commands,
        risk,
        after,
    })
}
