//! Where the backends of a NodePort entry run: on the node itself, or on others.

use super::probe::{Entry, Probe, entry};
use super::proxied::Asked;
use crate::check::View;
use crate::check::workload::endpoints::Endpoints;
use crate::model::cilium::Frontend;
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{Path, Target};
use std::net::IpAddr;

/// A backend on another node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remote {
    /// Its node.
    pub node: String,
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

/// The backends of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many run on the node of the entry.
    pub local: usize,
    /// Those on other nodes, sorted.
    pub remote: Vec<Remote>,
}

/// A Service whose checks a node may hand on to another one.
pub struct Forwarding<'a, 't> {
    /// The Service.
    pub service: &'a Fact<Service>,
    /// What the node has on the port of the check.
    pub found: Entry<'a, 't>,
    /// The entry of the target's address.
    pub frontend: &'a Frontend,
}

/// The entry that may hand the check of `target` on to another node; or why none does.
///
/// # Errors
/// A gap when the Service, the node or its map is not known.
pub fn forwarding<'a, 't>(
    view: &View<'a>,
    path: &Path,
    target: &'t Target,
) -> Result<Asked<Forwarding<'a, 't>>, Gap> {
    let Some(service) = view.service()? else {
        return Ok(Err("no Service stands behind this listener"));
    };
    if service.is_proxied() {
        return Ok(Err("the node's own Envoy answers for a Gateway or Ingress"));
    }
    if service.is_local() {
        return Ok(Err(
            "externalTrafficPolicy Local never goes on to another node",
        ));
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return Ok(Err(why)),
    };
    let found = entry(view, target, probe)?;
    Ok(match found.frontend {
        Some(frontend) => Ok(Forwarding {
            service,
            found,
            frontend,
        }),
        None => Err("there is no entry that could forward"),
    })
}

/// The backends that a NodePort entry chooses from, with their nodes as EndpointSlices name them.
///
/// # Errors
/// A gap when a backend was not printed, or its node is not known.
pub fn spread(view: &View<'_>, service: &Service, found: &Entry<'_, '_>) -> Result<Spread, Gap> {
    let mut spread = Spread::default();
    let Some(frontend) = found.frontend else {
        return Ok(spread);
    };
    if frontend.backend_count() == 0 {
        return Ok(spread);
    }
    if frontend.backends.is_empty() {
        return Err(found.unreadable().unwrap_or_else(|| {
            Gap::new(
                Source::BpfLb,
                format!("node {}", found.node),
                Reason::Partial("the rows of the backends are not in it".to_owned()),
            )
        }));
    }
    let endpoints = Endpoints::of(view, service)?;
    for backend in &frontend.backends {
        let text = backend.address.to_string();
        let node = endpoints
            .all()
            .find(|one| one.addresses.contains(&text))
            .and_then(|one| one.node_name.clone())
            .ok_or_else(|| {
                Gap::new(
                    Source::EndpointSlices,
                    service.metadata.name.clone(),
                    Reason::Partial(format!("the node of backend {text} is not in it")),
                )
            })?;
        if node == found.node {
            spread.local += 1;
        } else {
            spread.remote.push(Remote {
                node,
                address: backend.address,
                port: backend.port,
            });
        }
    }
    spread.remote.sort_unstable();
    Ok(spread)
}

impl Spread {
    /// The nodes with backends, other than the entry's own, each once.
    pub fn nodes(&self) -> Vec<&str> {
        let mut nodes: Vec<&str> = self.remote.iter().map(|one| one.node.as_str()).collect();
        nodes.dedup();
        nodes
    }
}
