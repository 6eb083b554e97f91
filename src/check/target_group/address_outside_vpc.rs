//! A pod address of Cilium's own pool is registered as a target, and nothing in the VPC leads there.

use super::facts;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::cidr;
use crate::check::network::route::{self, Decision};
use crate::check::node::age::config_map;
use crate::check::objects::owner::PREFIX;
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::kubernetes::endpoints::PLACEHOLDER_ADDRESS;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{AwsName, Path, Target};
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3110),
    slug: "address-outside-vpc",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a registered address belongs to no interface and no route of the VPC",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ConfigMaps,
        Source::TargetHealth,
        Source::LoadBalancers,
        Source::Subnets,
        Source::Vpcs,
        Source::RouteTables,
        Source::PrefixLists,
    ],
    page: include_str!("address_outside_vpc.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    if target.id.parse::<IpAddr>().is_err() {
        return not_applicable("the target is an instance, not an address");
    }
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    if target.id == PLACEHOLDER_ADDRESS {
        return not_applicable("the address is Cilium's placeholder (CLB3108)");
    }
    let address = target.address.clone()?;
    let state = reported.target_health.state.as_str();
    if !matches!(state, "unhealthy" | "unhealthy.draining" | "initial") {
        return not_applicable("AWS checks it with success, or does not check it");
    }
    let Some(balancer) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let region = view.region(balancer, Source::LoadBalancers)?;
    let found = region.load_balancer(&balancer.name)?;
    let vpcs = region.vpcs()?;
    let Some(vpc) = vpcs.iter().find(|vpc| vpc.vpc_id == found.vpc_id) else {
        return Err(Gap::new(
            Source::Vpcs,
            &found.vpc_id,
            Reason::Failed(format!("not in {}", vpcs.origin.document)),
        ));
    };
    let mut ranges: Vec<&str> = vpc
        .cidr_block_association_set
        .iter()
        .map(|range| range.cidr_block.as_str())
        .chain([vpc.cidr_block.as_str()])
        .collect();
    ranges.sort_unstable();
    ranges.dedup();
    if address.is_ipv6()
        || ranges
            .iter()
            .any(|range| cidr::contains(range, address) == Ok(true))
    {
        return pass("the address is one of the VPC");
    }
    let zones = &found.value.availability_zones;
    for zone in zones {
        if routed(&region, &zone.subnet_id, address)? {
            return pass("a route of the load balancer's subnets leads to the address");
        }
    }
    let Some(service) = view.service()? else {
        return not_applicable("no Service says where the address comes from");
    };
    let ipam = config_map(view).and_then(|config| Some((config, config.data.get("ipam")?)));
    let mut evidence = vec![
        facts::health_evidence(view, group, reported)?,
        Evidence::new(
            Layer::Observed,
            &vpcs.origin,
            format!("Vpc/{}", vpc.vpc_id),
            "CidrBlockAssociationSet[].CidrBlock",
            ranges.join(", "),
        ),
    ];
    let mode = match ipam {
        Some((config, mode)) => {
            evidence.push(Evidence::new(
                Layer::Declared,
                &config.origin,
                "ConfigMap/cilium-config",
                "ipam",
                mode.clone(),
            ));
            format!(" (Cilium's ipam is {mode})")
        }
        None => String::new(),
    };
    fail(finding(service, group, &ranges.join(", "), &mode, evidence))
}

/// Whether a route other than the default one leads to the address.
///
/// Pod networks can be made reachable by routes to nodes; a default route only leads out of the VPC.
fn routed(region: &RegionView<'_, '_>, subnet: &str, address: IpAddr) -> Result<bool, Gap> {
    let table = region.route_table(subnet)?;
    let lists = |id: &str| region.prefix_list(id).map(|entries| entries.as_slice());
    Ok(match route::decide(table.value, address, &lists)? {
        Decision::Local => true,
        Decision::Via(hop) => {
            let out = hop.route.nat_gateway_id.is_some()
                || hop
                    .route
                    .gateway_id
                    .as_deref()
                    .is_some_and(|id| id.starts_with("igw-"));
            !(out && cidr::is_everything(hop.destination))
        }
        Decision::Blackhole(_) | Decision::NoRoute => false,
    })
}

fn finding(
    service: &Fact<Service>,
    group: &AwsName,
    ranges: &str,
    mode: &str,
    evidence: Vec<Evidence>,
) -> Finding {
    let name = &service.metadata.name;
    Finding::new(
        format!("pod addresses outside the VPC's {ranges} are registered, and no route leads to them{mode}"),
        format!("{}/{name}", service.metadata.namespace),
        evidence,
    )
    .about([
        format!("TargetGroup/{}", group.name),
        format!("Service/{}/{name}", service.metadata.namespace),
    ])
    .confidence(Confidence::High)
    .fix(Fix {
        summary: "register instances, which reach pods through NodePorts; or let Cilium take pod addresses from the VPC (ipam.mode eni, a new cluster in practice)".to_owned(),
        commands: vec![setting::annotate(
            service,
            &format!("{}aws-load-balancer-nlb-target-type", PREFIX),
            "instance",
        )],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("the controller makes a new target group for {name} with TargetType instance"),
    })
}
