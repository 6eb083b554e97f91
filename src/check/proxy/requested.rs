//! Which CiliumEnvoyConfig asks the agents to redirect a Service port.

use crate::check::View;
use crate::check::view::Located;
use crate::check::workload::chains::resources;
use crate::model::cilium::statedb::EnvoyConfigRow;
use crate::model::kubernetes::cilium::RedirectedService;
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
        let listed: Vec<_> = rows(config, service).collect();
        if listed.iter().any(|one| has(one, port)) {
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

/// The rows of `spec.services[]` that name a Service.
fn rows<'a>(
    config: &'a CiliumEnvoyConfig,
    service: &Service,
) -> impl Iterator<Item = &'a RedirectedService> {
    let (meta, own) = (&service.metadata, &config.metadata.namespace);
    config.spec.services.iter().filter(move |one| {
        let namespace = if one.namespace.is_empty() {
            own
        } else {
            &one.namespace
        };
        one.name == meta.name && *namespace == meta.namespace
    })
}

/// Whether a row redirects a port. Before 1.16 there are no ports, which means all.
fn has(row: &RedirectedService, port: u16) -> bool {
    row.ports.is_empty() || row.ports.contains(&port)
}

/// What Envoy calls the listener to which a CiliumEnvoyConfig redirects a Service port:
/// `<namespace>/<object>/<listener>` (pkg/policy/api ResourceQualifiedName).
///
/// The row names it, and where it does not, it is the first listener among the resources. `None` where the
/// object has none of that name.
pub fn listener(config: &CiliumEnvoyConfig, service: &Service, port: u16) -> Option<String> {
    let row = rows(config, service).find(|row| has(row, port))?;
    let name = resources(config, "envoy.config.listener.v3.Listener")
        .filter_map(|listener| listener["name"].as_str())
        .find(|name| row.listener.is_empty() || row.listener == *name)?;
    let meta = &config.metadata;
    Some(format!("{}/{}/{name}", meta.namespace, meta.name))
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
/// The agent's own table says what it did (`SelectsLocalNode`, 1.18 on), the labels of the node what it shall do.
/// One of them is enough; where they contradict each other, one is of another moment, and neither decides.
///
/// # Errors
/// A gap when it selects nodes, and neither the table nor this node was captured, or they contradict each other.
pub fn selects(view: &View<'_>, config: &CiliumEnvoyConfig, node: &str) -> Result<bool, Gap> {
    let Some(selector) = &config.spec.node_selector else {
        return Ok(true);
    };
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let declared = match view.nodes().find("", node) {
        Ok(Some(found)) => selector.matches(&found.metadata.labels).ok_or_else(|| {
            Gap::new(
                Source::EnvoyConfigs,
                id.clone(),
                Reason::Unreadable(format!("spec.nodeSelector `{selector}`")),
            )
        }),
        Ok(None) => Ok(false),
        Err(gap) => Err(gap),
    };
    let programmed = table_row(view, config, node).map(|row| row.selects_local_node);
    match (programmed, declared) {
        (Some(programmed), Ok(declared)) if programmed != declared => Err(Gap::new(
            Source::DbEnvoyConfigs,
            format!("node {node}"),
            Reason::Partial(format!(
                "SelectsLocalNode of {id} is {programmed}, and by the node's labels `{selector}` is {declared}"
            )),
        )),
        (Some(selects), _) | (None, Ok(selects)) => Ok(selects),
        (None, Err(gap)) => Err(gap),
    }
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
