//! Which CiliumEnvoyConfig asks the agents to redirect a Service port.

use crate::check::View;
use crate::model::kubernetes::cilium::LabelSelector;
use crate::model::kubernetes::{CiliumEnvoyConfig, Service};
use crate::model::{Fact, Gap};

/// What the CiliumEnvoyConfigs say about one Service port.
pub enum Requested<'a> {
    /// This one lists it.
    By(&'a Fact<CiliumEnvoyConfig>),
    /// This one lists the Service with other ports.
    OtherPorts(&'a Fact<CiliumEnvoyConfig>, Vec<u16>),
    /// This one belongs to the same Gateway or Ingress and does not list the Service.
    OtherService(&'a Fact<CiliumEnvoyConfig>),
    /// None does.
    Nowhere,
}

/// Looks for the CiliumEnvoyConfig of a Service port.
///
/// `spec.services[]` decides. Names do not: up to 1.19 the Service's name is shortened and the
/// CiliumEnvoyConfig's is not (operator/pkg/model/translation/gateway-api/translator.go).
///
/// # Errors
/// A gap when none that was captured lists the port, and not all were.
pub fn requested<'a>(view: &View<'a>, service: &Service, port: u16) -> Result<Requested<'a>, Gap> {
    let meta = &service.metadata;
    let mut other_ports = None;
    let mut other_service = None;
    for config in view.envoy_configs().known() {
        let own = config.metadata.namespace.as_str();
        let listed: Vec<_> = config
            .spec
            .services
            .iter()
            .filter(|one| {
                let namespace = if one.namespace.is_empty() {
                    own
                } else {
                    &one.namespace
                };
                one.name == meta.name && namespace == meta.namespace
            })
            .collect();
        // Before 1.16 there are no ports, which means all.
        if listed
            .iter()
            .any(|one| one.ports.is_empty() || one.ports.contains(&port))
        {
            return Ok(Requested::By(config));
        }
        if !listed.is_empty() {
            let ports = listed
                .iter()
                .flat_map(|one| one.ports.iter().copied())
                .collect();
            other_ports.get_or_insert((config, ports));
        } else if own == meta.namespace && same_owner(service, config) {
            other_service.get_or_insert(config);
        }
    }
    view.envoy_configs().all(&meta.namespace)?;
    Ok(match (other_ports, other_service) {
        (Some((config, ports)), _) => Requested::OtherPorts(config, ports),
        (None, Some(config)) => Requested::OtherService(config),
        (None, None) => Requested::Nowhere,
    })
}

fn same_owner(service: &Service, config: &CiliumEnvoyConfig) -> bool {
    let owners = &service.metadata.owner_references;
    config.metadata.owner_references.iter().any(|owner| {
        owners
            .iter()
            .any(|other| other.kind == owner.kind && other.name == owner.name)
    })
}

/// Whether a CiliumEnvoyConfig applies to a node.
///
/// # Errors
/// A gap when it selects nodes and this one was not captured.
pub fn selects(view: &View<'_>, selector: Option<&LabelSelector>, node: &str) -> Result<bool, Gap> {
    let Some(selector) = selector else {
        return Ok(true);
    };
    let Some(node) = view.nodes().find("", node)? else {
        return Ok(false);
    };
    Ok(selector
        .match_labels
        .iter()
        .all(|(label, value)| node.metadata.labels.get(label) == Some(value)))
}
