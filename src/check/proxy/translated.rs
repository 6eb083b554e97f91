//! What the operator made of a Gateway's routes: the host names and clusters of its CiliumEnvoyConfigs.

use crate::check::workload::chains::resources;
use crate::model::kubernetes::{CiliumEnvoyConfig, Route};
use std::collections::BTreeSet;

/// Host names and clusters, in lower case.
pub(super) struct Translated {
    domains: BTreeSet<String>,
    clusters: BTreeSet<String>,
}

impl Translated {
    /// What a Gateway's CiliumEnvoyConfigs hold.
    pub(super) fn of<'a>(configs: impl Iterator<Item = &'a CiliumEnvoyConfig>) -> Self {
        let (mut domains, mut clusters) = (BTreeSet::new(), BTreeSet::new());
        for config in configs {
            domains.extend(
                resources(config, "envoy.config.route.v3.RouteConfiguration")
                    .flat_map(|routes| routes["virtualHosts"].as_array().into_iter().flatten())
                    .flat_map(|host| host["domains"].as_array().into_iter().flatten())
                    .filter_map(|domain| domain.as_str())
                    // Each host name is there twice: alone, and with any port.
                    .map(|domain| domain.strip_suffix(":*").unwrap_or(domain))
                    .map(str::to_ascii_lowercase),
            );
            clusters.extend(
                resources(config, "envoy.config.cluster.v3.Cluster")
                    .filter_map(|cluster| cluster["name"].as_str())
                    // Early operators write `<namespace>/<service>:<port>`.
                    .map(|name| name.replacen('/', ":", 1).to_ascii_lowercase()),
            );
        }
        Self { domains, clusters }
    }
}

/// The host names or the backend of an accepted route that are nowhere to be found, in words.
///
/// A host name without a wildcard reaches Envoy as it is, whatever the listener's (Gateway API, intersection of host
/// names). Some of a route's may be left out rightly, where a listener does not admit them, but not all, or the route would not
/// be accepted. Paths are not compared: their form in Envoy differs between versions.
pub(super) fn missing(translated: &Translated, route: &Route) -> Option<String> {
    let hosts = &route.spec.hostnames;
    let is_served = |host: &String| {
        host.contains('*') || translated.domains.contains(&host.to_ascii_lowercase())
    };
    if !hosts.is_empty() && !hosts.iter().any(is_served) {
        return Some(format!("host {}", hosts.join(" or ")));
    }
    route
        .spec
        .rules
        .iter()
        .flat_map(|rule| &rule.backend_refs)
        .filter(|backend| backend.is_used_service())
        .filter_map(|backend| {
            let namespace = backend.namespace.as_deref();
            let namespace = namespace.unwrap_or(&route.metadata.namespace);
            Some(format!("{namespace}:{}:{}", backend.name, backend.port?))
        })
        .find(|name| !translated.clusters.contains(name))
        .map(|name| format!("backend {name}"))
}
