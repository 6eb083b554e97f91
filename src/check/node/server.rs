//! Who serves NodePorts and health-check node ports of a Service on a node: the agent's datapath, or kube-proxy.
//!
//! The agent's health server follows no Service where kube-proxy is not replaced (pkg/loadbalancer/healthserver), and an
//! agent that is down cannot be asked, so that the options and kube-proxy's Pod have to tell.

use super::setting::Key;
use super::{desired, pods, running};
use crate::check::View;
use crate::check::finding::{Confidence, Finding};
use crate::model::kubernetes::Service;

/// The one that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// The agent, or the datapath that it wrote.
    Agent,
    /// Not the agent: kube-proxy, if anybody.
    KubeProxy,
    /// The agent, if this holds.
    AgentIf(&'static str),
}

/// Who serves a Service on a node. Gateways and Ingresses are the agent's alone.
pub(super) fn of(view: &View<'_>, service: &Service, node: &str) -> Server {
    const KEY: Key = Key::KubeProxyReplacement;
    if service.is_proxied() {
        return Server::Agent;
    }
    if let Ok(actual) = running::running(view, node, KEY) {
        return if actual.on {
            Server::Agent
        } else {
            Server::KubeProxy
        };
    }
    let is_wanted = desired::desired(view, node, KEY).map(|wanted| wanted.on);
    match (pods::of_node(view, pods::KUBE_PROXY, node), is_wanted) {
        (None, Ok(true)) => Server::Agent,
        (None, Err(_)) => Server::AgentIf("no kube-proxy runs beside Cilium"),
        (Some(_), Ok(true)) => {
            Server::AgentIf("the agent replaced kube-proxy, which still runs, when it was up")
        }
        (_, Ok(false)) | (Some(_), Err(_)) => Server::KubeProxy,
    }
}

impl Server {
    /// The finding, as sure as this is.
    pub(super) fn given(self, finding: Finding) -> Finding {
        match self {
            Self::AgentIf(assumption) => {
                finding.confidence(Confidence::Medium).assuming(assumption)
            }
            Self::Agent | Self::KubeProxy => finding,
        }
    }
}
