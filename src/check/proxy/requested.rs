//! Which CiliumEnvoyConfig asks the agents to redirect a Service port.

use crate::check::View;
use crate::check::view::Located;
use crate::model::cilium::statedb::EnvoyConfigRow;
use crate::model::kubernetes::{CiliumEnvoyConfig, Service};
use crate::model::{Fact, Gap, Reason, Source};

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
    view.envoy_configs().complete(&meta.namespace)?;
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

/// Whether a CiliumEnvoyConfig applies to a node (`spec.nodeSelector`, 1.16 on).
///
/// The agent's own table says what it did (`SelectsLocalNode`, 1.18 on); without it the labels of the node decide.
///
/// # Errors
/// A gap when it selects nodes, and neither the table nor this node was captured.
pub fn selects(view: &View<'_>, config: &CiliumEnvoyConfig, node: &str) -> Result<bool, Gap> {
    let Some(selector) = &config.spec.node_selector else {
        return Ok(true);
    };
    if let Some(row) = table_row(view, config, node) {
        return Ok(row.selects_local_node);
    }
    let Some(found) = view.nodes().find("", node)? else {
        return Ok(false);
    };
    selector.matches(&found.metadata.labels).ok_or_else(|| {
        Gap::new(
            Source::EnvoyConfigs,
            format!("{}/{}", config.metadata.namespace, config.metadata.name),
            Reason::Unreadable(format!("spec.nodeSelector `{selector}`")),
        )
    })
}

/// The row of a CiliumEnvoyConfig in the agent's table, where that was captured.
pub fn table_row<'a>(
    view: &View<'a>,
    config: &CiliumEnvoyConfig,
    node: &str,
) -> Option<Located<'a, EnvoyConfigRow>> {
    let meta = &config.metadata;
    let rows = view.agent(node).envoy_configs().ok()?;
    let value = rows
        .iter()
        .find(|row| row.namespace == meta.namespace && row.name == meta.name)?;
    Some(Located {
        value,
        origin: &rows.origin,
    })
}
