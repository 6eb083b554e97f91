//! LB-IPAM writes the same status as the AWS controller.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::meta::condition;

/// What LB-IPAM sets to True on every Service that it has given an address (operator/pkg/lbipam).
const CONDITION: &str = "cilium.io/IPAMRequestSatisfied";

/// The check.
pub static CHECK: Check = Check {
    code: Code(1112),
    slug: "load-balancer-status-contested",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "LB-IPAM and the AWS controller write the status of one Service",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Services],
    page: include_str!("load_balancer_status_contested.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    if service.hostname().is_none() {
        return not_applicable("no AWS controller has written the status (CLB1101)");
    }
    // Where no pool matches, LB-IPAM only says so (False, `no_pool`) and writes nothing else.
    let taken = condition(&service.status.conditions, CONDITION)
        .filter(|condition| condition.status == "True");
    let addresses: Vec<&str> = service
        .status
        .load_balancer
        .ingress
        .iter()
        .filter_map(|ingress| ingress.ip.as_deref())
        .collect();
    if taken.is_none() && addresses.is_empty() {
        return pass("only a host name is in the Service's status");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &service.origin,
        id.clone(),
        "status.loadBalancer.ingress",
        format!(
            "hostname {}{}",
            service.hostname().unwrap_or_default(),
            addresses
                .iter()
                .map(|address| format!(", ip {address}"))
                .collect::<String>()
        ),
    )];
    evidence.extend(taken.map(|taken| {
        Evidence::new(
            Layer::Observed,
            &service.origin,
            id.clone(),
            format!("status.conditions[{CONDITION}]"),
            super::class::said(taken),
        )
    }));
    let who = if taken.is_some() {
        "Cilium's LB-IPAM"
    } else {
        "another controller"
    };
    let effect = if addresses.is_empty() {
        "its address comes and goes with every write".to_owned()
    } else {
        format!(
            "what follows the status, as external-dns does, leads to {} as well, which no AWS load balancer has",
            addresses.join(", ")
        )
    };
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "{who} writes status.loadBalancer of {name} beside the AWS controller: {effect}"
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([id])
        .fix(Fix {
            summary: "keep LB-IPAM away from it: a pool whose serviceSelector leaves it out, or default-lb-service-ipam=none (1.17 on); with a loadBalancerClass, which is fixed once the Service exists, LB-IPAM leaves it alone".to_owned(),
            commands: vec![
                "kubectl get ciliumloadbalancerippools -o yaml".to_owned(),
                view.helm_upgrade("--set defaultLBServiceIPAM=none"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "status.loadBalancer.ingress holds the host name alone".to_owned(),
        }),
    ))
}
