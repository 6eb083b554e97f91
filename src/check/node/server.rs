//! Who serves NodePorts and health-check node ports of a Service on a node: the agent's datapath, or kube-proxy.
//!
//! The agent's health server follows no Service where kube-proxy is not replaced (pkg/loadbalancer/healthserver), and an
//! agent that is down cannot be asked, so that the options and kube-proxy's Pod have to tell.

use super::setting::Key;
use super::{desired, pods, running};
use crate::check::View;
use crate::check::finding::{Confidence, Finding};
use crate::model::kubernetes::{Pod, Service};
use crate::model::{Fact, Gap};

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
///
/// That the agent's Pod is younger than cilium-config says what it was to do, not that it came to do it, and so counts for
/// no more than the configuration.
///
/// # Errors
/// The gap of the configuration where kube-proxy is there as well: nobody knows then which of both serves.
pub(super) fn of(view: &View<'_>, service: &Service, node: &str) -> Result<Server, Gap> {
    const KEY: Key = Key::KubeProxyReplacement;
    if service.is_proxied() {
        return Ok(Server::Agent);
    }
    if let Ok(actual) = running::running(view, node, KEY)
        && actual.assumption.is_none()
    {
        return Ok(if actual.on {
            Server::Agent
        } else {
            Server::KubeProxy
        });
    }
    match (
        beside(view, service, node),
        desired::desired(view, node, KEY),
    ) {
        (_, Ok(wanted)) if !wanted.on => Ok(Server::KubeProxy),
        (None, Ok(_)) => Ok(Server::Agent),
        (None, Err(_)) => Ok(Server::AgentIf("no kube-proxy runs beside Cilium")),
        (Some(_), Ok(_)) => Ok(Server::AgentIf(
            "the agent replaced kube-proxy, which still runs, when it was up",
        )),
        (Some(_), Err(gap)) => Err(gap),
    }
}

/// The kube-proxy of a node that serves this Service wherever the agent does not.
///
/// On the health-check node port it takes over once the agent is gone, as it tries again at every sync what it could not
/// bind (kubernetes pkg/proxy/healthcheck/service_health.go, `SyncServices` keeps no entry of a listener that failed).
pub(super) fn beside<'a>(view: &View<'a>, service: &Service, node: &str) -> Option<&'a Fact<Pod>> {
    pods::of_node(view, pods::KUBE_PROXY, node).filter(|_| !service.is_proxied())
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
