//! The Cilium Pods of a node, and whether their absence or their state proves anything.

use crate::check::View;
use crate::model::kubernetes::Pod;
use crate::model::kubernetes::pod::ContainerStatus;
use crate::model::{Fact, Gap, Reason, Source};

/// `k8s-app` of the agents.
pub const AGENT: &str = "cilium";
/// `k8s-app` of the Envoy DaemonSet.
pub const ENVOY: &str = "cilium-envoy";

/// `k8s-app` of kube-proxy.
pub const KUBE_PROXY: &str = "kube-proxy";

/// The captured Pod of `app` on `node`; `None` proves nothing, as Pods are listed by selector.
pub fn of_node<'a>(view: &View<'a>, app: &str, node: &str) -> Option<&'a Fact<Pod>> {
    view.pods()
        .known()
        .find(|pod| pod.is_app(app) && pod.spec.node_name == node)
}

/// The Pod of `app` on `node`.
///
/// # Errors
/// A gap when none was captured.
pub fn required<'a>(view: &View<'a>, app: &str, node: &str) -> Result<&'a Fact<Pod>, Gap> {
    of_node(view, app, node).ok_or_else(|| {
        let reason = match view.pods().find(view.agent_namespace(), node) {
            // Nothing was read at all: the reason is that of the whole kind.
            Err(gap) if view.pods().known().next().is_none() => gap.reason,
            _ => Reason::Partial(format!("no {app} Pod of this node is among them")),
        };
        Gap::new(Source::Pods, format!("node {node}"), reason)
    })
}

/// The status of a container.
pub fn container<'a>(pod: &'a Pod, name: &str) -> Option<&'a ContainerStatus> {
    pod.status
        .container_statuses
        .iter()
        .find(|status| status.name == name)
}

/// The image of a container, as the Pod was made with.
pub fn image<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    pod.spec
        .containers
        .iter()
        .find(|container| container.name == name)
        .map(|container| container.image.as_str())
}

/// Why a container's process does not run: the reason it waits for, such as `CrashLoopBackOff`.
pub fn waiting<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    container(pod, name)?
        .state
        .waiting
        .as_ref()
        .map(|waiting| waiting.reason.as_str())
}

/// Whether a container's process is known to run.
pub fn running(pod: &Pod, name: &str) -> bool {
    container(pod, name).is_some_and(|status| status.state.running.is_some())
}
