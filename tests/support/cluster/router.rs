//! From a request to its reply: who asks, faults, then what the path names.

use super::discovery;
use super::exec::Session;
use super::faults::RequestAction;
use super::http::Response;
use super::kinds::Kind;
use super::list;
use super::pods;
use super::request::{Request, ResourcePath};
use super::review;
use super::state::{State, TOKEN};
use super::status;

/// What a connection does about a request.
pub(super) enum Reply {
    /// Sends this and reads on.
    Response(Response),
    /// Becomes an exec stream.
    Exec(Session),
    /// Says nothing and stays open.
    Silence,
}

/// Records the request, applies the faults and finds the reply.
pub(super) async fn reply(state: &State, request: &Request) -> Reply {
    state
        .requests
        .lock()
        .expect("the request log")
        .push(request.record());
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Reply::Response(status::refusal(401, None, request));
    }
    let continued = request.parameter("continue").is_some_and(|c| !c.is_empty());
    let actions = {
        let mut faults = state.faults.lock().expect("the faults");
        faults.take_request(request.path(), continued)
    };
    for action in actions {
        match action {
            RequestAction::Delay(time) => tokio::time::sleep(time).await,
            RequestAction::Hang => return Reply::Silence,
            RequestAction::Answer { code, retry_after } => {
                return Reply::Response(status::refusal(code, retry_after, request));
            }
            RequestAction::Raw {
                code,
                content_type,
                body,
            } => {
                return Reply::Response(Response {
                    content_type,
                    ..Response::text(code, body)
                });
            }
        }
    }
    answer(state, request)
}

fn answer(state: &State, request: &Request) -> Reply {
    if let Some(response) = discovery::answer(state, request.path()) {
        return Reply::Response(response);
    }
    let Some(path) = ResourcePath::parse(request.path()) else {
        return Reply::Response(unknown_path());
    };
    if let Some(response) = review::answer(state, request, &path) {
        return Reply::Response(response);
    }
    let absent = state.absent_crds.lock().expect("the absent CRDs").clone();
    let kind = state.kinds.served(&absent).find(|kind| {
        kind.group == path.group
            && kind.plural == path.resource
            && kind.versions.contains(&path.version)
    });
    let Some(kind) = kind else {
        return Reply::Response(unknown_path());
    };
    if !kind.namespaced && !path.namespace.is_empty() {
        return Reply::Response(unknown_path());
    }
    match (kind.kind.as_str(), path.subresource.as_str()) {
        ("Pod", "exec") => pods::exec(state, request, &path),
        (_, _) if request.method != "GET" => Reply::Response(read_only()),
        ("Pod", "log") => Reply::Response(pods::log(state, request, &path)),
        (_, "") => Reply::Response(read(state, request, &path, kind)),
        (_, _) => Reply::Response(unknown_path()),
    }
}

fn read(state: &State, request: &Request, path: &ResourcePath, kind: &Kind) -> Response {
    if request
        .parameter("watch")
        .is_some_and(|watch| matches!(watch, "true" | "1"))
    {
        return read_only();
    }
    if path.name.is_empty() {
        return list::answer(state, request, path, kind);
    }
    let object = state
        .objects
        .get(&path.group, &kind.kind, &path.namespace, &path.name);
    match object {
        Some(object) => Response::json(200, &list::in_version(object, path)),
        None => status::not_found(path),
    }
}

/// What an API server says of a path it does not know, absent custom resources among them: plain
/// text, not a `Status`.
pub(super) fn unknown_path() -> Response {
    Response::text(404, "404 page not found\n")
}

fn read_only() -> Response {
    status::failure(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
        serde_json::Value::Null,
    )
}
