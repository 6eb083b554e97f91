//! Where Kubernetes documents go in the bundle, and what is left out of them.
//!
//! The name says whether a document proves absence: `<plural>.json` and its
//! further pages `<plural>.2.json`, … are lists; what is in a folder
//! `<plural>/` are single objects, and nothing follows from their number.

use super::kinds::Kind;
use serde_json::{Map, Value, json};

fn folder(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("kubernetes/{namespace}"),
        None => "kubernetes".to_owned(),
    }
}

/// A page, from 1, of a complete list.
pub(super) fn page(kind: &Kind, namespace: Option<&str>, number: usize) -> String {
    let folder = folder(namespace);
    match number {
        1 => format!("{folder}/{}.json", kind.plural),
        _ => format!("{folder}/{}.{number}.json", kind.plural),
    }
}

/// One object, or the part of a list that `name` describes.
pub(super) fn part(kind: &Kind, namespace: Option<&str>, name: &str) -> String {
    format!("{}/{}/{name}.json", folder(namespace), kind.plural)
}

/// The list of a kind that the API server does not know: there is no object of it.
pub(super) fn empty_list(kind: &Kind) -> Value {
    let version = kind.versions.first().copied().unwrap_or("v1");
    serde_json::json!({
        "apiVersion": kind.api_version(version),
        "kind": format!("{}List", kind.name),
        "metadata": {},
        "items": [],
    })
}

/// An item of a list as an object that stands alone: built-in kinds leave kind and version to the list.
pub(super) fn whole(kind: &Kind, version: &str, item: &Value) -> Value {
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), kind.api_version(version).into());
    object.insert("kind".to_owned(), kind.name.into());
    if let Value::Object(fields) = item {
        object.extend(
            fields
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    Value::Object(object)
}

/// Keeps who wrote an object and when, and the names at the top of its spec: the trees of fields are larger than the
/// object itself.
pub(super) fn prune(object: &mut Value) {
    let Some(Value::Array(writers)) = object.pointer_mut("/metadata/managedFields") else {
        return;
    };
    for writer in writers {
        if let Value::Object(fields) = writer {
            let spec: Option<Map<String, Value>> = fields
                .get("fieldsV1")
                .and_then(|tree| tree.get("f:spec"))
                .and_then(Value::as_object)
                .map(|spec| spec.keys().map(|name| (name.clone(), json!({}))).collect());
            let mut kept: Map<String, Value> = ["manager", "operation", "time"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), fields.remove(key)?)))
                .collect();
            if let Some(spec) = spec {
                kept.insert("fieldsV1".to_owned(), json!({"f:spec": spec}));
            }
            *fields = kept;
        }
    }
}

/// Compact JSON with a closing line break. A `Value` always serialises.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = value.to_string().into_bytes();
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::{empty_list, page, part, prune, whole};
    use crate::collect::kube::kinds::{GATEWAYS, NODES, SERVICES};
    use serde_json::json;

    #[test]
    fn names_tell_lists_from_parts() {
        assert_eq!(page(&NODES, None, 1), "kubernetes/nodes.json");
        assert_eq!(
            page(&SERVICES, Some("a"), 3),
            "kubernetes/a/services.3.json"
        );
        assert_eq!(
            part(&SERVICES, Some("a"), "2"),
            "kubernetes/a/services/2.json"
        );
    }

    #[test]
    fn an_unknown_kind_is_an_empty_typed_list() {
        let list = empty_list(&GATEWAYS);
        assert_eq!(list["apiVersion"], "gateway.networking.k8s.io/v1");
        assert_eq!(list["kind"], "GatewayList");
        assert_eq!(list["items"], json!([]));
    }

    #[test]
    fn an_item_stands_alone_and_keeps_what_it_says_itself() {
        let item = json!({"metadata": {"name": "a"}});
        assert_eq!(
            whole(&SERVICES, "v1", &item),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})
        );
        let newer = json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "Gateway"});
        assert_eq!(whole(&GATEWAYS, "v1", &newer), newer);
    }

    #[test]
    fn writers_stay_without_their_fields() {
        let mut object = json!({"metadata": {"name": "a", "managedFields": [
            {"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z", "apiVersion": "v1", "fieldsV1": {"f:data": {}}},
        ]}});
        prune(&mut object);
        assert_eq!(
            object["metadata"]["managedFields"],
            json!([{"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z"}])
        );
        let mut edited = json!({"metadata": {"managedFields": [
            {"manager": "kubectl-edit", "fieldsV1": {"f:metadata": {}, "f:spec": {"f:ports": {"k:{}": {".": {}}}}}},
        ]}});
        prune(&mut edited);
        assert_eq!(
            edited["metadata"]["managedFields"],
            json!([{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:ports": {}}}}])
        );
        let mut plain = json!({"metadata": {"name": "a"}});
        prune(&mut plain);
        assert_eq!(plain, json!({"metadata": {"name": "a"}}));
    }
}
