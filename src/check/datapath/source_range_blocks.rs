//! The Service's source ranges are enforced on the NodePort and leave the load balancer out.

use super::probe::{Probe, entry, row_key};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::crossing::weigh;
use crate::check::network::ends::{Question, ends};
use crate::check::network::pair::{Judgement, Reach, cross_zone, judge};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6105),
    slug: "source-range-blocks",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "loadBalancerSourceRanges are enforced on the NodePort and leave the load balancer out",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::BpfLb,
    ],
    page: include_str!("source_range_blocks.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if !probe.of_agent => probe,
        Ok(_) => return not_applicable("source ranges do not apply to the health-check node port"),
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend else {
        return not_applicable("there is no entry that could check sources");
    };
    if !frontend.flags.has("check source-range") {
        return pass("the NodePort entry does not check sources");
    }
    let deny = frontend.flags.has("deny");
    let ranges = ranges(service)?;
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let admits = |address: &IpAddr| ranges.iter().any(|range| range.contains(address)) != deny;
    let nodes = &ends.balancer.nodes;
    let pairs = nodes.iter().map(|node| {
        let reach = match &node.address {
            Ok(address) if admits(address) => Reach::Works,
            Ok(_) => Reach::Broken(()),
            Err(gap) => Reach::Unknown(gap.clone()),
        };
        (node.zone, reach)
    });
    let cross = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
    let every = match judge(&ends.target.zone, pairs, cross) {
        Judgement::Works => return pass("the source ranges admit the load balancer"),
        Judgement::Unknown(gap) => return Err(gap),
        Judgement::Broken { every, .. } => every,
    };
    let addresses: BTreeSet<IpAddr> = nodes
        .iter()
        .filter_map(|node| node.address.as_ref().ok().copied())
        .filter(|address| !admits(address))
        .collect();
    let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let declared = service.spec.load_balancer_source_ranges.join(", ");
    let mut finding = Finding::new(
        format!(
            "the NodePort entries of {id} check sources, and the load balancer's {} {} {declared}",
            addresses.join(", "),
            if deny {
                "are in the denied"
            } else {
                "are not in"
            },
        ),
        id.clone(),
        vec![
            Evidence::new(
                Layer::Programmed,
                &found.bpf.origin,
                format!("Node/{}", found.node),
                row_key(found.address, probe.node_port),
                frontend.raw.as_str(),
            ),
            Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{id}"),
                "spec.loadBalancerSourceRanges",
                declared,
            ),
        ],
    )
    .about([
        format!("Service/{id}"),
        format!("LoadBalancer/{}", ends.name.name),
    ])
    .fix(fix(service, &id, deny));
    if let Some(origin) = ends.balancer.interfaces {
        finding.evidence.push(Evidence::new(
            Layer::Observed,
            origin,
            format!("LoadBalancer/{}", ends.name.name),
            "primary addresses of its interfaces",
            addresses.join(", "),
        ));
    }
    fail(weigh(finding, every))
}

fn ranges(service: &Service) -> Result<Vec<IpNet>, Gap> {
    let declared = &service.spec.load_balancer_source_ranges;
    if declared.is_empty() {
        return Err(Gap::new(
            Source::Services,
            service.metadata.name.clone(),
            Reason::Partial("its source ranges are in no field that is read".to_owned()),
        ));
    }
    declared
        .iter()
        .map(|text| {
            text.trim().parse().map_err(|_| {
                Gap::new(
                    Source::Services,
                    service.metadata.name.clone(),
                    Reason::Unreadable(format!("loadBalancerSourceRanges has {text:?}")),
                )
            })
        })
        .collect()
}

fn fix(service: &Service, id: &str, deny: bool) -> Fix {
    let meta = &service.metadata;
    // The operator writes the spec of its own Services again from the GatewayClass.
    let command = if service.is_proxied() {
        "kubectl edit ciliumgatewayclassconfig <the one of the GatewayClass>   # spec.service.loadBalancerSourceRanges"
            .to_owned()
    } else {
        format!(
            "kubectl -n {} edit service {}   # spec.loadBalancerSourceRanges: {} the subnets of the load balancer",
            meta.namespace,
            meta.name,
            if deny { "take out" } else { "add" }
        )
    };
    Fix {
        summary: if deny {
            "take the CIDRs of the load balancer's subnets out of the ranges, which service.cilium.io/src-ranges-policy makes a \
             deny list"
        } else {
            "add the CIDRs of the load balancer's subnets to the ranges, or limit sources with the load balancer's security \
             group and switch bpf-lb-source-range-all-types off"
        }
        .to_owned(),
        commands: vec![command],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("the drop counter `Denied by LB src range check` stands still, and the targets of {id} turn healthy"),
    }
}
