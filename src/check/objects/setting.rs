//! Where an annotation of the generated Service has to be set so that it stays.
//!
//! Cilium writes the Services of Gateways and Ingresses, so the object to change
//! is the one that Cilium copies from: `spec.infrastructure.annotations` of a
//! Gateway (1.15 on), the annotations of a dedicated Ingress, and the Helm values
//! for the shared Ingress.

use crate::check::view::{View, helm_upgrade};
use crate::model::kubernetes::{Gateway, Service};
use crate::model::{Fact, Gap};
use crate::path::SubjectKind;

/// The Gateway behind the subject, if a Gateway is behind it.
///
/// # Errors
/// The gap when it was not read.
pub fn gateway<'a>(view: &View<'a>) -> Result<Option<&'a Fact<Gateway>>, Gap> {
    let subject = view.subject();
    if subject.kind == SubjectKind::Gateway {
        return view
            .gateways()
            .find(&subject.object.namespace, &subject.object.name);
    }
    let Some(service) = view.service()? else {
        return Ok(None);
    };
    match gateway_name(service) {
        Some(name) => view.gateways().find(&service.metadata.namespace, name),
        None => Ok(None),
    }
}

/// The Service of a Gateway; `None` only where the Services of its namespace were read and it has none.
///
/// # Errors
/// The gap when Services were not read.
pub fn generated<'a>(view: &View<'a>, gateway: &Gateway) -> Result<Option<&'a Fact<Service>>, Gap> {
    let service = view.service()?;
    if service.is_none() {
        view.services().complete(&gateway.metadata.namespace)?;
    }
    Ok(service)
}

/// The Gateway that a Service was generated for.
pub fn gateway_name(service: &Service) -> Option<&str> {
    owner(service, "Gateway")
}

/// The name of the owner of a kind.
fn owner<'a>(service: &'a Service, kind: &str) -> Option<&'a str> {
    service
        .metadata
        .owner_references
        .iter()
        .find(|owner| owner.kind == kind)
        .map(|owner| owner.name.as_str())
}

/// The command that sets an annotation of a Service where it stays.
pub fn annotate(service: &Service, key: &str, value: &str) -> String {
    let namespace = &service.metadata.namespace;
    let name = &service.metadata.name;
    if let Some(gateway) = owner(service, "Gateway") {
        return annotate_gateway(namespace, gateway, key, value);
    }
    if let Some(ingress) = owner(service, "Ingress") {
        return format!(
            "kubectl annotate ingress {ingress} -n {namespace} --overwrite {key}={value}"
        );
    }
    if service.is_shared_ingress() {
        // Cilium makes this Service in the namespace that it is installed in.
        let key = key.replace('.', "\\.");
        return helm_upgrade(
            namespace,
            &format!("--set-string 'ingressController.service.annotations.{key}={value}'"),
        );
    }
    format!("kubectl annotate service {name} -n {namespace} --overwrite {key}={value}")
}

/// The command that sets an annotation which Cilium copies from a Gateway to its Service.
pub fn annotate_gateway(namespace: &str, gateway: &str, key: &str, value: &str) -> String {
    format!(
        "kubectl patch gateway {gateway} -n {namespace} --type merge -p '{{\"spec\":{{\"infrastructure\":{{\"annotations\":{{\"{key}\":\"{value}\"}}}}}}}}'"
    )
}

/// The command that removes such an annotation again.
pub fn remove_from_gateway(namespace: &str, gateway: &str, key: &str) -> String {
    format!(
        "kubectl patch gateway {gateway} -n {namespace} --type merge -p '{{\"spec\":{{\"infrastructure\":{{\"annotations\":{{\"{key}\":null}}}}}}}}'"
    )
}
