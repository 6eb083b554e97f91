//! Who vouches for a backend: what the evidence says of the address behind a NodePort entry.
//!
//! The map lists what Kubernetes says, not what answers. A ready Pod on a node with an agent is taken at the
//! kubelet's word. Nobody watches an endpoint that was written by hand, nor a port that the Pod does not declare.

use super::listening::socket;
use super::probe::Entry;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::network::balancer_nodes::balancer;
use crate::check::node::pods;
use crate::check::workload::endpoints::Endpoints;
use crate::check::workload::preservation::network_balancer;
use crate::model::cilium::FrontendBackend;
use crate::model::hubble::Flow;
use crate::model::kubernetes::Service;
use crate::model::kubernetes::endpoints::Endpoint;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::Path;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is known of a backend.
pub enum Backend {
    /// Something vouches for it, or nothing speaks against it.
    Vouched,
    /// Packets to it go nowhere.
    Dead(Death),
    /// The gap names the reading that would tell; with what makes it suspicious, where something does.
    Unproven(Gap, Option<Death>),
}

/// Why packets to a backend go nowhere.
pub struct Death {
    /// In words that hold for every backend that fails so.
    pub why: String,
    /// What says so.
    pub evidence: Evidence,
    /// Whether the evidence says it of the backend itself rather than of its node.
    pub certain: bool,
}

/// Judges one backend of an entry.
pub fn backend(
    view: &View<'_>,
    service: &Service,
    found: &Entry<'_, '_>,
    endpoints: &Endpoints<'_>,
    backend: &FrontendBackend,
    askers: &BTreeSet<IpAddr>,
) -> Backend {
    let text = backend.address.to_string();
    let Some(endpoint) = endpoints.all().find(|one| one.addresses.contains(&text)) else {
        return Backend::Vouched;
    };
    let dropped = dropped(view, found.node, backend, askers);
    let Some(pod) = endpoint.pod() else {
        return match dropped {
            Some(death) => Backend::Dead(death),
            None => by_hand(view, found, endpoint, backend),
        };
    };
    if let Some(death) = dropped {
        let why = format!("packets to {text}:{} were seen {}", backend.port, death.why);
        return Backend::Unproven(witness(found.node, why), Some(death));
    }
    if let Some(unknown) = on_other_node(view, found.node, endpoint) {
        return unknown;
    }
    match view.pods().find(&service.metadata.namespace, &pod.name) {
        Ok(Some(object)) if object.declares_other_ports_than(backend.port) => {
            let why = format!(
                "Pod {} declares other ports than {}, and no accepted connection was seen",
                pod.name, backend.port
            );
            Backend::Unproven(witness(found.node, why), None)
        }
        _ => Backend::Vouched,
    }
}

/// Whether a connection through the entry was seen to be accepted.
pub fn accepted<'a>(view: &View<'a>, found: &Entry<'a, '_>) -> bool {
    let flows = view.agent(found.node).flows();
    let address = found.address.to_string();
    flows.is_ok_and(|flows| {
        flows.iter().any(|flow| {
            flow.accepts
                && flow.source == address
                && found
                    .frontend
                    .is_some_and(|frontend| flow.source_port == Some(frontend.key.port))
        })
    })
}

/// A backend that no Pod stands behind.
fn by_hand(
    view: &View<'_>,
    found: &Entry<'_, '_>,
    endpoint: &Endpoint,
    backend: &FrontendBackend,
) -> Backend {
    let address = backend.address;
    let nobody = format!(
        "nobody watches the hand-written endpoint {address}:{}, and no accepted connection was seen",
        backend.port
    );
    let unproven = || Backend::Unproven(witness(found.node, nobody.clone()), None);
    let of_a_node = address == found.address
        || view
            .nodes()
            .known()
            .any(|node| node.internal_ips().any(|one| one == address));
    if let Some(process) = of_host(view, backend) {
        return process;
    }
    // Only the agent of the node on which the endpoint says it runs must have it.
    let there = match endpoint.node_name.as_deref() {
        Some(there) if !of_a_node => there,
        _ => return unproven(),
    };
    match view.agent(there).endpoints() {
        Ok(rows) if rows.iter().any(|row| row.addresses.contains(&address)) => Backend::Vouched,
        Ok(rows) => Backend::Dead(Death {
            why: "its endpoints were written by hand for addresses that no Pod of their node has"
                .to_owned(),
            evidence: Evidence::new(
                Layer::Programmed,
                &rows.origin,
                format!("Node/{there}"),
                format!("endpoints with address {address}"),
                "none",
            ),
            certain: true,
        }),
        Err(gap) => Backend::Unproven(gap, None),
    }
}

