//! `Status` objects, with the reasons and messages of a real API server.

use serde_json::{Value, json};

use super::http::Response;
use super::request::{Request, ResourcePath};

/// A failure as a `Status` object. `details` is left out when null.
pub(super) fn failure(code: u16, reason: &str, message: &str, details: Value) -> Response {
    let mut body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    });
    if !details.is_null() {
        body["details"] = details;
    }
    Response::json(code, &body)
}

/// What the API server says when it refuses this request with this code. Codes it has no standard
/// text for are answered as an internal error with that code.
pub(super) fn refusal(code: u16, retry_after: Option<u32>, request: &Request) -> Response {
    let path = ResourcePath::parse(request.path()).unwrap_or_default();
    let seconds = retry_after.map_or(Value::Null, |s| json!({"retryAfterSeconds": s}));
    let mut response = match code {
        400 => failure(
            400,
            "BadRequest",
            "the server rejected our request for an unknown reason",
            seconds,
        ),
        401 => failure(401, "Unauthorized", "Unauthorized", seconds),
        403 => forbidden(request, &path),
        404 => not_found(&path),
        410 => failure(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
            seconds,
        ),
        429 => failure(
            429,
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
            seconds,
        ),
        503 => failure(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
            seconds,
        ),
        504 => failure(
            504,
            "Timeout",
            "the server was unable to return a response in the time allotted, but may still be processing the request",
            seconds,
        ),
        other => failure(
            other,
            "InternalError",
            "Internal error occurred: the cluster double was told to fail",
            seconds,
        ),
    };
    response.retry_after = retry_after;
    response
}

/// `services is forbidden: User "…" cannot list resource "services" in API group "" …`.
pub(super) fn forbidden(request: &Request, path: &ResourcePath) -> Response {
    let subject = if path.name.is_empty() {
        path.qualified_resource()
    } else {
        format!("{} {:?}", path.qualified_resource(), path.name)
    };
    let resource = if path.subresource.is_empty() {
        path.resource.clone()
    } else {
        format!("{}/{}", path.resource, path.subresource)
    };
    let scope = if path.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", path.namespace)
    };
    let message = format!(
        "{subject} is forbidden: User {:?} cannot {} resource {resource:?} in API group {:?} {scope}",
        request.user(),
        verb(request, path),
        path.group,
    );
    failure(403, "Forbidden", &message, details(path))
}

/// `services "absent" not found`.
pub(super) fn not_found(path: &ResourcePath) -> Response {
    let message = format!("{} {:?} not found", path.qualified_resource(), path.name);
    failure(404, "NotFound", &message, details(path))
}

/// A `BadRequest` with this message.
pub(super) fn bad_request(message: &str) -> Response {
    failure(400, "BadRequest", message, Value::Null)
}

/// An `InternalError` with this message, as of a kubelet that cannot be reached.
pub(super) fn internal_error(message: &str) -> Response {
    let message = format!("Internal error occurred: {message}");
    failure(500, "InternalError", &message, Value::Null)
}

fn details(path: &ResourcePath) -> Value {
    let mut details = serde_json::Map::new();
    let fields = [
        ("name", &path.name),
        ("group", &path.group),
        ("kind", &path.resource),
    ];
    for (key, value) in fields {
        if !value.is_empty() {
            details.insert(key.to_owned(), value.clone().into());
        }
    }
    Value::Object(details)
}

fn verb(request: &Request, path: &ResourcePath) -> &'static str {
    match request.method.as_str() {
        // Exec over WebSocket is a GET and authorised as a creation.
        "GET" if path.subresource == "exec" => "create",
        "GET" if path.name.is_empty() => "list",
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "use",
    }
}
