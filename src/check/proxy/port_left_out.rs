//! The parts of CLB7101 in which the operator leaves a port out of the CiliumEnvoyConfig on purpose.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Fact;
use crate::model::kubernetes::{Ingress, Object, Service};

/// What tells the cause of issue #34093 from others on the same port.
pub(super) const NO_TLS: &str = "no TLS";

/// Why a port is not in `spec.services[].ports`.
pub(super) struct LeftOut {
    /// The reason, to follow what the ports are.
    pub(super) why: String,
    /// What tells this cause from others on the same port.
    pub(super) decides: &'static str,
    /// What proves the reason.
    pub(super) evidence: Vec<Evidence>,
    /// How to mend it, in a sentence.
    pub(super) summary: &'static str,
    /// Commands.
    pub(super) commands: Vec<String>,
}

/// The reason for which the operator leaves `port` out, where the evidence gives one.
pub(super) fn left_out(view: &View<'_>, service: &Fact<Service>, port: u16) -> Option<LeftOut> {
    passthrough(view, service, port).or_else(|| https_without_tls(view, service, port))
}

/// A TLS passthrough listener is listed only once a TLSRoute is attached (1.20 on, cec_translator.go).
fn passthrough(view: &View<'_>, service: &Service, port: u16) -> Option<LeftOut> {
    let owners = &service.metadata.owner_references;
    let owner = owners.iter().find(|owner| owner.kind == "Gateway")?;
    let namespace = &service.metadata.namespace;
    let gateway = view.gateways().find(namespace, &owner.name).ok()??;
    let listeners: Vec<_> = gateway
        .spec
        .listeners
        .iter()
        .filter(|one| one.port == port)
        .collect();
    let is_passthrough = |one: &&crate::model::kubernetes::gateway::Listener| {
        one.protocol == "TLS"
            && one.tls.as_ref().and_then(|tls| tls.mode.as_deref()) == Some("Passthrough")
    };
    if listeners.is_empty() || !listeners.iter().all(is_passthrough) {
        return None;
    }
    let mut evidence = Vec::new();
    for listener in &listeners {
        let status = gateway
            .status
            .listeners
            .iter()
            .find(|one| one.name == listener.name)?;
        if status.attached_routes > 0 {
            return None;
        }
        evidence.push(Evidence::new(
            Layer::Observed,
            &gateway.origin,
            format!("Gateway/{namespace}/{}", owner.name),
            format!("status.listeners[{}].attachedRoutes", listener.name),
            "0, TLS Passthrough",
        ));
    }
    Some(LeftOut {
        why: "its listener is TLS passthrough and no TLSRoute is attached".to_owned(),
        decides: "passthrough",
        evidence,
        summary: "attach a TLSRoute to the listener: from 1.20 on Cilium redirects a passthrough port only once it has one; or drop the listener",
        commands: vec![
            "kubectl get tlsroutes -A".to_owned(),
            format!("kubectl describe gateway {} -n {namespace}", owner.name),
        ],
    })
}

/// Port 443 of an Ingress is listed only if some Ingress behind the Service has TLS (1.16 to 1.19, issue #34093).
fn https_without_tls(view: &View<'_>, service: &Fact<Service>, port: u16) -> Option<LeftOut> {
    if port != 443 || !service.is_proxied() {
        return None;
    }
    let owners = &service.metadata.owner_references;
    let behind: Vec<&Fact<Ingress>> = match owners.iter().find(|owner| owner.kind == "Ingress") {
        Some(owner) => {
            let namespace = &service.metadata.namespace;
            vec![view.ingresses().find(namespace, &owner.name).ok()??]
        }
        // Any Ingress of any namespace may stand behind the shared Service.
        None if service.is_shared_ingress() => view.ingresses().all("").ok()?,
        None => return None,
    };
    if behind.iter().any(|ingress| !ingress.spec.tls.is_empty()) {
        return None;
    }
    let mut evidence: Vec<Evidence> = behind
        .iter()
        .take(5)
        .map(|ingress| {
            Evidence::new(
                Layer::Declared,
                &ingress.origin,
                ingress.id(),
                "spec.tls",
                "none",
            )
        })
        .collect();
    if evidence.is_empty() {
        evidence.push(Evidence::new(
            Layer::Declared,
            &service.origin,
            service.id(),
            "Ingresses behind it",
            "none",
        ));
    }
    Some(LeftOut {
        why: "no Ingress behind it has spec.tls, and Cilium 1.16 to 1.19 leaves 443 out then"
            .to_owned(),
        decides: NO_TLS,
        evidence,
        summary: "give any Ingress behind it spec.tls, or upgrade to 1.20, which always lists the port; or take the listener of 443 off the load balancer",
        commands: vec!["kubectl get ingresses -A".to_owned()],
    })
}
