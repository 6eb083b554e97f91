//! Readings of nodes that the cluster of the bundle does not have.

use crate::model::{Gap, Reason, Snapshot, Source};

/// A gap for every node of which there are readings and, by a complete list, no Node.
///
/// The readings stay: they may be of a node that has gone since, or of another cluster.
pub(super) fn nodes(snapshot: &Snapshot) -> Vec<(String, Gap)> {
    let agents = snapshot
        .agents
        .keys()
        .map(|node| ("cilium", node, Source::AgentStatus));
    let envoys = snapshot
        .envoys
        .keys()
        .map(|node| ("envoy", node, Source::EnvoyListeners));
    let flows = snapshot
        .flows
        .keys()
        .map(|node| ("hubble", node, Source::HubbleFlows));
    agents
        .chain(envoys)
        .chain(flows)
        .filter(|(_, node, _)| matches!(snapshot.kubernetes.nodes.find("", node), Ok(None)))
        .map(|(folder, node, source)| {
            let document = format!("{folder}/{node}");
            let why = format!(
                "{document}: the list of Nodes has no Node {node}: it is gone, or the readings are of another cluster"
            );
            let gap = Gap::new(source, format!("node {node}"), Reason::Unreadable(why));
            (document, gap)
        })
        .collect()
}
