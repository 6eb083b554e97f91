//! Access reviews: everything is allowed, except what the faults refuse with 403.
//!
//! Reviews are read as JSON, as kube sends them; `kubectl auth can-i` sends protobuf and is told so.

use serde_json::{Value, json};

use super::http::Response;
use super::objects::text;
use super::request::{Request, ResourcePath};
use super::state::State;
use super::status;

/// The answer to the creation of a review; `None` for all other requests.
pub(super) fn answer(state: &State, request: &Request, path: &ResourcePath) -> Option<Response> {
    if path.group != "authorization.k8s.io" || path.version != "v1" || request.method != "POST" {
        return None;
    }
    if request
        .header("content-type")
        .is_some_and(|media| media.contains("protobuf"))
    {
        return Some(status::failure(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json",
            Value::Null,
        ));
    }
    let Ok(mut review) = serde_json::from_slice::<Value>(&request.body) else {
        return Some(status::bad_request(
            "the body of the review is not a JSON object",
        ));
    };
    review["status"] = match path.resource.as_str() {
        "selfsubjectaccessreviews" => {
            let allowed = allows(state, &review["spec"]["resourceAttributes"]);
            json!({"allowed": allowed})
        }
        "selfsubjectrulesreviews" => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        }),
        _ => return None,
    };
    Some(Response::json(201, &review))
}

fn allows(state: &State, asked: &Value) -> bool {
    let faults = state.faults.lock().expect("the faults");
    let resource = text(asked, "/resource");
    if resource == "pods" && text(asked, "/subresource") == "exec" && faults.forbids_exec() {
        return false;
    }
    let root = match text(asked, "/group") {
        "" => "/api/v1".to_owned(),
        group => {
            let version = match text(asked, "/version") {
                "" | "*" => state.kinds.preferred_version(group, resource),
                version => version,
            };
            format!("/apis/{group}/{version}")
        }
    };
    let scope = match text(asked, "/namespace") {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    !faults.forbids_path(&format!("{root}{scope}/{resource}"))
}
