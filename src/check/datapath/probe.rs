//! Which NodePort entry decides a target's health check, and what the BPF map of its node says.

use crate::check::View;
use crate::check::node::running::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, pass};
use crate::model::cilium::{BpfLb, Frontend, FrontendKind};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{Path, Target};
use std::net::{IpAddr, SocketAddr};

/// The key of a TCP row as `bpf lb list` prints it: `10.0.0.1:30080/TCP`, `[fd00::1]:30080/TCP`.
pub fn row_key(address: IpAddr, port: u16) -> String {
    format!("{}/TCP", SocketAddr::new(address, port))
}

/// What a health check asks of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The NodePort that the check, or the traffic behind a health-check node port, goes to.
    pub node_port: u16,
    /// The Service port of that NodePort.
    pub service_port: u16,
    /// True when the check itself goes to the Service's health-check node port, which the agent serves.
    pub of_agent: bool,
    /// True when the check only connects: then what a server answers over HTTP decides nothing.
    pub connects_only: bool,
}

impl Probe {
    /// What the check of `target` asks for.
    ///
    /// # Errors
    /// Why no NodePort of the Service decides it, for [`Outcome::NotApplicable`](crate::check::Outcome).
    pub fn of(service: &Service, path: &Path, target: &Target) -> Result<Self, &'static str> {
        if path.node_port == 0 {
            return Err("the Service port has no NodePort");
        }
        let checked = target.check.port;
        let connects_only = target.check.protocol == "TCP";
        if checked != 0 && checked == service.spec.health_check_node_port {
            return Ok(Self {
                node_port: path.node_port,
                service_port: path.port,
                of_agent: true,
                connects_only,
            });
        }
        let mut ports = service
            .spec
            .ports
            .iter()
            .filter(|port| port.node_port == checked);
        match ports.clone().find(|port| port.protocol() == "TCP") {
            Some(port) => Ok(Self {
                node_port: port.node_port,
                service_port: port.port,
                of_agent: false,
                connects_only,
            }),
            None if ports.next().is_some() => {
                Err("health checks are TCP, and the port they go to is not")
            }
            None => Err("the check goes to no NodePort of the Service"),
        }
    }
}

/// The BPF entry that an external packet meets, on one node.
pub struct Entry<'a, 't> {
    /// Node.
    pub node: &'t str,
    /// The target's address.
    pub address: IpAddr,
    /// The load balancer map of the node.
    pub bpf: &'a Fact<BpfLb>,
    /// The entry; `None` when no readable row is it.
    pub frontend: Option<&'a Frontend>,
}

/// Looks up `<target address>:<NodePort>/TCP` on the target's node.
///
/// The surrogate `0.0.0.0` is never consulted: packets from outside cannot match it.
///
/// # Errors
/// A gap when the node, its address or its map is not known.
pub fn entry<'a, 't>(
    view: &View<'a>,
    target: &'t Target,
    probe: Probe,
) -> Result<Entry<'a, 't>, Gap> {
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let address = *target.address.as_ref().map_err(Clone::clone)?;
    let bpf = view.agent(node).bpf()?;
    Ok(Entry {
        node,
        address,
        bpf,
        frontend: bpf.external_tcp(address, probe.node_port),
    })
}

/// What is not read decides nothing where AWS reports that the check is answered.
///
/// # Errors
/// The gap of `checked` where it is not.
pub fn unless_answered(target: &Target, checked: Checked, proof: &str) -> Checked {
    match checked {
        Err(_) if target.state() == Some("healthy") => pass(proof),
        other => other,
    }
}

impl Entry<'_, '_> {
    /// Whether Cilium serves any NodePort on the node.
    pub fn serves_node_ports(&self) -> bool {
        self.bpf
            .frontends
            .values()
            .any(|frontend| frontend.flags.kind == FrontendKind::NodePort)
    }

    /// Whether it is kube-proxy that serves NodePorts on the node, by what CLB6101 goes by.
    ///
    /// # Errors
    /// The gap of what the agent runs with, where the map has no NodePort at all.
    pub fn is_left_to_kube_proxy(&self, view: &View<'_>) -> Result<bool, Gap> {
        Ok(!self.serves_node_ports() && !running(view, self.node, Key::KubeProxyReplacement)?.on)
    }

    /// The gap of a map with rows that could not be read: what is looked for may hide among them.
    pub fn unreadable(&self) -> Option<Gap> {
        let first = self.bpf.unreadable.first()?;
        Some(Gap::new(
            Source::BpfLb,
            format!("node {}", self.node),
            Reason::Unreadable(match self.bpf.unreadable.len() {
                1 => format!("the row {first:?}"),
                rows => format!("{rows} rows, the first is {first:?}"),
            }),
        ))
    }
}

/// What the agent's own server would answer decides a check only if the check reads the answer.
pub const CONNECTS_ONLY: &str =
    "the check only connects to the agent's server, which accepts whatever it would answer";

/// The finding of another check is the reason: the entry is not the Service's.
pub const TAKEN: &str = "the NodePort entry belongs to something else (CLB6106)";

/// Whether an entry on a NodePort was made for a HostPort or a local redirect, not for the Service.
pub fn is_taken(frontend: &Frontend) -> bool {
    matches!(
        frontend.flags.kind,
        FrontendKind::HostPort | FrontendKind::LocalRedirect
    )
}

/// Whether any NodePort of the Service is handed to the L7 proxy on a node.
///
/// A redirect on one of them proves that the agent follows CiliumEnvoyConfigs.
///
/// # Errors
/// The gap of the map.
pub fn any_redirect(view: &View<'_>, service: &Service, node: &str) -> Result<bool, Gap> {
    let bpf = view.agent(node).bpf()?;
    Ok(service
        .spec
        .ports
        .iter()
        .filter(|port| port.node_port != 0)
        .any(|port| bpf.on_port(port.node_port).any(Frontend::redirects)))
}
