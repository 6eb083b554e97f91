//! What Envoy answers to a plain request of a path without a host name: the route that takes it.
//!
//! A health check has no header that a route could ask for, and its host is an address, which only the
//! virtual host `*` takes.

use super::chains::resources;
use crate::model::kubernetes::CiliumEnvoyConfig;
use serde_json::Value;

/// What Envoy does with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// No virtual host takes an address as host name: 404.
    NoHost,
    /// A virtual host does, and none of its routes takes the path: 404.
    NoRoute,
    /// It answers by itself with this code: a redirect or a fixed answer.
    Code(u16),
    /// It asks these clusters of the object.
    Clusters(Vec<String>),
    /// The text says what in the routes cannot be followed here.
    Unread(&'static str),
}

/// What the routes behind a filter chain do with `path`; `None` where they are not in the object.
pub fn answer(config: &CiliumEnvoyConfig, chain: &Value, path: &str) -> Option<Answer> {
    let name = chain["filters"]
        .as_array()?
        .iter()
        .find_map(|filter| filter["typedConfig"]["rds"]["routeConfigName"].as_str())?;
    let routes = resources(config, "envoy.config.route.v3.RouteConfiguration")
        .find(|one| one["name"] == *name)?;
    let host = list(&routes["virtualHosts"])
        .find(|host| list(&host["domains"]).any(|domain| domain == "*"));
    let Some(host) = host else {
        return Some(Answer::NoHost);
    };
    for route in list(&host["routes"]) {
        match takes(&route["match"], path) {
            Some(true) => return Some(action(route)),
            Some(false) => {}
            None => return Some(Answer::Unread("a route matches by a regular expression")),
        }
    }
    Some(Answer::NoRoute)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether a route takes a path; `None` when that cannot be told without a regular expression.
fn takes(rule: &Value, path: &str) -> Option<bool> {
    let asks = |field: &str| rule[field].as_array().is_some_and(|all| !all.is_empty());
    // The check sends no header and no parameter of its own; matchers for those do not concern it.
    if asks("headers") || asks("queryParameters") {
        return Some(false);
    }
    if let Some(prefix) = rule["prefix"].as_str() {
        return Some(path.starts_with(prefix));
    }
    if let Some(whole) = rule["path"].as_str() {
        return Some(path == whole);
    }
    if let Some(prefix) = rule["pathSeparatedPrefix"].as_str() {
        let rest = path.strip_prefix(prefix);
        return Some(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    }
    None
}

fn action(route: &Value) -> Answer {
    if let Some(redirect) = route.get("redirect") {
        return Answer::Code(match redirect["responseCode"].as_str() {
            Some("FOUND") => 302,
            Some("SEE_OTHER") => 303,
            Some("TEMPORARY_REDIRECT") => 307,
            Some("PERMANENT_REDIRECT") => 308,
            _ => 301,
        });
    }
    if let Some(code) = route["directResponse"]["status"].as_u64() {
        return u16::try_from(code).map_or(
            Answer::Unread("a route answers with no HTTP code"),
            Answer::Code,
        );
    }
    let to = &route["route"];
    let clusters: Vec<String> = to["cluster"]
        .as_str()
        .into_iter()
        .chain(list(&to["weightedClusters"]["clusters"]).filter_map(|one| one["name"].as_str()))
        .map(str::to_owned)
        .collect();
    if clusters.is_empty() {
        Answer::Unread("a route leads to no cluster of the object")
    } else {
        Answer::Clusters(clusters)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, answer};
    use crate::model::kubernetes::CiliumEnvoyConfig;
    use serde_json::{Value, json};

    fn asked(routes: Value, domain: &str, path: &str) -> Answer {
        let mut config = CiliumEnvoyConfig::default();
        config.spec.resources = vec![json!({
            "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": "r",
            "virtualHosts": [{"domains": [domain], "routes": routes}]})];
        let chain = json!({"filters": [{"typedConfig": {"rds": {"routeConfigName": "r"}}}]});
        answer(&config, &chain, path).unwrap()
    }

    #[test]
    fn the_first_route_that_takes_the_path_answers() {
        let routes = json!([
            {"match": {"path": "/a"}, "directResponse": {"status": 500}},
            {"match": {"pathSeparatedPrefix": "/b"}, "redirect": {"responseCode": "FOUND"}},
            {"match": {"prefix": "/", "headers": [{"name": "x"}]}, "route": {"cluster": "no"}},
            {"match": {"prefix": "/c"}, "route": {"weightedClusters": {"clusters": [{"name": "x"}, {"name": "y"}]}}}]);
        for (path, expected) in [
            ("/a", Answer::Code(500)),
            ("/b/c", Answer::Code(302)),
            ("/bc", Answer::NoRoute),
            (
                "/cc",
                Answer::Clusters(vec!["x".to_owned(), "y".to_owned()]),
            ),
            ("/", Answer::NoRoute),
        ] {
            assert_eq!(asked(routes.clone(), "*", path), expected, "{path}");
        }
        assert_eq!(asked(routes, "a.example", "/a"), Answer::NoHost);
    }

    #[test]
    fn regular_expressions_are_not_guessed() {
        let routes = json!([{"match": {"safeRegex": {"regex": "/.*"}}, "route": {"cluster": "a"}}]);
        assert!(matches!(asked(routes, "*", "/"), Answer::Unread(_)));
    }
}
