//! Envoy's clusters of a CiliumEnvoyConfig, and which of them have nobody to ask, or only addresses that are gone.

use super::answer::{destinations, list};
use super::chains::resources;
use super::endpoints::Endpoints;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::envoy::EnvoyCluster;
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Gap};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A cluster without a healthy host.
pub struct Dead {
    /// `<namespace>:<service>:<port>`, as the CiliumEnvoyConfig names it.
    pub name: String,
    /// How many hosts it has, all of them unhealthy.
    pub hosts: usize,
    /// What says so.
    pub evidence: Evidence,
}

/// The clusters of an object that requests go to and the Envoy of a node has no healthy host for, in order of name.
///
/// Cilium prefixes the names in Envoy with the namespace and name of the object (pkg/envoy resources).
///
/// # Errors
/// The gap when Envoy's clusters were not read.
pub fn dead(
    view: &View<'_>,
    node: &str,
    config: &Fact<CiliumEnvoyConfig>,
) -> Result<Vec<Dead>, Gap> {
    let clusters = view.agent(node).envoy_clusters()?;
    let mut found: Vec<Dead> = of_config(clusters, config)
        .filter(|(_, cluster)| cluster.healthy == 0)
        .map(|(name, cluster)| Dead {
            name: name.to_owned(),
            hosts: cluster.hosts,
            evidence: Evidence::new(
                Layer::Observed,
                &clusters.origin,
                format!("Node/{node}"),
                format!("cluster {}", cluster.name),
                format!("{} of {} hosts healthy", cluster.healthy, cluster.hosts),
            ),
        })
        .collect();
    if !found.is_empty() {
        let idle = idle(config);
        found.retain(|one| !idle.contains(one.name.as_str()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What says that the Service of a cluster has externalTrafficPolicy Local and its ready endpoints on other nodes only.
///
/// `None` as well where Service or EndpointSlices were not read.
pub fn local_elsewhere(view: &View<'_>, node: &str, cluster: &str) -> Option<Evidence> {
    let (namespace, name) = service(cluster)?;
    let object = view.services().find(namespace, name).ok()??;
    let endpoints = Endpoints::of(view, object).ok()?;
    let ready = endpoints.ready();
    (object.is_local() && ready > 0 && endpoints.ready_on(node) == 0).then(|| {
        Evidence::new(
            Layer::Declared,
            &object.origin,
            format!("Service/{namespace}/{name}"),
            "spec.externalTrafficPolicy",
            format!("Local, with {ready} ready endpoints, none of them on {node}"),
        )
    })
}

/// A cluster that only leads to addresses which no endpoint of its Service has any more.
pub struct Stale {
    /// `<namespace>:<service>:<port>`, as the CiliumEnvoyConfig names it.
    pub name: String,
    /// What says so.
    pub evidence: [Evidence; 2],
}

/// The clusters of an object that requests go to and that lead to no endpoint of their Service, in order of name.
///
/// Only for Services whose endpoints Kubernetes knows completely: those of other clusters of a mesh are in no
/// EndpointSlice, and those of a Service without an EndpointSlice are somebody else's business.
///
/// # Errors
/// The gap when Envoy's clusters were not read.
pub fn stale(
    view: &View<'_>,
    node: &str,
    config: &Fact<CiliumEnvoyConfig>,
) -> Result<Vec<Stale>, Gap> {
    let clusters = view.agent(node).envoy_clusters()?;
    let mut found: Vec<Stale> = of_config(clusters, config)
        .filter(|(_, cluster)| cluster.healthy > 0 && cluster.addresses.len() == cluster.healthy)
        .filter_map(|(name, cluster)| {
            let (namespace, of) = service(name)?;
            let object = view.services().find(namespace, of).ok()??;
            if object.is_global() || object.spec.kind == "ExternalName" {
                return None;
            }
            let endpoints = Endpoints::of(view, object).ok()?;
            let slice = endpoints.slices().first()?;
            let known: BTreeSet<IpAddr> = endpoints
                .all()
                .flat_map(|endpoint| &endpoint.addresses)
                .filter_map(|address| address.parse().ok())
                .collect();
            if cluster
                .addresses
                .iter()
                .any(|one| known.contains(&one.ip()))
            {
                return None;
            }
            let hosts: Vec<String> = cluster.addresses.iter().map(ToString::to_string).collect();
            let addresses: Vec<String> = known.iter().map(ToString::to_string).collect();
            Some(Stale {
                name: name.to_owned(),
                evidence: [
                    Evidence::new(
                        Layer::Observed,
                        &clusters.origin,
                        format!("Node/{node}"),
                        format!("healthy hosts of cluster {}", cluster.name),
                        hosts.join(", "),
                    ),
                    Evidence::new(
                        Layer::Declared,
                        &slice.origin,
                        format!("Service/{namespace}/{of}"),
                        "endpoints[].addresses",
                        if addresses.is_empty() {
                            "none".to_owned()
                        } else {
                            addresses.join(", ")
                        },
                    ),
                ],
            })
        })
        .collect();
    if !found.is_empty() {
        let idle = idle(config);
        found.retain(|one| !idle.contains(one.name.as_str()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The clusters of an object with the names that the object gives them.
fn of_config<'a>(
    clusters: &'a [EnvoyCluster],
    config: &CiliumEnvoyConfig,
) -> impl Iterator<Item = (&'a str, &'a EnvoyCluster)> {
    let prefix = format!("{}/{}/", config.metadata.namespace, config.metadata.name);
    clusters
        .iter()
        .filter_map(move |cluster| Some((cluster.name.strip_prefix(&prefix)?, cluster)))
}

/// The clusters that an object names and that answer no request: they have weight 0 wherever they are named, or get
/// copies only (`requestMirrorPolicies`).
fn idle(config: &CiliumEnvoyConfig) -> BTreeSet<&str> {
    let mut asked: BTreeMap<&str, bool> = BTreeMap::new();
    let mut note = |(name, by_requests)| *asked.entry(name).or_default() |= by_requests;
    resources(config, "envoy.config.route.v3.RouteConfiguration")
        .flat_map(|routes| list(&routes["virtualHosts"]))
        .flat_map(|host| list(&host["routes"]))
        .for_each(|route| {
            let action = &route["route"];
            destinations(action).for_each(&mut note);
            list(&action["requestMirrorPolicies"])
                .filter_map(|copy| copy["cluster"].as_str())
                .for_each(|name| note((name, false)));
        });
    resources(config, "envoy.config.listener.v3.Listener")
        .flat_map(|listener| list(&listener["filterChains"]))
        .flat_map(|chain| list(&chain["filters"]))
        .flat_map(|filter| destinations(&filter["typedConfig"]))
        .for_each(note);
    asked
        .into_iter()
        .filter(|(_, asked)| !asked)
        .map(|(name, _)| name)
        .collect()
}

/// The Service of a cluster: `shop:web:80` is `web` in `shop`.
pub fn service(cluster: &str) -> Option<(&str, &str)> {
    let (namespace, rest) = cluster.split_once(':')?;
    let (name, _) = rest.split_once(':')?;
    Some((namespace, name))
}
