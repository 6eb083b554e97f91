//! The sub-resources of Pods: what must hold before an exec begins, and logs.

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::exec::{Plan, Protocol, Session};
use super::http::Response;
use super::objects::text;
use super::request::{Request, ResourcePath};
use super::router::Reply;
use super::shims;
use super::state::State;
use super::status;

/// Container of a Cilium agent's Pod that holds the agent and its tools.
const AGENT_CONTAINER: &str = "cilium-agent";

/// Checks an exec as the API server and the kubelet do, in their order, and begins the session.
pub(super) fn exec(state: &State, request: &Request, path: &ResourcePath) -> Reply {
    let actions = {
        let mut faults = state.faults.lock().expect("the faults");
        faults.take_exec(&path.name)
    };
    let plan = Plan::of(actions);
    if plan.refuse {
        return Reply::Response(status::forbidden(request, path));
    }
    let session = session(state, request, path, plan);
    match session {
        Ok(session) => {
            let mut log = state.execs.lock().expect("the exec log");
            log.push((path.name.clone(), session.argv.clone()));
            Reply::Exec(session)
        }
        Err(response) => Reply::Response(*response),
    }
}

fn session(
    state: &State,
    request: &Request,
    path: &ResourcePath,
    plan: Plan,
) -> Result<Session, Box<Response>> {
    let pod = find(state, path)?;
    let container = container(pod, request.parameter("container"), path)?;
    let argv = request.parameters("command");
    if argv.is_empty() {
        let message = "you must specify at least 1 command for the container";
        return Err(Box::new(status::bad_request(message)));
    }
    require_running(pod, &container)?;
    let upgrades = request
        .header("upgrade")
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
    let key = request.header("sec-websocket-key").filter(|_| upgrades);
    let Some(key) = key else {
        let message = "unable to upgrade: the cluster double speaks WebSocket only";
        return Err(Box::new(status::bad_request(message)));
    };
    let offered = request.header("sec-websocket-protocol").unwrap_or_default();
    let Some(protocol) = Protocol::negotiate(offered, plan.old_protocol) else {
        let message = format!("unable to negotiate a sub-protocol out of {offered:?}");
        return Err(Box::new(status::bad_request(&message)));
    };
    let node = if container == AGENT_CONTAINER {
        text(pod, "/spec/nodeName")
    } else {
        ""
    };
    let wants = |stream: &str| {
        let value = request.parameter(stream);
        value.is_some_and(|value| matches!(value, "true" | "1"))
    };
    Ok(Session {
        argv,
        tools: shims::of_node(state, node, image(pod, &container)),
        accept: derive_accept_key(key.as_bytes()),
        protocol,
        stdout: wants("stdout"),
        stderr: wants("stderr"),
        plan,
    })
}

/// The agent's log of the bundle, with `tailLines` and `limitBytes`.
pub(super) fn log(state: &State, request: &Request, path: &ResourcePath) -> Response {
    log_of(state, request, path).unwrap_or_else(|response| *response)
}

fn log_of(
    state: &State,
    request: &Request,
    path: &ResourcePath,
) -> Result<Response, Box<Response>> {
    let pod = find(state, path)?;
    let container = container(pod, request.parameter("container"), path)?;
    if request.parameter("previous") == Some("true") {
        let message = format!(
            "previous terminated container {container:?} in pod {:?} not found",
            path.name
        );
        return Err(Box::new(status::bad_request(&message)));
    }
    let node = text(pod, "/spec/nodeName");
    let file = state.bundle.join("cilium").join(node).join("agent.log");
    let log = if container == AGENT_CONTAINER {
        std::fs::read(file).ok()
    } else {
        None
    };
    let Some(log) = log else {
        let message = format!("the bundle has no log of container {container:?} on node {node:?}");
        return Err(Box::new(status::internal_error(&message)));
    };
    let number = |name: &str| request.parameter(name).and_then(|n| n.parse().ok());
    let mut shown = log.as_slice();
    if let Some(lines) = number("tailLines") {
        shown = last_lines(shown, lines);
    }
    if let Some(bytes) = number("limitBytes") {
        shown = &shown[..shown.len().min(bytes)];
    }
    Ok(Response::text(200, shown))
}

fn last_lines(log: &[u8], lines: usize) -> &[u8] {
    let mut parts: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let skipped = parts.len().saturating_sub(lines);
    let skipped: usize = parts.drain(..skipped).map(<[u8]>::len).sum();
    &log[skipped..]
}

fn find<'a>(state: &'a State, path: &ResourcePath) -> Result<&'a Value, Box<Response>> {
    let pod = state.objects.get("", "Pod", &path.namespace, &path.name);
    pod.ok_or_else(|| Box::new(status::not_found(path)))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    containers.into_iter().flatten()
}

fn image<'a>(pod: &'a Value, container: &str) -> &'a str {
    let found = containers(pod).find(|c| text(c, "/name") == container);
    found.map_or("", |c| text(c, "/image"))
}

fn container(
    pod: &Value,
    asked: Option<&str>,
    path: &ResourcePath,
) -> Result<String, Box<Response>> {
    let mut names = containers(pod).map(|c| text(c, "/name"));
    let chosen = match asked.filter(|name| !name.is_empty()) {
        Some(name) => names.find(|known| *known == name).ok_or(name),
        None => names.next().ok_or(""),
    };
    chosen.map(str::to_owned).map_err(|name| {
        let message = format!("container {name} is not valid for pod {}", path.name);
        Box::new(status::bad_request(&message))
    })
}

/// A Pod whose status does not mention the container is taken to run it: a bundle made by hand
/// rarely says more.
fn require_running(pod: &Value, container: &str) -> Result<(), Box<Response>> {
    let statuses = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let status = statuses
        .into_iter()
        .flatten()
        .find(|status| text(status, "/name") == container);
    let stopped = status
        .and_then(|status| status["state"].as_object())
        .is_some_and(|state| !state.is_empty() && !state.contains_key("running"));
    if stopped {
        let message = format!("unable to upgrade connection: container not found ({container:?})");
        return Err(Box::new(status::internal_error(&message)));
    }
    Ok(())
}
