//! What the operator made of a Gateway's routes: the host names and clusters of its CiliumEnvoyConfigs.

use crate::check::workload::chains::resources;
use crate::model::kubernetes::gateway::Listener;
use crate::model::kubernetes::{CiliumEnvoyConfig, Gateway, Route};
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
/// names). Cilium leaves a host name out rightly where no listener that the route names admits it, or another listener
/// is more specific, and accepts the route all the same. A route of which no host name is left it skips whole, backends and
/// all (operator/pkg/model/ingestion/gateway.go, `toHTTPRoutes`), so that nothing of it is missing. Paths are not compared:
/// their form in Envoy differs between versions.
pub(super) fn missing(translated: &Translated, gateway: &Gateway, route: &Route) -> Option<String> {
    let hosts = &route.spec.hostnames;
    let is_served = |host: &String| {
        host.contains('*') || translated.domains.contains(&host.to_ascii_lowercase())
    };
    let due: Vec<&str> = hosts
        .iter()
        .map(String::as_str)
        .filter(|host| is_due(gateway, route, host))
        .collect();
    if due.is_empty() && !hosts.is_empty() {
        return None;
    }
    if !hosts.is_empty() && !hosts.iter().any(is_served) {
        return Some(format!("host {}", due.join(" or ")));
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

/// Whether a listener that the route names admits the host, and none admits it more narrowly; or whether the host is a
/// wildcard with such a listener's name under it, which no other listener takes away (operator/pkg/model/helpers.go, `ComputeHosts`).
fn is_due(gateway: &Gateway, route: &Route, host: &str) -> bool {
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let is_named = |listener: &&Listener| {
        route.spec.parent_refs.iter().any(|parent| {
            let section = parent.section_name.as_deref();
            route.means(parent, namespace, name)
                && section.is_none_or(|section| section == listener.name)
                && parent.port.is_none_or(|port| port == listener.port)
        })
    };
    let listeners = &gateway.spec.listeners;
    let named = || listeners.iter().filter(is_named);
    if named().any(|listener| is_under(listener, host)) {
        return true;
    }
    let best = named().filter_map(|listener| admits(listener, host)).max();
    let narrowest = listeners
        .iter()
        .filter_map(|listener| admits(listener, host))
        .max();
    best.is_some() && best == narrowest
}

/// How narrowly a listener admits a host name; `None` if not at all. A name is narrower than any wildcard.
fn admits(listener: &Listener, host: &str) -> Option<usize> {
    let host = host.to_ascii_lowercase();
    match listener.hostname.as_deref().map(str::to_ascii_lowercase) {
        None => Some(0),
        Some(hostname) if hostname.is_empty() => Some(0),
        Some(hostname) if hostname == host => Some(usize::MAX),
        Some(hostname) => {
            let suffix = hostname.strip_prefix('*')?;
            host.ends_with(suffix).then_some(suffix.len())
        }
    }
}

/// Whether a listener has a plain name that a wildcard host covers.
fn is_under(listener: &Listener, host: &str) -> bool {
    let hostname = listener.hostname.as_deref().unwrap_or_default();
    host.strip_prefix('*').is_some_and(|suffix| {
        !hostname.starts_with('*')
            && hostname
                .to_ascii_lowercase()
                .ends_with(&suffix.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::{Listener, Translated, admits, is_due, missing};
    use crate::model::kubernetes::{Gateway, Route};
    use serde_json::json;

    #[test]
    fn a_name_is_narrower_than_a_wildcard_and_that_than_none() {
        let of = |hostname: Option<&str>| Listener {
            hostname: hostname.map(str::to_owned),
            ..Listener::default()
        };
        assert_eq!(admits(&of(None), "a.example.com"), Some(0));
        assert_eq!(
            admits(&of(Some("*.example.com")), "A.example.com"),
            Some(12)
        );
        assert_eq!(
            admits(&of(Some("a.example.com")), "a.example.com"),
            Some(usize::MAX)
        );
        assert_eq!(admits(&of(Some("*.example.com")), "example.com"), None);
        assert_eq!(admits(&of(Some("b.example.com")), "a.example.com"), None);
    }

    fn gateway() -> Gateway {
        serde_json::from_value(json!({
            "metadata": {"name": "g", "namespace": "n"},
            "spec": {"listeners": [
                {"name": "wide", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"},
                {"name": "narrow", "port": 80, "protocol": "HTTP", "hostname": "a.example.com"},
            ]},
        }))
        .unwrap()
    }

    #[test]
    fn a_route_without_a_due_host_lacks_nothing() {
        let gateway = gateway();
        let nothing = Translated::of(std::iter::empty());
        let lacks = |section: &str, hosts: &[&str]| {
            let route: Route = serde_json::from_value(json!({
                "metadata": {"namespace": "n"},
                "spec": {
                    "parentRefs": [{"name": "g", "sectionName": section}],
                    "hostnames": hosts,
                    "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
                },
            }))
            .unwrap();
            missing(&nothing, &gateway, &route)
        };
        let backend = Some("backend n:web:80".to_owned());
        assert_eq!(lacks("wide", &["a.example.com"]), None);
        assert_eq!(
            lacks("narrow", &["b.example.com", "*.example.org"]),
            None,
            "the listener has no name under the wildcard"
        );
        assert_eq!(lacks("narrow", &["*.Example.com"]), backend);
        assert_eq!(lacks("wide", &["*.b.example.com"]), backend);
        assert_eq!(lacks("wide", &[]), backend);
    }

    #[test]
    fn a_host_is_due_where_the_route_attaches() {
        let gateway = gateway();
        let route = |parent: serde_json::Value| -> Route {
            serde_json::from_value(json!({
                "metadata": {"namespace": "n"}, "spec": {"parentRefs": [parent]},
            }))
            .unwrap()
        };
        let anywhere = route(json!({"name": "g"}));
        assert!(is_due(&gateway, &anywhere, "a.example.com"));
        assert!(is_due(&gateway, &anywhere, "b.example.com"));
        let wide = route(json!({"name": "g", "sectionName": "wide"}));
        assert!(
            !is_due(&gateway, &wide, "a.example.com"),
            "the narrow one has it"
        );
        assert!(is_due(&gateway, &wide, "b.example.com"));
        let narrow = route(json!({"name": "g", "sectionName": "narrow"}));
        assert!(
            !is_due(&gateway, &narrow, "b.example.com"),
            "it does not admit it"
        );
    }
}
