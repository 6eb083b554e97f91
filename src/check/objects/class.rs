//! The GatewayClass of a Gateway, and the CiliumGatewayClassConfig that it takes its parameters from.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::gateway::ParametersRef;
use crate::model::kubernetes::{
    CiliumGatewayClassConfig, Condition, Gateway, GatewayClass, Object, Service,
};
use crate::model::{Fact, Gap};

/// The class that a Gateway names; `None` when there is none of that name.
///
/// # Errors
/// A gap when it was not captured.
pub(super) fn of<'a>(
    view: &View<'a>,
    gateway: &Gateway,
) -> Result<Option<&'a Fact<GatewayClass>>, Gap> {
    view.gateway_classes()
        .find("", &gateway.spec.gateway_class_name)
}

/// `CiliumGatewayClassConfig/<namespace>/<name>`, or whatever kind the reference names.
pub(super) fn parameters_id(reference: &ParametersRef) -> String {
    let ParametersRef {
        kind,
        namespace,
        name,
    } = reference;
    if namespace.is_empty() {
        format!("{kind}/{name}")
    } else {
        format!("{kind}/{namespace}/{name}")
    }
}

/// The captured parameters of the class behind a generated Service; `None` proves nothing.
pub(super) fn parameters<'a>(
    view: &View<'a>,
    service: &Service,
) -> Option<&'a Fact<CiliumGatewayClassConfig>> {
    let owners = &service.metadata.owner_references;
    let owner = owners.iter().find(|owner| owner.kind == "Gateway")?;
    let gateway = view
        .gateways()
        .find(&service.metadata.namespace, &owner.name)
        .ok()??;
    let class = of(view, gateway).ok()??;
    let reference = class.spec.parameters_ref.as_ref()?;
    view.gateway_class_configs().known().find(|config| {
        config.metadata.namespace == reference.namespace && config.metadata.name == reference.name
    })
}

/// A field of `spec.service` of the parameters, as evidence, where it is set.
pub(super) fn service_field(
    config: &Fact<CiliumGatewayClassConfig>,
    field: &str,
) -> Option<(String, Evidence)> {
    let value = config.spec.get("service")?.get(field)?;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let evidence = Evidence::new(
        Layer::Declared,
        &config.origin,
        config_id(config),
        format!("spec.service.{field}"),
        text.clone(),
    );
    Some((text, evidence))
}

/// `CiliumGatewayClassConfig/<namespace>/<name>`.
pub(super) fn config_id(config: &CiliumGatewayClassConfig) -> String {
    config.id()
}

/// The command that sets or, with `null`, removes a field of `spec.service` of the parameters.
pub(super) fn patch(config: &CiliumGatewayClassConfig, field: &str, value: &str) -> String {
    format!(
        "kubectl patch ciliumgatewayclassconfig {} -n {} --type merge -p '{{\"spec\":{{\"service\":{{\"{field}\":{value}}}}}}}'",
        config.metadata.name, config.metadata.namespace
    )
}

/// A condition as `False InvalidParameters: the text`.
pub(super) fn said(condition: &Condition) -> String {
    let head = format!("{} {}", condition.status, condition.reason);
    if condition.message.is_empty() {
        head.trim_end().to_owned()
    } else {
        format!("{}: {}", head.trim_end(), condition.message)
    }
}
