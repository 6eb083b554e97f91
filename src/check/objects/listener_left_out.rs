//! A listener that is accepted and has routes, and whose port the generated Service does not have.
//!
//! Operators of 1.14.0 and 1.14.1 made a Service with one port for several listeners (cilium#27533, mended by #27695).

use super::listeners;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::model::Fact;
use crate::model::kubernetes::gateway::{Listener, ListenerStatus};
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, Object, Service};

/// What is wrong with the Service, when it leaves listeners out.
///
/// Listeners without a route do not count, as Cilium leaves some of them out until one is attached, and neither do
/// those with an unresolved certificate, which 1.21 takes away (CLB1110). `counts` says which are asked about.
pub(super) fn finding(
    view: &View<'_>,
    gateway: &Fact<Gateway>,
    service: &Fact<Service>,
    counts: impl Fn(&Listener) -> bool,
) -> Option<Finding> {
    let left_out: Vec<&Listener> = gateway
        .status
        .listeners
        .iter()
        .filter(|status| status.attached_routes > 0 && is_accepted(status, gateway))
        .filter_map(|status| gateway.listener(&status.name))
        .filter(|listener| counts(listener))
        .filter(|listener| !listeners::is_served(Some(service), listener))
        .collect();
    if left_out.is_empty() {
        return None;
    }
    let names: Vec<String> = left_out.iter().map(|one| listeners::name(one)).collect();
    let ports: Vec<String> = service
        .spec
        .ports
        .iter()
        .map(|port| port.port.to_string())
        .collect();
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let id = service.id();
    let evidence = vec![
        Evidence::new(
            Layer::Observed,
            &gateway.origin,
            listeners::id(gateway),
            "status.listeners[].conditions[Accepted]",
            format!("{}: True", names.join(", ")),
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.as_str(),
            "spec.ports[].port",
            ports.join(", "),
        ),
    ];
    Some(
        Finding::new(
            format!(
                "listener {} of gateway {name} is accepted and has routes, and the Service that Cilium made has no such port: \
                 the load balancer does not listen there",
                names.join(", ")
            ),
            format!("{namespace}/{name} left out"),
            evidence,
        )
        .about([listeners::id(gateway), id])
        .assuming("the Gateway was not changed in the seconds before it was read")
        .fix(Fix {
            summary: "let the operator translate the Gateway anew and see what its log says of the Service; operators before \
                      1.14.2 lose ports of Gateways with several listeners, and only an upgrade mends them"
                .to_owned(),
            commands: vec![
                view.kubectl("rollout restart deploy/cilium-operator"),
                format!(
                    "kubectl -n {} get service {} -o jsonpath='{{.spec.ports[*].port}}'",
                    service.metadata.namespace, service.metadata.name
                ),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("the Service has the port of every listener of {name}"),
        }),
    )
}

/// Whether the present generation of the listener is accepted and its references are resolved.
pub(super) fn is_accepted(status: &ListenerStatus, gateway: &Gateway) -> bool {
    let says = |kind: &str| {
        condition(&status.conditions, kind)
            .filter(|one| listeners::is_current(one, gateway))
            .map(|one| one.status.as_str())
    };
    says("Accepted") == Some("True") && says("ResolvedRefs") != Some("False")
}