/// A backend that is a process of a node: whether one listens there.
///
/// `None` where no node has the address, or a HostPort has it with the port, which no socket shows.
fn of_host(view: &View<'_>, backend: &FrontendBackend) -> Option<Backend> {
    let (address, port) = (backend.address, backend.port);
    let node = view
        .nodes()
        .known()
        .find(|node| node.internal_ips().any(|one| one == address))?;
    let (node, agent) = (&node.metadata.name, view.agent(&node.metadata.name));
    if agent
        .bpf()
        .is_ok_and(|bpf| bpf.external_tcp(address, port).is_some())
    {
        return None;
    }
    let sockets = match agent.listeners() {
        Ok(sockets) => sockets,
        Err(gap) => return Some(Backend::Unproven(gap, None)),
    };
    if socket(sockets, address, port).is_some() {
        return Some(Backend::Vouched);
    }
    let present: Vec<String> = sockets.iter().map(ToString::to_string).collect();
    Some(Backend::Dead(Death {
        why: "their endpoints were written by hand for a port on which no process of their node listens"
            .to_owned(),
        evidence: Evidence::new(
            Layer::Observed,
            &sockets.origin,
            format!("Node/{node}"),
            format!("listening on {address}:{port}"),
            format!("none; present: {}", present.join(", ")),
        ),
        certain: false,
    }))
}

/// What speaks against a Pod on another node; `None` when an agent is known to run there.
fn on_other_node(view: &View<'_>, node: &str, endpoint: &Endpoint) -> Option<Backend> {
    let there = endpoint.node_name.as_deref().filter(|name| *name != node)?;
    let gap = pods::required(view, pods::AGENT, there).err()?;
    if view.agent(there).status().is_ok() {
        return None;
    }
    let rows = match view.agent(node).nodes() {
        Ok(rows) => rows,
        // Pods were read and none is an agent's there: what the other agents know is the next thing to read.
        Err(list) if matches!(gap.reason, Reason::Partial(_)) => {
            return Some(Backend::Unproven(list, None));
        }
        Err(_) => return Some(Backend::Unproven(gap, None)),
    };
    // Names are `cluster/node` unless the cluster has none.
    if rows
        .iter()
        .any(|row| row.name.rsplit('/').next() == Some(there))
    {
        return None;
    }
    Some(Backend::Dead(Death {
        why: format!("they run on {there}, where no agent is and which the agents do not know"),
        evidence: known_nodes(rows, node),
        certain: false,
    }))
}

fn known_nodes(rows: &Fact<Vec<crate::model::cilium::datapath::NodeRow>>, node: &str) -> Evidence {
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    Evidence::new(
        Layer::Programmed,
        &rows.origin,
        format!("Node/{node}"),
        "nodes known to the agent",
        names.join(", "),
    )
}

/// From which addresses a check reaches a backend: the load balancer's, and the node's own where it is translated.
///
/// What others send to the backend may be dropped for being theirs.
pub fn askers(view: &View<'_>, path: &Path, found: &Entry<'_, '_>) -> BTreeSet<IpAddr> {
    let mut askers = BTreeSet::from([found.address]);
    if view.agent(found.node).flows().is_err() {
        return askers;
    }
    if let Some(node) = view
        .nodes()
        .known()
        .find(|node| node.metadata.name == found.node)
    {
        askers.extend(node.internal_ips());
    }
    if let Ok(Some((name, region))) = network_balancer(view, path)
        && let Ok(balancer) = balancer(&region, &name.name, found.address.is_ipv6())
    {
        askers.extend(
            balancer
                .nodes
                .into_iter()
                .filter_map(|node| node.address.ok()),
        );
    }
    askers
}

/// A packet of the check to the backend that was seen to be dropped.
fn dropped(
    view: &View<'_>,
    node: &str,
    backend: &FrontendBackend,
    askers: &BTreeSet<IpAddr>,
) -> Option<Death> {
    let flows = view.agent(node).flows().ok()?;
    let address = backend.address.to_string();
    let is_it = |flow: &&Flow| {
        flow.verdict == "DROPPED"
            && flow.destination == address
            && flow.destination_port == Some(backend.port)
            && flow
                .source
                .parse()
                .is_ok_and(|source| askers.contains(&source))
    };
    let flow = flows.iter().find(is_it)?;
    let reason = flow.drop_reason.as_deref().unwrap_or("no reason");
    Some(Death {
        why: format!("dropped ({reason})"),
        evidence: Evidence::new(
            Layer::Observed,
            &flows.origin,
            format!("Node/{node}"),
            format!("flow to {address}:{}", backend.port),
            format!("{} {reason} {}", flow.verdict, flow.time),
        ),
        certain: true,
    })
}

fn witness(node: &str, why: String) -> Gap {
    Gap::new(
        Source::HubbleFlows,
        format!("node {node}"),
        Reason::Partial(why),
    )
}
