//! What Envoy answers to a plain request of a path without a host name: the route that takes it.
//!
//! A health check is a GET, and its host is an address, which only the virtual host `*` takes. Of the headers that
//! a route could ask for it has those that every client or Envoy itself sets, and their values are not known here.

use super::chains::routes;
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
    let host = list(&routes(config, chain)?["virtualHosts"])
        .find(|host| list(&host["domains"]).any(|domain| domain == "*"));
    let Some(host) = host else {
        return Some(Answer::NoHost);
    };
    for route in list(&host["routes"]) {
        match takes(&route["match"], path) {
            Ok(true) => return Some(action(route)),
            Ok(false) => {}
            Err(why) => return Some(Answer::Unread(why)),
        }
    }
    Some(Answer::NoRoute)
}

/// The items of a list; none where the value is no list.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether a route takes the check of a path, or why that cannot be told.
///
/// All conditions have to hold, so one that certainly does not decides, whatever the others say.
fn takes(rule: &Value, path: &str) -> Result<bool, &'static str> {
    // Envoy compares paths without what follows them (source/common/common/matchers.cc, PathMatcher::match).
    let (bare, query) = match path.find(['?', '#']) {
        Some(at) => (&path[..at], path[at..].starts_with('?')),
        None => (path, false),
    };
    let parameters = list(&rule["queryParameters"]).map(|_| {
        if query {
            Err("a route asks for a parameter, and the check's path has some")
        } else {
            Ok(false)
        }
    });
    let beyond = BEYOND
        .iter()
        .filter(|field| rule.get(**field).is_some())
        .map(|_| Err("a route asks for more than path, headers and parameters"));
    let mut unread = Ok(true);
    for condition in list(&rule["headers"])
        .map(has_header)
        .chain(parameters)
        .chain(beyond)
        .chain([on_path(rule, bare)])
    {
        match condition {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => unread = Err(why),
        }
    }
    unread
}

/// Conditions of a route that are not followed here (envoy.config.route.v3.RouteMatch).
const BEYOND: [&str; 6] = [
    "runtimeFraction",
    "grpc",
    "tlsContext",
    "dynamicMetadata",
    "filterState",
    "cookies",
];

/// Headers that a health check brings itself, and the first letters of those that Envoy sets before it looks for a route.
const SENT: [&str; 5] = [
    "host",
    "user-agent",
    "connection",
    "accept",
    "accept-encoding",
];
const SET: [&str; 3] = ["x-forwarded-", "x-envoy-", "x-request-id"];

/// Whether the check has a header that a route asks for.
///
/// The operator writes the method of a route as the header `:method` (envoy_virtual_host.go, getHeaderMatchers).
fn has_header(matcher: &Value) -> Result<bool, &'static str> {
    let name = matcher["name"].as_str().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let reversed = matcher["invertMatch"] == true
        || matcher["presentMatch"] == false
        || matcher["treatMissingHeaderAsEmpty"] == true;
    let known = SENT.contains(&name.as_str()) || SET.iter().any(|start| name.starts_with(start));
    let exact = matcher["stringMatch"]["exact"]
        .as_str()
        .or_else(|| matcher["exactMatch"].as_str());
    match (name.as_str(), exact) {
        _ if reversed => Err("a route asks for the absence of a header"),
        (":method", Some(method)) => Ok(method == "GET"),
        (name, _) if known || name.is_empty() || name.starts_with(':') => {
            Err("a route asks for a header that a check may have")
        }
        _ => Ok(false),
    }
}

/// Whether the path condition of a route holds.
fn on_path(rule: &Value, path: &str) -> Result<bool, &'static str> {
    if rule["caseSensitive"] == false {
        return Err("a route compares paths whatever their case");
    }
    if let Some(prefix) = rule["prefix"].as_str() {
        return Ok(path.starts_with(prefix));
    }
    if let Some(whole) = rule["path"].as_str() {
        return Ok(path == whole);
    }
    if let Some(prefix) = rule["pathSeparatedPrefix"].as_str() {
        let rest = path.strip_prefix(prefix);
        return Ok(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    }
    Err("a route matches by a regular expression")
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
    let clusters: Vec<String> = destinations(&route["route"])
        .filter(|(_, asked)| *asked)
        .map(|(name, _)| name.to_owned())
        .collect();
    if clusters.is_empty() {
        Answer::Unread("a route leads to no cluster of the object")
    } else {
        Answer::Clusters(clusters)
    }
}

/// The clusters that the action of a route or a TCP proxy names, and whether requests go to them: none do with weight 0.
pub fn destinations(action: &Value) -> impl Iterator<Item = (&str, bool)> {
    let one = action["cluster"].as_str().map(|name| (name, true));
    let weighted = list(&action["weightedClusters"]["clusters"])
        .filter_map(|one| Some((one["name"].as_str()?, one["weight"] != 0)));
    one.into_iter().chain(weighted)
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
    fn a_check_is_a_get_of_the_path_without_its_query() {
        let of = |matcher: Value| {
            let routes = json!([{"match": matcher, "directResponse": {"status": 200}}]);
            asked(routes, "*", "/healthz?full=1")
        };
        let header = |matcher: Value| of(json!({"prefix": "/", "headers": [matcher]}));
        let taken = Answer::Code(200);
        assert_eq!(of(json!({"path": "/healthz"})), taken);
        assert_eq!(
            header(json!({"name": ":method", "stringMatch": {"exact": "GET"}})),
            taken
        );
        assert_eq!(
            header(json!({"name": ":method", "stringMatch": {"exact": "POST"}})),
            Answer::NoRoute
        );
        assert_eq!(
            of(json!({"safeRegex": {"regex": "/.*"}, "headers": [{"name": "x-version"}]})),
            Answer::NoRoute
        );
        for matcher in [
            json!({"name": ":authority", "stringMatch": {"safeRegex": {"regex": ".*"}}}),
            json!({"name": "x-version", "invertMatch": true}),
            json!({"name": "x-version", "presentMatch": false}),
            json!({"name": "User-Agent", "stringMatch": {"prefix": "ELB-"}}),
        ] {
            assert!(
                matches!(header(matcher.clone()), Answer::Unread(_)),
                "{matcher}"
            );
        }
        assert!(matches!(
            of(json!({"prefix": "/", "queryParameters": [{"name": "full"}]})),
            Answer::Unread(_)
        ));
    }

    #[test]
    fn no_request_goes_to_a_cluster_of_weight_zero() {
        let routes = json!([{"match": {"prefix": "/"}, "route": {"weightedClusters": {"clusters": [
            {"name": "stable", "weight": 100}, {"name": "canary", "weight": 0}]}}}]);
        assert_eq!(
            asked(routes, "*", "/"),
            Answer::Clusters(vec!["stable".to_owned()])
        );
    }

    #[test]
    fn regular_expressions_are_not_guessed() {
        let routes = json!([{"match": {"safeRegex": {"regex": "/.*"}}, "route": {"cluster": "a"}}]);
        assert!(matches!(asked(routes, "*", "/"), Answer::Unread(_)));
    }
}
