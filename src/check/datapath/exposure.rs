//! The annotations and the label that keep Cilium from serving a Service, or its NodePorts, on a node.

use super::annotation::annotate;
use super::node_selector::NodeSelector;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::node::option;
use crate::model::Fact;
use crate::model::kubernetes::Service;

/// Limits the frontends to one kind (1.17 on, pkg/annotation `ServiceTypeExposure`).
const TYPE: &str = "service.cilium.io/type";
/// Limits the nodes by the node label of the same name (1.17 on, `ServiceNodeExposure`).
const NODE: &str = "service.cilium.io/node";
/// Limits the nodes by a label selector (1.18 on); outranks [`NODE`] (`CheckServiceNodeExposure`).
const NODE_SELECTOR: &str = "service.cilium.io/node-selector";
/// Hands the Service to another proxy (pkg/k8s/utils `GetServiceAndEndpointListOptionsModifier`).
const PROXY_NAME: &str = "service.kubernetes.io/service-proxy-name";

/// What keeps a Service off a node.
pub struct Limit {
    /// The key of the annotation or label.
    pub key: &'static str,
    /// What it says and does, as part of a finding's message.
    pub message: String,
    /// What says so.
    pub evidence: Vec<Evidence>,
    /// Whether every value that decides was read.
    pub certain: bool,
    /// The command that takes it away.
    pub command: String,
}

/// What keeps the NodePorts of a Service off a node; `None` when nothing known does.
pub fn limit(view: &View<'_>, service: &Fact<Service>, node: &str) -> Option<Limit> {
    proxy_name(view, service, node)
        .or_else(|| kind(view, service, node))
        .or_else(|| nodes(view, service, node))
}

/// Whether the agent has a feature that came with a minor version; `None` when its version was not read.
fn since(view: &View<'_>, node: &str, minor: u16) -> Option<bool> {
    let version = view.agent(node).version().ok()?;
    Some(version.at_least(1, minor))
}

fn kind(view: &View<'_>, service: &Fact<Service>, node: &str) -> Option<Limit> {
    let value = service.metadata.annotations.get(TYPE)?;
    let known = since(view, node, 17);
    // Other values are ignored with a warning (`NewSvcExposureType`).
    if known == Some(false) || !matches!(value.as_str(), "ClusterIP" | "LoadBalancer") {
        return None;
    }
    Some(Limit {
        key: TYPE,
        message: format!(
            "annotation {TYPE} is {value:?}, which keeps Cilium from serving the NodePorts of {}",
            id(service)
        ),
        evidence: vec![annotation(service, TYPE, value)],
        certain: known.is_some(),
        command: annotate(service, &[(TYPE, None)]),
    })
}

fn nodes(view: &View<'_>, service: &Fact<Service>, node: &str) -> Option<Limit> {
    let annotations = &service.metadata.annotations;
    let labels = view.nodes().find("", node).ok().flatten();
    let (key, value, known, matches) = match annotations.get(NODE_SELECTOR) {
        Some(value) if since(view, node, 18) != Some(false) => {
            // What does not parse is ignored with a warning.
            let selector = NodeSelector::parse(value)?;
            let matches = labels.map(|node| selector.matches(&node.metadata.labels));
            (NODE_SELECTOR, value, since(view, node, 18), matches)
        }
        _ => {
            let value = annotations.get(NODE)?;
            let matches = labels.map(|node| node.metadata.labels.get(NODE) == Some(value));
            (NODE, value, since(view, node, 17), matches)
        }
    };
    if known == Some(false) || matches == Some(true) {
        return None;
    }
    let mut evidence = vec![annotation(service, key, value)];
    if let (NODE, Some(node)) = (key, labels) {
        evidence.push(Evidence::new(
            Layer::Declared,
            &node.origin,
            format!("Node/{}", node.metadata.name),
            format!("metadata.labels {NODE}"),
            node.metadata
                .labels
                .get(NODE)
                .map_or("absent", String::as_str),
        ));
    }
    Some(Limit {
        key,
        message: format!(
            "annotation {key} is {value:?}, which leaves these nodes out, so that their agents do not install {}",
            id(service)
        ),
        evidence,
        certain: known.is_some() && matches.is_some(),
        command: annotate(service, &[(key, None)]),
    })
}

fn proxy_name(view: &View<'_>, service: &Fact<Service>, node: &str) -> Option<Limit> {
    let value = service.metadata.labels.get(PROXY_NAME)?;
    let served = option::text(view, node, "k8s-service-proxy-name", "").ok();
    if served.as_ref().is_some_and(|own| own.value == *value) {
        return None;
    }
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        &service.origin,
        format!("Service/{}", id(service)),
        format!("metadata.labels {PROXY_NAME}"),
        value,
    )];
    evidence.extend(served.iter().flat_map(|own| own.evidence.clone()));
    Some(Limit {
        key: PROXY_NAME,
        message: format!(
            "label {PROXY_NAME} is {value:?}, which hands {} to another proxy than Cilium",
            id(service)
        ),
        evidence,
        certain: served.is_some(),
        command: format!(
            "kubectl -n {} label service {} {PROXY_NAME}-",
            service.metadata.namespace, service.metadata.name
        ),
    })
}

fn id(service: &Service) -> String {
    format!("{}/{}", service.metadata.namespace, service.metadata.name)
}

fn annotation(service: &Fact<Service>, key: &str, value: &str) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &service.origin,
        format!("Service/{}", id(service)),
        format!("annotation {key}"),
        value,
    )
}
