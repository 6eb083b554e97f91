//! Inside one target group: the attribute that separates healthy from sick targets.
//!
//! It is printed even when no check fires, because it says where to look.

use super::predict::TargetVerdict;
use crate::check::View;
use crate::model::Source;
use crate::path::{Path, Target};
use std::collections::{BTreeMap, BTreeSet};

/// An attribute that separates the targets of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contrast {
    /// Target group.
    pub target_group: String,
    /// The attribute.
    pub attribute: &'static str,
    /// Its values on sick targets.
    pub sick: Vec<String>,
    /// Its values on healthy targets.
    pub healthy: Vec<String>,
    /// How many sick targets.
    pub sick_targets: usize,
    /// How many healthy targets.
    pub healthy_targets: usize,
}

type Attribute = (
    &'static str,
    fn(&View<'_>, &Path, &Target) -> Option<String>,
);

/// What is compared; an attribute that is unknown for one target is not compared at all.
const ATTRIBUTES: &[Attribute] = &[
    ("zone", |_, _, target| target.zone.clone()),
    ("subnet", subnet),
    ("security groups", security_groups),
    ("node group", node_group),
    ("Cilium version", cilium_version),
    ("agent started", agent_age),
    ("local endpoint", local_endpoint),
];

/// The separating attributes of every path with both kinds of targets.
pub fn contrasts(view: &View<'_>, verdicts: &[Vec<TargetVerdict>]) -> Vec<Contrast> {
    let mut all = Vec::new();
    for (path, targets) in view.paths().iter().zip(verdicts) {
        let (mut sick, mut healthy) = (Vec::new(), Vec::new());
        for (target, verdict) in path.targets.iter().zip(targets) {
            match target.state() {
                Some("healthy") => healthy.push(target),
                Some(_) if verdict.sick && !verdict.by_design => sick.push(target),
                _ => {}
            }
        }
        if sick.is_empty() || healthy.is_empty() {
            continue;
        }
        for (name, value) in ATTRIBUTES {
            let values = |targets: &[&Target]| -> Option<BTreeSet<String>> {
                targets
                    .iter()
                    .map(|target| value(view, path, target))
                    .collect()
            };
            let (Some(of_sick), Some(of_healthy)) = (values(&sick), values(&healthy)) else {
                continue;
            };
            // An attribute that is different for every target separates anything and says nothing.
            let distinct = of_sick.len() + of_healthy.len();
            if of_sick.is_disjoint(&of_healthy) && distinct < sick.len() + healthy.len() {
                all.push(Contrast {
                    target_group: path
                        .target_group
                        .found()
                        .map(|group| group.name.clone())
                        .unwrap_or_default(),
                    attribute: name,
                    sick: of_sick.into_iter().collect(),
                    healthy: of_healthy.into_iter().collect(),
                    sick_targets: sick.len(),
                    healthy_targets: healthy.len(),
                });
            }
        }
    }
    all
}

fn subnet(view: &View<'_>, path: &Path, target: &Target) -> Option<String> {
    let region = view
        .region(path.target_group.found()?, Source::Instances)
        .ok()?;
    region.instance(&target.id).ok()?.subnet_id.clone()
}

fn security_groups(view: &View<'_>, path: &Path, target: &Target) -> Option<String> {
    let region = view
        .region(path.target_group.found()?, Source::Instances)
        .ok()?;
    let instance = region.instance(&target.id).ok()?;
    let mut groups = instance.value.group_ids();
    groups.sort_unstable();
    Some(groups.join(" "))
}

fn node_group(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let node = target.node.as_ref().ok()?;
    let node = view.nodes().find("", node).ok()??;
    [
        "eks.amazonaws.com/nodegroup",
        "karpenter.sh/nodepool",
        "alpha.eksctl.io/nodegroup-name",
    ]
    .into_iter()
    .find_map(|label| node.metadata.labels.get(label).cloned())
}

fn cilium_version(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let version = view.agent(target.node.as_ref().ok()?).version().ok()?;
    Some(version.to_string())
}

/// Whether the agent is older than the last change of its configuration.
fn agent_age(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let node = target.node.as_ref().ok()?;
    let pod = view
        .pods()
        .known()
        .find(|pod| pod.is_app("cilium") && pod.spec.node_name == *node)?;
    let config = view
        .config_maps()
        .known()
        .find(|map| map.metadata.name == "cilium-config")?;
    // RFC 3339 in UTC compares as text; both come from the same API server.
    let older = pod.started_at("cilium-agent")? < config.changed_at()?;
    Some(
        if older {
            "before the ConfigMap changed"
        } else {
            "after the ConfigMap changed"
        }
        .to_owned(),
    )
}

fn local_endpoint(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let service = view.service().ok()??;
    if service.is_proxied() {
        return None;
    }
    let node = target.node.as_ref().ok()?;
    let slices = view
        .endpoint_slices()
        .all(&service.metadata.namespace)
        .ok()?;
    let mut per_node: BTreeMap<&str, usize> = BTreeMap::new();
    for slice in slices
        .iter()
        .filter(|slice| slice.service() == Some(&service.metadata.name))
    {
        for endpoint in slice
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.is_ready())
        {
            *per_node.entry(endpoint.node_name.as_deref()?).or_default() += 1;
        }
    }
    Some(
        if per_node.contains_key(node.as_str()) {
            "yes"
        } else {
            "no"
        }
        .to_owned(),
    )
}
