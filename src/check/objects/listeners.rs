//! What the controller says of each listener of the Gateway behind the subject.

use super::{class, setting};
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::gateway::{Listener, ListenerStatus};
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::service::ServicePort;
use crate::model::kubernetes::{Condition, Gateway, Object, Service};
use crate::model::{Fact, Gap};

/// A listener with a condition that speaks against it.
pub(super) struct Refused<'a> {
    /// The listener as it is asked for.
    pub(super) listener: &'a Listener,
    /// The condition.
    pub(super) condition: &'a Condition,
}

/// A Gateway and those of its listeners that a condition speaks against.
pub(super) struct Speaking<'a> {
    /// The Gateway.
    pub(super) gateway: &'a Fact<Gateway>,
    /// The listeners, in the order of the status.
    pub(super) refused: Vec<Refused<'a>>,
}

/// The Gateway behind the subject and the listeners that have the condition `kind` at `status`.
///
/// Conditions of an older generation are left out ([`is_current`]): they speak of a listener that may have changed since.
///
/// # Errors
/// A gap when the Gateway was not captured; `Ok(None)` when no Gateway stands behind the subject.
pub(super) fn with<'a>(
    view: &View<'a>,
    kind: &str,
    status: &str,
) -> Result<Option<Speaking<'a>>, Gap> {
    let Some(gateway) = setting::gateway(view)? else {
        return Ok(None);
    };
    let found = |listener: &'a ListenerStatus| {
        let condition = condition(&listener.conditions, kind)
            .filter(|condition| condition.status == status)
            .filter(|condition| is_current(condition, gateway))?;
        Some(Refused {
            listener: gateway.value.listener(&listener.name)?,
            condition,
        })
    };
    let refused = gateway.value.status.listeners.iter().filter_map(found);
    Ok(Some(Speaking {
        gateway,
        refused: refused.collect(),
    }))
}

/// Whether a listener's condition speaks of the Gateway's present generation.
///
/// Up to 1.19 Cilium writes `ResolvedRefs` of a certificate without a generation (operator/pkg/gateway-api/
/// gateway_reconcile.go, setListenerStatus). It builds the conditions of every listener anew before it writes the
/// Gateway's own, so that such a condition is as recent as that one.
pub(super) fn is_current(condition: &Condition, gateway: &Gateway) -> bool {
    condition.observed_generation >= gateway.metadata.generation
        || condition.observed_generation == 0 && gateway.is_acted_on()
}

/// `Gateway/<namespace>/<name>`.
pub(super) fn id(gateway: &Gateway) -> String {
    gateway.id()
}

/// `https (443)`.
pub(super) fn name(listener: &Listener) -> String {
    format!("{} ({})", listener.name, listener.port)
}

/// The condition as evidence.
pub(super) fn row(gateway: &Fact<Gateway>, refused: &Refused<'_>) -> Evidence {
    Evidence::new(
        Layer::Observed,
        &gateway.origin,
        id(gateway),
        format!(
            "status.listeners[{}].conditions[{}]",
            refused.listener.name, refused.condition.kind
        ),
        class::said(refused.condition),
    )
}

/// What became of the listener's port: it is missing from the Service, or it is served as before.
pub(super) fn fate(service: Option<&Fact<Service>>, listener: &Listener) -> Option<Evidence> {
    let service = service?;
    let port = port_of(service, listener);
    Some(Evidence::new(
        Layer::Declared,
        &service.origin,
        service.id(),
        format!("spec.ports[port={}]", listener.port),
        port.map_or("absent".to_owned(), |port| {
            format!("nodePort {}", port.node_port)
        }),
    ))
}

/// Whether the Service has the listener's port.
pub(super) fn is_served(service: Option<&Fact<Service>>, listener: &Listener) -> bool {
    service.is_some_and(|service| port_of(service, listener).is_some())
}

/// The Service's port for a listener; every protocol of listeners but UDP is carried by TCP.
fn port_of<'a>(service: &'a Service, listener: &Listener) -> Option<&'a ServicePort> {
    let protocol = if listener.protocol == "UDP" {
        "UDP"
    } else {
        "TCP"
    };
    let mut ports = service.spec.ports.iter();
    ports.find(|port| port.port == listener.port && port.protocol() == protocol)
}
