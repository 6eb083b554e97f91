//! VPC block public access keeps the internet away from an internet-facing load balancer.

use super::ends::list;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::{Located, RegionView};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::block_public_access::BlockPublicAccessOptions;
use crate::model::aws::load_balancer::LbZone;
use crate::model::aws::{BlockPublicAccessExclusion, LoadBalancer};
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4303),
    slug: "public-access-blocked",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "VPC block public access keeps clients on the internet out",
    since: "0.1.0",
    needs: &[
        Source::LoadBalancers,
        Source::Subnets,
        Source::BlockPublicAccess,
        Source::BlockPublicAccessExclusions,
    ],
    page: include_str!("public_access_blocked.md"),
    run: Run::Path(run),
    known_issues: &[],
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let lb = region.load_balancer(&name.name)?;
    if lb.scheme != "internet-facing" {
        return not_applicable("the load balancer is not internet-facing");
    }
    let mode = |zone: &LbZone| {
        let subnet = region.subnet(&zone.subnet_id).ok()?;
        subnet.public_access_mode().map(str::to_owned)
    };
    let zones = &lb.availability_zones;
    if !zones.is_empty()
        && zones
            .iter()
            .all(|zone| mode(zone).as_deref() == Some("off"))
    {
        return pass("block public access is off for the subnets of the load balancer");
    }
    let answer = region.block_public_access()?;
    let options = &answer.vpc_block_public_access_options;
    match options.internet_gateway_block_mode.as_deref() {
        Some("off") => {
            for zone in zones {
                let subnet = region.subnet(&zone.subnet_id)?;
                if let Some(mode) = subnet.public_access_mode().filter(|mode| *mode != "off") {
                    return Err(of_another_account(&region, zone, mode));
                }
            }
            return pass("block public access is off");
        }
        Some("block-bidirectional" | "block-ingress") => {}
        Some(other) => return Err(partial(format!("InternetGatewayBlockMode {other:?}"))),
        None => return Err(partial("no InternetGatewayBlockMode".to_owned())),
    }
    let exclusions = region.block_public_access_exclusions()?;
    let blocked = blocked(&lb, exclusions);
    if blocked.is_empty() {
        return pass("block public access leaves the subnets of the load balancer alone");
    }
    let origin = &answer.origin;
    fail(finding(
        &region,
        name,
        &lb,
        &blocked,
        Located {
            value: options,
            origin,
        },
        exclusions,
    ))
}

/// The mode of an account is for the VPCs that it owns; a subnet knows that of its owner.
fn of_another_account(region: &RegionView<'_, '_>, zone: &LbZone, mode: &str) -> Gap {
    let why = format!(
        "BlockPublicAccessStates of {} is {mode} and InternetGatewayBlockMode of account {} is off: the VPC is another account's, whose exclusions were not read, or the mode was being changed",
        zone.subnet_id,
        region.account()
    );
    Gap::new(Source::BlockPublicAccess, "", Reason::Partial(why))
}

fn partial(what: String) -> Gap {
    Gap::new(Source::BlockPublicAccess, "", Reason::Unreadable(what))
}

/// The subnets of the load balancer that no exclusion opens for both directions.
fn blocked<'a>(lb: &Located<'a, LoadBalancer>, all: &[BlockPublicAccessExclusion]) -> Vec<&'a str> {
    let open = |kind: &str, id: &str| {
        all.iter().filter(|one| is_open(one)).any(|one| {
            one.resource_arn
                .rsplit_once(':')
                .is_some_and(|(_, resource)| resource == format!("{kind}/{id}"))
        })
    };
    if open("vpc", &lb.value.vpc_id) {
        return Vec::new();
    }
    let zones = lb.value.availability_zones.iter();
    zones
        .map(|zone| zone.subnet_id.as_str())
        .filter(|subnet| !open("subnet", subnet))
        .collect()
}

/// Whether an exclusion is in effect and lets connections in; `allow-egress` does not.
fn is_open(exclusion: &BlockPublicAccessExclusion) -> bool {
    exclusion.internet_gateway_exclusion_mode.as_deref() == Some("allow-bidirectional")
        && matches!(
            exclusion.state.as_deref(),
            Some("create-complete" | "update-complete")
        )
}

fn finding(
    region: &RegionView<'_, '_>,
    name: &AwsName,
    lb: &Located<'_, LoadBalancer>,
    blocked: &[&str],
    options: Located<'_, BlockPublicAccessOptions>,
    exclusions: &Fact<Vec<BlockPublicAccessExclusion>>,
) -> Finding {
    let mode = options
        .internet_gateway_block_mode
        .as_deref()
        .unwrap_or_default();
    let zones = lb.availability_zones.len();
    let subject = format!("Region/{}/{}", region.account(), region.name());
    let open: Vec<&str> = exclusions
        .iter()
        .filter(|one| is_open(one))
        .map(|one| one.resource_arn.as_str())
        .collect();
    let evidence = vec![
        Evidence::new(
            Layer::Declared,
            options.origin,
            subject.clone(),
            "InternetGatewayBlockMode",
            mode,
        ),
        Evidence::new(
            Layer::Declared,
            &exclusions.origin,
            subject.clone(),
            "VpcBlockPublicAccessExclusions (allow-bidirectional)",
            if open.is_empty() {
                "none".to_owned()
            } else {
                open.join(", ")
            },
        ),
        Evidence::new(
            Layer::Declared,
            lb.origin,
            format!("LoadBalancer/{}", name.name),
            "Scheme",
            lb.scheme.clone(),
        ),
    ];
    let by_policy = options.managed_by.as_deref() == Some("declarative-policy");
    Finding::new(
        format!(
            "the load balancer is internet-facing, and InternetGatewayBlockMode of {} is {mode}: no exclusion opens {} of its {zones} subnets, {}",
            region.name(),
            blocked.len(),
            list(blocked)
        ),
        format!("{} {mode}", name.name),
        evidence,
    )
    .about([format!("LoadBalancer/{}", name.name), subject])
    .fix(Fix {
        summary: format!(
            "exclude the subnets of the load balancer{}; make the load balancer internal if clients on the internet were not meant to reach it",
            if by_policy {
                " (a declarative policy of the organization sets the mode, and may forbid exclusions)"
            } else {
                ""
            }
        ),
        commands: blocked
            .iter()
            .map(|subnet| format!(
                "aws ec2 create-vpc-block-public-access-exclusion --region {} --subnet-id {subnet} --internet-gateway-exclusion-mode allow-bidirectional",
                name.region.1
            ))
            .collect(),
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the exclusions reach the state create-complete and clients on the internet connect"
            .to_owned(),
    })
}
