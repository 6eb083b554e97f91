//! What the failure means for traffic: zones, fail-open, and what stands behind the listener.

use super::predict::TargetVerdict;
use crate::check::{Hop, View};
use crate::path::{Path, SubjectKind};
use std::collections::{BTreeMap, BTreeSet};

/// One sentence per consequence; empty when no target is sick.
pub fn impact(view: &View<'_>, verdicts: &[Vec<TargetVerdict>]) -> Vec<String> {
    let mut all = Vec::new();
    let mut hit = false;
    for (path, targets) in view.paths().iter().zip(verdicts) {
        let sick = targets
            .iter()
            .any(|verdict| verdict.sick && !verdict.by_design);
        let dead = path.targets.is_empty();
        if !sick && !dead {
            continue;
        }
        hit = true;
        // A load balancer that is not there or not active sends nobody anywhere.
        if !targets.iter().any(|verdict| {
            verdict
                .codes
                .iter()
                .any(|code| code.0 / 1000 == Hop::LoadBalancer as u16)
        }) {
            zones(path, &mut all);
        }
    }
    if hit {
        behind(view, &mut all);
    }
    all
}

/// Zones without a healthy target leave DNS; a group without any fails open.
fn zones(path: &Path, out: &mut Vec<String>) {
    let mut by_zone: BTreeMap<&str, usize> = BTreeMap::new();
    let mut healthy = 0;
    let mut reported = 0;
    for target in &path.targets {
        let Some(state) = target.state() else {
            continue;
        };
        reported += 1;
        healthy += usize::from(state == "healthy");
        if let Some(zone) = target.zone.as_deref() {
            *by_zone.entry(zone).or_default() += usize::from(state == "healthy");
        }
    }
    if reported == 0 {
        return;
    }
    if path.classic.is_some() {
        // What a Classic Load Balancer does with DNS and with clients then depends on its listener.
        if healthy == 0 {
            out.push(format!(
                ":{} has no instance in service: the Classic Load Balancer has nowhere to send clients",
                path.port
            ));
        }
        return;
    }
    if healthy == 0 {
        // AWS guide "Health checks for your NLB target groups": with no healthy target all are used.
        out.push(format!(
            ":{} has no healthy target: the load balancer fails open and sends clients to all {reported} of them",
            path.port
        ));
        return;
    }
    let empty: Vec<&str> = by_zone
        .iter()
        .filter(|(_, healthy)| **healthy == 0)
        .map(|(zone, _)| *zone)
        .collect();
    if !empty.is_empty() {
        out.push(format!(
            ":{} has no healthy target in {}: the load balancer's address there leaves DNS",
            path.port,
            empty.join(", ")
        ));
    }
}

/// Host names and routes behind a Gateway.
fn behind(view: &View<'_>, out: &mut Vec<String>) {
    let subject = view.subject();
    if subject.kind != SubjectKind::Gateway {
        return;
    }
    let mut routes = BTreeSet::new();
    let mut hosts = BTreeSet::new();
    for route in view.routes().known() {
        if route.wants(&subject.object.namespace, &subject.object.name) {
            routes.insert(format!(
                "{}/{}",
                route.metadata.namespace, route.metadata.name
            ));
            hosts.extend(route.spec.hostnames.iter().cloned());
        }
    }
    if routes.is_empty() {
        return;
    }
    let list = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
    let mut text = format!("routes behind it: {}", list(routes));
    if !hosts.is_empty() {
        text.push_str(&format!("; host names: {}", list(hosts)));
    }
    out.push(text);
}
