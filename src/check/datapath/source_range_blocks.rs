//! The Service's source ranges are enforced on the NodePort and leave the load balancer out.

use super::probe::{Probe, entry, row_key};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::NetworkInterface;
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};
use ipnet::IpNet;
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
    needs: &[Source::Services, Source::BpfLb, Source::NetworkInterfaces],
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
    let Some(balancer) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let interfaces = view
        .region(balancer, Source::NetworkInterfaces)?
        .network_interfaces()?;
    let of_balancer = format!("ELB net/{}/", balancer.name);
    let sources: Vec<&NetworkInterface> = interfaces
        .iter()
        .filter(|one| {
            one.description
                .as_deref()
                .is_some_and(|text| text.starts_with(&of_balancer))
        })
        .collect();
    if sources.is_empty() {
        return Err(Gap::new(
            Source::NetworkInterfaces,
            balancer.name.clone(),
            Reason::Partial("no interface of the load balancer is among them".to_owned()),
        ));
    }
    // Health checks come from the primary address of the balancer's interface in each zone.
    let (mut blocked, mut unreadable) = (Vec::new(), None);
    for one in &sources {
        match address(one) {
            Some(address) if ranges.iter().any(|range| range.contains(&address)) == deny => {
                blocked.push(*one);
            }
            Some(_) => {}
            None => {
                unreadable = Some(Gap::new(
                    Source::NetworkInterfaces,
                    one.network_interface_id.clone(),
                    Reason::Partial("its PrivateIpAddress is missing or no address".to_owned()),
                ));
            }
        }
    }
    if blocked.is_empty() {
        return match unreadable {
            Some(gap) => Err(gap),
            None => pass("the source ranges admit the load balancer"),
        };
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let mut addresses: Vec<&str> = blocked
        .iter()
        .filter_map(|one| one.private_ip_address.as_deref())
        .collect();
    addresses.sort_unstable();
    let declared = service.spec.load_balancer_source_ranges.join(", ");
    let finding = Finding::new(
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
            Evidence::new(
                Layer::Observed,
                &interfaces.origin,
                format!("LoadBalancer/{}", balancer.name),
                "PrivateIpAddress of its interfaces",
                addresses.join(", "),
            ),
        ],
    )
    .about([
        format!("Service/{id}"),
        format!("LoadBalancer/{}", balancer.name),
    ])
    .fix(fix(service, &id, deny));
    if blocked.len() == sources.len() {
        return fail(finding);
    }
    let zone = target.zone.as_deref();
    if zone.is_some()
        && blocked
            .iter()
            .any(|one| one.availability_zone.as_deref() == zone)
    {
        return fail(
            finding
                .confidence(Confidence::Medium)
                .assuming("the balancer's node in the target's own zone decides its health"),
        );
    }
    match unreadable {
        // It may be that of the target's zone.
        Some(gap) => Err(gap),
        None => Ok(Outcome::Note(finding)),
    }
}

fn address(interface: &NetworkInterface) -> Option<IpAddr> {
    interface.private_ip_address.as_deref()?.parse().ok()
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
