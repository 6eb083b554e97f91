//! Listeners with an address of their own: host network mode of a Gateway or Ingress.
//!
//! Without host network mode the operator writes a listener without an address, the agent gives it a port
//! of 127.0.0.1, and the datapath redirects the NodePort there. In host network mode the operator writes
//! `0.0.0.0` and `::` with the listener ports themselves (operator/pkg/model/translation/envoy_listener.go).

use super::requested::selects;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::workload::chains::resources;
use crate::model::kubernetes::{CiliumEnvoyConfig, Service};
use crate::model::{Fact, Gap};
use crate::path::{Path, Target};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};

/// The addresses that a listener resource binds by itself, its additional ones included.
pub fn addresses(listener: &Value) -> Vec<SocketAddr> {
    let more = listener["additionalAddresses"].as_array();
    std::iter::once(&listener["address"])
        .chain(more.into_iter().flatten().map(|one| &one["address"]))
        .filter_map(|address| {
            let socket = &address["socketAddress"];
            let ip: IpAddr = socket["address"].as_str()?.parse().ok()?;
            let port = u16::try_from(socket["portValue"].as_u64()?).ok()?;
            Some(SocketAddr::new(ip, port))
        })
        .collect()
}

/// A listener that binds a port of the node.
pub struct HostListener<'a> {
    /// The object that asks for it.
    pub config: &'a Fact<CiliumEnvoyConfig>,
    /// `<namespace>/<name>` of the object.
    pub id: String,
    /// What it binds, verbatim, in order.
    pub bound: String,
    /// The port that the health check goes to.
    pub port: u16,
}

impl HostListener<'_> {
    /// The address that the object asks for.
    pub fn evidence(&self) -> Evidence {
        Evidence::new(
            Layer::Declared,
            &self.config.origin,
            format!("CiliumEnvoyConfig/{}", self.id),
            "Listener address, additionalAddresses",
            self.bound.as_str(),
        )
    }

    /// Whether the object applies to a node.
    ///
    /// # Errors
    /// A gap when it selects nodes and this one was not captured.
    pub fn selects(&self, view: &View<'_>, node: &str) -> Result<bool, Gap> {
        selects(view, self.config, node)
    }
}

/// The listener of host network mode that a target's check goes to; `None` when it goes to none that is known.
///
/// Where the load balancer belongs to a Service, only what has the Service's owner counts; a target group
/// that somebody made for the listener port belongs to no Service, and any listener of that port is meant.
///
/// # Errors
/// A gap when a port that is no NodePort of a Gateway or Ingress is checked, and no CiliumEnvoyConfig tells whose it is.
pub fn checked<'a>(
    view: &View<'a>,
    path: &Path,
    target: &Target,
) -> Result<Option<HostListener<'a>>, Gap> {
    let port = target.check.port;
    let service = view.service()?;
    if let Some(service) = service
        && (!service.is_proxied() || is_own(service, path, port))
    {
        return Ok(None);
    }
    let found = view
        .envoy_configs()
        .known()
        .filter(|config| service.is_none_or(|service| same_owner(service, config)))
        .find_map(|config| of(config, port));
    if found.is_none() {
        let namespace = service.map_or("", |service| service.metadata.namespace.as_str());
        view.envoy_configs().complete(namespace)?;
    }
    Ok(found)
}

/// Whether the port is one that Kubernetes gave the Service.
fn is_own(service: &Service, path: &Path, port: u16) -> bool {
    port == 0
        || port == path.node_port
        || port == service.spec.health_check_node_port
        || service.spec.ports.iter().any(|one| one.node_port == port)
}

fn same_owner(service: &Service, config: &CiliumEnvoyConfig) -> bool {
    config.metadata.owner_references.iter().any(|owner| {
        service
            .metadata
            .owner_references
            .iter()
            .any(|other| other.kind == owner.kind && other.name == owner.name)
    }) || (config.metadata.namespace == service.metadata.namespace
        && config
            .spec
            .services
            .iter()
            .any(|one| one.name == service.metadata.name))
}

/// The listener of an object that binds `port` on all addresses of the node.
fn of(config: &Fact<CiliumEnvoyConfig>, port: u16) -> Option<HostListener<'_>> {
    let bound = resources(config, "envoy.config.listener.v3.Listener")
        .map(addresses)
        .find(|all| {
            all.iter()
                .any(|one| one.port() == port && one.ip().is_unspecified())
        })?;
    let bound: Vec<String> = bound.iter().map(SocketAddr::to_string).collect();
    Some(HostListener {
        config,
        id: format!("{}/{}", config.metadata.namespace, config.metadata.name),
        bound: bound.join(", "),
        port,
    })
}

/// Whether Envoy has the listener open on the node's addresses; `None` when Envoy was not asked.
pub fn is_open(view: &View<'_>, node: &str, listener: &HostListener<'_>) -> Option<bool> {
    let all = view.agent(node).envoy_listeners().ok()?;
    let prefix = format!("{}/", listener.id);
    Some(all.iter().any(|one| {
        one.port == listener.port
            && one.name.starts_with(&prefix)
            && one.address.is_some_and(|address| address.is_unspecified())
    }))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn the_first_address_and_the_others() {
        let listener = serde_json::json!({
            "address": {"socketAddress": {"address": "0.0.0.0", "portValue": 80}},
            "additionalAddresses": [{"address": {"socketAddress": {"address": "::", "portValue": 443}}}]});
        let texts: Vec<String> = addresses(&listener)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(texts, ["0.0.0.0:80", "[::]:443"]);
        assert!(addresses(&serde_json::json!({"name": "listener"})).is_empty());
    }
}
