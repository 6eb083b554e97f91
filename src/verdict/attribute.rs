//! What is compared between healthy and sick targets.

use crate::check::View;
use crate::check::node::age::age;
use crate::model::Source;
use crate::path::{Path, Target};
use std::collections::BTreeMap;

/// Something that targets can have in common.
pub(super) struct Attribute {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its value for a target. What is unknown for one target is not compared at all.
    pub(super) value: fn(&View<'_>, &Path, &Target) -> Option<String>,
}

/// Whether the agent has read the present configuration.
pub(super) const STARTED: &str = "agent started";
/// The value of [`STARTED`] for an agent that has not.
pub(super) const OLDER: &str = "before the ConfigMap changed";
/// Whether an endpoint of the Service runs on the node.
pub(super) const LOCAL_ENDPOINT: &str = "local endpoint";

/// Everything that is compared.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        name: "zone",
        value: |_, _, target| target.zone.clone(),
    },
    Attribute {
        name: "subnet",
        value: subnet,
    },
    Attribute {
        name: "security groups",
        value: security_groups,
    },
    Attribute {
        name: "node group",
        value: node_group,
    },
    Attribute {
        name: "Cilium version",
        value: cilium_version,
    },
    Attribute {
        name: STARTED,
        value: agent_started,
    },
    Attribute {
        name: LOCAL_ENDPOINT,
        value: local_endpoint,
    },
    Attribute {
        name: "device",
        value: device,
    },
];

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

/// Whether the agent's Pod is older than the last change of cilium-config.
fn agent_started(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let age = age(view, target.node.as_deref().ok()?)?;
    Some(
        if age.agent_is_younger {
            "after the ConfigMap changed"
        } else {
            OLDER
        }
        .to_owned(),
    )
}

/// The device that carries the target's address: from StateDB, or else from the agent's status, which lists
/// only devices that are served.
fn device(view: &View<'_>, _: &Path, target: &Target) -> Option<String> {
    let agent = view.agent(target.node.as_deref().ok()?);
    let address = target.address.as_ref().ok()?;
    if let Ok(devices) = agent.devices() {
        let device = devices
            .iter()
            .find(|device| device.addresses.contains(address))?;
        return Some(device.name.clone());
    }
    let status = agent.status().ok()?;
    let device = status
        .devices
        .iter()
        .find(|device| device.addresses.contains(address))?;
    Some(device.name.clone())
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
