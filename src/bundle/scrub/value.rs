//! Credentials in JSON and YAML values.

use super::names::{is_field, is_variable, is_whole};
use serde_json::{Map, Value};

/// What stands in place of a flag's value.
pub(super) const REMOVED: &str = "<removed>";
/// The annotation in which kubectl keeps a whole object, a Secret's data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Removes every credential below `value`; whether there was one.
pub(super) fn clean(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => clean_object(fields, false),
        Value::Array(items) => clean_array(items),
        _ => false,
    }
}

fn clean_array(items: &mut [Value]) -> bool {
    let mut changed = false;
    for item in items {
        changed |= match item {
            Value::String(text) => clean_flag(text),
            other => clean(other),
        };
    }
    changed
}

/// `--token=abc` among the arguments of a container.
fn clean_flag(text: &mut String) -> bool {
    let Some((flag, value)) = text.split_once('=') else {
        return false;
    };
    if !flag.starts_with('-') || value == REMOVED || !is_variable(flag.trim_start_matches('-')) {
        return false;
    }
    *text = format!("{flag}={REMOVED}");
    true
}

/// `secret` says that the list around the object holds Secrets.
fn clean_object(fields: &mut Map<String, Value>, secret: bool) -> bool {
    let kind = fields
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let list_of_secrets = kind == "SecretList";
    let mut changed = false;
    if secret || kind == "Secret" {
        changed |= clean_secret(fields);
    }
    changed |= clean_named_value(fields);
    fields.retain(|name, value| {
        let drop = is_field(name) && (is_whole(name) || is_plain(value));
        changed |= drop;
        !drop
    });
    for (name, value) in fields.iter_mut() {
        changed |= match value {
            Value::Array(items) if list_of_secrets && name == "items" => {
                items.iter_mut().fold(false, |changed, item| match item {
                    Value::Object(fields) => clean_object(fields, true) | changed,
                    _ => changed,
                })
            }
            Value::String(text) if name == LAST_APPLIED => clean_applied(text),
            other => clean(other),
        };
    }
    changed
}

fn clean_secret(fields: &mut Map<String, Value>) -> bool {
    let mut changed = fields.shift_remove("data").is_some();
    changed |= fields.shift_remove("stringData").is_some();
    let annotations = fields
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        changed |= annotations.shift_remove(LAST_APPLIED).is_some();
    }
    changed
}

/// The object that `kubectl apply` remembered, which is JSON in a string.
fn clean_applied(text: &mut String) -> bool {
    let Ok(mut inner) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let changed = clean(&mut inner);
    if changed {
        *text = inner.to_string();
    }
    changed
}

/// `{name: DB_PASSWORD, value: …}` of a container's environment, `{Key: …, Value: …}` of a tag.
fn clean_named_value(fields: &mut Map<String, Value>) -> bool {
    for (name, value) in [
        ("name", "value"),
        ("Name", "Value"),
        ("key", "value"),
        ("Key", "Value"),
    ] {
        let named = fields.get(name).and_then(Value::as_str);
        if named.is_some_and(is_variable) && fields.get(value).is_some_and(is_plain) {
            fields.shift_remove(value);
            return true;
        }
    }
    false
}

/// A value that can be a credential itself. Objects are searched instead, and empty texts prove nothing.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(is_plain),
        _ => false,
    }
}
