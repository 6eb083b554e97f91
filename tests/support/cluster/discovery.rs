//! Discovery: the version, the groups, and the resources of each group and version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::http::Response;
use super::kinds::Kind;
use super::router::unknown_path;
use super::state::State;

/// The version the double claims. Exec over WebSocket with `v5.channel.k8s.io` is the default of
/// kubectl from 1.31 on.
const VERSION: &str = "v1.33.1";

/// The answer of the discovery and health paths; `None` for all other paths.
pub(super) fn answer(state: &State, path: &str) -> Option<Response> {
    let absent = state.absent_crds.lock().expect("the absent CRDs").clone();
    let kinds: Vec<&Kind> = state.kinds.served(&absent).collect();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => Response::text(200, "ok"),
        ["version"] => Response::json(200, &version()),
        ["api"] => Response::json(200, &json!({"kind": "APIVersions", "versions": ["v1"]})),
        ["apis"] => {
            let groups: Vec<Value> = groups(&kinds).iter().map(group).collect();
            let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups});
            Response::json(200, &list)
        }
        ["apis", name] => match groups(&kinds).iter().find(|(group, _)| *group == name) {
            Some(found) => {
                let mut found = group(found);
                found["kind"] = "APIGroup".into();
                found["apiVersion"] = "v1".into();
                Response::json(200, &found)
            }
            None => unknown_path(),
        },
        ["api", version] => resources(&kinds, "", version),
        ["apis", group, version] => resources(&kinds, group, version),
        _ => return None,
    })
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "33",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-05-15T08:19:08Z",
        "goVersion": "go1.24.2",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// The named groups with their versions, the preferred one first.
fn groups(kinds: &[&Kind]) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    groups.insert("authorization.k8s.io".to_owned(), vec!["v1".to_owned()]);
    for kind in kinds.iter().filter(|kind| !kind.group.is_empty()) {
        let versions = groups.entry(kind.group.clone()).or_default();
        for version in &kind.versions {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
    }
    for versions in groups.values_mut() {
        versions.sort_by_key(|version| (!is_stable(version), version.clone()));
    }
    groups
}

fn is_stable(version: &str) -> bool {
    !version.contains("alpha") && !version.contains("beta")
}

fn group((name, versions): (&String, &Vec<String>)) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions[0]})
}

fn resources(kinds: &[&Kind], group: &str, version: &str) -> Response {
    if (group, version) == ("authorization.k8s.io", "v1") {
        return list("authorization.k8s.io/v1", reviews());
    }
    let served = kinds
        .iter()
        .filter(|kind| kind.group == group && kind.versions.iter().any(|v| v == version));
    let mut resources = Vec::new();
    let mut seen = BTreeSet::new();
    for kind in served {
        if seen.insert(&kind.plural) {
            resources.push(resource(kind));
        }
        if kind.kind == "Pod" {
            resources.push(json!({"name": "pods/exec", "singularName": "", "namespaced": true, "kind": "PodExecOptions", "verbs": ["create", "get"]}));
            resources.push(json!({"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]}));
        }
    }
    if resources.is_empty() {
        return unknown_path();
    }
    let name = format!("{group}/{version}");
    list(name.trim_start_matches('/'), resources)
}

fn resource(kind: &Kind) -> Value {
    let mut resource = json!({
        "name": kind.plural,
        "singularName": kind.kind.to_lowercase(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": ["get", "list"],
    });
    if !kind.short_names.is_empty() {
        resource["shortNames"] = kind.short_names.clone().into();
    }
    resource
}

fn reviews() -> Vec<Value> {
    [
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ]
    .map(|(name, kind)| {
        json!({"name": name, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind, "verbs": ["create"]})
    })
    .to_vec()
}

fn list(group_version: &str, resources: Vec<Value>) -> Response {
    let list = json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    });
    Response::json(200, &list)
}
