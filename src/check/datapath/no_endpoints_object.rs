//! The part of CLB6102 in which an agent before 1.18 waits for Endpoints that nobody has written.

use super::unserved::Limit;
use crate::check::View;
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::check::node::age::namespace;
use crate::model::Fact;
use crate::model::kubernetes::Service;

/// What says that the Service waits for Endpoints.
pub(super) struct Waiting {
    /// Message of the finding.
    pub(super) message: String,
    /// The agent's version and the missing object.
    pub(super) evidence: Vec<Evidence>,
    /// How to mend it.
    pub(super) fix: Fix,
}

/// Whether the agent of `node` knows no Endpoints of the Service and is of a version that needs them.
///
/// Up to 1.17 the service cache announces a Service only when it has Endpoints or an EndpointSlice
/// (pkg/k8s/service_cache.go); that is what the placeholder of Gateways and Ingresses is for (issue #19262).
/// From 1.18 on the agent programs Services without. `None` when either cannot be told.
pub(super) fn waiting(
    view: &View<'_>,
    service: &Fact<Service>,
    node: &str,
    limit: Option<&Limit<'_>>,
) -> Option<Waiting> {
    let agent = view.agent(node);
    let version = agent.version().ok()?;
    if limit.is_some() || version.at_least(1, 18) {
        return None;
    }
    let (namespace_of, name) = (&service.metadata.namespace, &service.metadata.name);
    let slices = view.endpoint_slices().all(namespace_of).ok()?;
    let own = |slice: &&Fact<crate::model::kubernetes::EndpointSlice>| {
        slice.service() == Some(name) || slice.metadata.name == *name
    };
    if slices.iter().any(own) {
        return None;
    }
    let id = format!("{namespace_of}/{name}");
    let home = namespace(view);
    let evidence = vec![
        Evidence::new(
            Layer::Declared,
            &service.origin,
            format!("Service/{id}"),
            "Endpoints and EndpointSlices",
            "none",
        ),
        Evidence::new(
            Layer::Observed,
            &version.origin,
            format!("Node/{node}"),
            "version",
            version.to_string(),
        ),
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
    Some(Waiting {
        message: format!(
            "{id} has neither Endpoints nor an EndpointSlice, and agents before 1.18 program no Service without them"
        ),
        evidence,
        fix,
    })
}
