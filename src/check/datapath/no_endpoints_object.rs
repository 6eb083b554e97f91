//! The part of CLB6102 in which an agent before 1.18 waits for Endpoints that nobody has written.

use super::probe::Entry;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::version;
use crate::model::Fact;
use crate::model::kubernetes::{EndpointSlice, Service};

/// The agent knows no Endpoints of the Service and is of a version that needs them.
///
/// Up to 1.17 the service cache announces a Service only when it has Endpoints or an EndpointSlice
/// (pkg/k8s/service_cache.go); that is what the placeholder of Gateways and Ingresses is for (issue #19262).
/// From 1.18 on the agent programs Services without. `None` when either cannot be told.
pub(super) fn waiting(
    view: &View<'_>,
    service: &Fact<Service>,
    found: &Entry<'_, '_>,
    id: &str,
) -> Option<Finding> {
    let version = view.agent(found.node).version().ok()?;
    if version.at_least(1, 18) {
        return None;
    }
    let (namespace_of, name) = (&service.metadata.namespace, &service.metadata.name);
    let slices = view.endpoint_slices().all(namespace_of).ok()?;
    let own = |slice: &&Fact<EndpointSlice>| {
        slice.service() == Some(name) || slice.metadata.name == *name
    };
    if slices.iter().any(own) {
        return None;
    }
    let home = view.agent_namespace();
    let evidence = vec![
        Evidence::new(
            Layer::Declared,
            &service.origin,
            format!("Service/{id}"),
            "Endpoints and EndpointSlices",
            "none",
        ),
        version::row(found.node, version),
    ];
    let fix = if service.is_proxied() {
        Fix {
            summary: "let the operator write the placeholder again; a policy or a prune that takes it away, or missing rights on endpoints, would do it each time".to_owned(),
            commands: vec![
                format!("kubectl rollout restart -n {home} deployment/cilium-operator"),
                format!("kubectl get endpoints {name} -n {namespace_of}"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("Endpoints {name} exist and the NodePort has an entry on every node"),
        }
    } else {
        Fix {
            summary: "give the Service a selector that the endpoints controller can follow, or write its Endpoints".to_owned(),
            commands: vec![format!("kubectl describe service {name} -n {namespace_of}")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("Endpoints {name} exist and the NodePort has an entry on every node"),
        }
    };
    Some(
        Finding::new(
            format!(
                "{id} has neither Endpoints nor an EndpointSlice, and agents before 1.18 program no Service without them"
            ),
            format!("{id} without Endpoints"),
            evidence,
        )
        .fix(fix),
    )
}
