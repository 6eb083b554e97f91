//! Lists: what a path and its selectors take, in pages.

use serde_json::{Value, json};

use super::http::Response;
use super::kinds::Kind;
use super::objects::text;
use super::request::{Request, ResourcePath};
use super::selector::{FieldSelector, LabelSelector};
use super::state::State;
use super::status;

/// The resource version of every list: the double's content never changes.
const RESOURCE_VERSION: &str = "1000";
/// Begins every continue token; the rest is the number of objects already given.
const TOKEN_PREFIX: &str = "cluster-double-page-";

/// Group and version of lists that hold metadata only.
const META: &str = "meta.k8s.io/v1";

/// Answers a list with `labelSelector`, `fieldSelector`, `limit` and `continue`.
pub(super) fn answer(
    state: &State,
    request: &Request,
    path: &ResourcePath,
    kind: &Kind,
) -> Response {
    page(state, request, path, kind).unwrap_or_else(|message| status::bad_request(&message))
}

fn page(
    state: &State,
    request: &Request,
    path: &ResourcePath,
    kind: &Kind,
) -> Result<Response, String> {
    let labels = LabelSelector::parse(request.parameter("labelSelector").unwrap_or_default())?;
    let fields = request.parameter("fieldSelector").unwrap_or_default();
    let fields = FieldSelector::parse(fields, &kind.kind)?;
    let matching: Vec<&Value> = state
        .objects
        .of(&path.group, &kind.kind)
        .filter(|object| {
            path.namespace.is_empty() || text(object, "/metadata/namespace") == path.namespace
        })
        .filter(|object| labels.matches(object) && fields.matches(object))
        .collect();
    let start = start(request.parameter("continue").unwrap_or_default())?;
    let limit = limit(request.parameter("limit").unwrap_or_default())?;
    let given: Vec<&Value> = matching.iter().skip(start).take(limit).copied().collect();
    let end = start + given.len();
    let mut metadata = json!({"resourceVersion": RESOURCE_VERSION});
    if end < matching.len() {
        metadata["continue"] = format!("{TOKEN_PREFIX}{end}").into();
        // An API server does not count what a selector leaves.
        if labels.is_empty() && fields.is_empty() {
            metadata["remainingItemCount"] = (matching.len() - end).into();
        }
    }
    let partial = request.wants_metadata_only();
    let items: Vec<Value> = given
        .into_iter()
        .map(|object| {
            if partial {
                metadata_of(object)
            } else {
                list_item(object, path, kind)
            }
        })
        .collect();
    let (list_kind, version) = if partial {
        ("PartialObjectMetadataList".to_owned(), META.to_owned())
    } else {
        (format!("{}List", kind.kind), api_version(path))
    };
    let list = json!({
        "kind": list_kind,
        "apiVersion": version,
        "metadata": metadata,
        "items": items,
    });
    Ok(Response::json(200, &list))
}

/// What is left of an object when a client asks for its metadata only.
fn metadata_of(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": META,
        "metadata": object["metadata"],
    })
}

/// The object with the `apiVersion` it was asked for in.
pub(super) fn in_version(object: &Value, path: &ResourcePath) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = api_version(path).into();
    object
}

fn list_item(object: &Value, path: &ResourcePath, kind: &Kind) -> Value {
    let mut item = in_version(object, path);
    if let Some(fields) = item.as_object_mut()
        && kind.is_built_in()
    {
        fields.shift_remove("apiVersion");
        fields.shift_remove("kind");
    }
    item
}

fn api_version(path: &ResourcePath) -> String {
    if path.group.is_empty() {
        path.version.clone()
    } else {
        format!("{}/{}", path.group, path.version)
    }
}

fn start(token: &str) -> Result<usize, String> {
    if token.is_empty() {
        return Ok(0);
    }
    let offset = token.strip_prefix(TOKEN_PREFIX);
    offset
        .and_then(|offset| offset.parse().ok())
        .ok_or_else(|| format!("continue key is not valid: {token:?}"))
}

/// No limit and a limit of 0 both mean everything.
fn limit(text: &str) -> Result<usize, String> {
    match text {
        "" | "0" => Ok(usize::MAX),
        _ => text
            .parse()
            .map_err(|error| format!("strconv.ParseInt: parsing {text:?}: {error}")),
    }
}
