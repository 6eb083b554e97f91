//! Which is older: the agent, or the last change of its configuration?
//!
//! The init container `config` copies cilium-config when the Pod starts, so the
//! Pod's start decides, not that of a container which was restarted inside it.

use super::pods;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Fact;
use crate::model::kubernetes::{ConfigMap, Object};
use crate::path::ingress;
use jiff::Timestamp;

/// The ConfigMap `cilium-config`, in whatever namespace Cilium lives; `None` proves nothing.
pub fn config_map<'a>(view: &View<'a>) -> Option<&'a Fact<ConfigMap>> {
    ingress::config(view.config_maps()).ok()
}

/// When the agent of a node and its configuration last changed.
pub struct Age {
    /// When the agent's Pod started.
    pub started: Evidence,
    /// When somebody last wrote cilium-config.
    pub changed: Evidence,
    /// Whether the agent is the younger of the two, and so has read the present configuration.
    pub agent_is_younger: bool,
}

/// Compares the start of a node's agent with the last change of cilium-config.
///
/// `None` when either time was not captured.
pub fn age(view: &View<'_>, node: &str) -> Option<Age> {
    let map = config_map(view)?;
    let changed_at = map.changed_at()?;
    let pod = pods::of_node(view, pods::AGENT, node)?;
    let started_at = pod.status.start_time.as_deref()?;
    let agent_is_younger =
        started_at.parse::<Timestamp>().ok()? > changed_at.parse::<Timestamp>().ok()?;
    Some(Age {
        started: Evidence::new(
            Layer::Observed,
            &pod.origin,
            pod.id(),
            "status.startTime",
            started_at,
        ),
        changed: Evidence::new(
            Layer::Declared,
            &map.origin,
            format!("ConfigMap/{}/cilium-config", map.metadata.namespace),
            "metadata.managedFields[].time",
            changed_at,
        ),
        agent_is_younger,
    })
}
