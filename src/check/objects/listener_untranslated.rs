//! The part of CLB1109 in which a TCP or UDP listener is accepted by a Cilium that does not translate it.
//!
//! Up to 1.18 the operator accepts these listeners (operator/pkg/gateway-api/helpers.go, getSupportedGroupKind) and
//! skips them (operator/pkg/model/ingestion/gateway.go, GatewayAPI). 1.19 refuses them, 1.20 serves them.

use super::listener_left_out::is_accepted;
use super::{gateway_controller, listeners};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::version;
use crate::model::kubernetes::gateway::Listener;
use crate::model::kubernetes::{Gateway, Object, Service};
use crate::model::{Fact, Gap, Source};

/// What is wrong with accepted TCP and UDP listeners whose ports the Service lacks; `None` from 1.20 on.
///
/// # Errors
/// A gap when there is such a listener and no agent told its version.
pub(super) fn finding(
    view: &View<'_>,
    gateway: &Fact<Gateway>,
    service: &Fact<Service>,
) -> Result<Option<Finding>, Gap> {
    let skipped: Vec<&Listener> = gateway
        .status
        .listeners
        .iter()
        .filter(|status| is_accepted(status, gateway))
        .filter_map(|status| gateway.listener(&status.name))
        .filter(|listener| is_translated_late(listener))
        .filter(|listener| !listeners::is_served(Some(service), listener))
        .collect();
    if skipped.is_empty() {
        return Ok(None);
    }
    let (version, said, assuming) = match gateway_controller::version(view) {
        Some((version, said)) => (version, said, None),
        None => {
            let (node, version) = view
                .agent_nodes()
                .find_map(|node| Some((node, view.agent(node).version().ok()?)))
                .ok_or_else(|| Gap::not_collected(Source::AgentVersion, ""))?;
            let assuming = "the operator has the version of the agents";
            let said = version::row(node, version);
            (version.value.clone(), said, Some(assuming))
        }
    };
    if version.at_least(1, 20) {
        return Ok(None);
    }
    let names: Vec<String> = skipped
        .iter()
        .map(|one| format!("{} ({}/{})", one.name, one.port, one.protocol))
        .collect();
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let (id, service_id) = (listeners::id(gateway), service.id());
    let evidence = vec![
        Evidence::new(
            Layer::Observed,
            &gateway.origin,
            id.as_str(),
            "status.listeners[].conditions[Accepted]",
            format!("{}: True", names.join(", ")),
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            service_id.as_str(),
            "spec.ports[]",
            service.port_list(),
        ),
        said,
    ];
    let finding = Finding::new(
        format!(
            "listener {} of gateway {name} is accepted, and the Service that Cilium made has no such port: \
             Cilium translates TCP and UDP listeners from 1.20 on",
            names.join(", ")
        ),
        format!("{namespace}/{name} untranslated"),
        evidence,
    )
    .about([id, service_id])
    .fix(Fix {
        summary: "serve the port by a Service of type LoadBalancer of its own, or upgrade Cilium to 1.20 and attach a TCPRoute or UDPRoute".to_owned(),
        commands: vec![view.kubectl("get deploy/cilium-operator -o jsonpath='{.spec.template.spec.containers[0].image}'")],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the load balancer listens on the port".to_owned(),
    });
    Ok(Some(match assuming {
        Some(assumption) => finding.assuming(assumption),
        None => finding,
    }))
}

/// Whether Cilium translates listeners of this protocol from 1.20 on only.
pub(super) fn is_translated_late(listener: &Listener) -> bool {
    matches!(listener.protocol.as_str(), "TCP" | "UDP")
}
