//! Label and field selectors of list requests.

use serde_json::Value;

use super::objects::text;

/// One requirement on a label.
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// `app=a,tier!=b,zone in (x, y),!canary`.
pub(super) struct LabelSelector(Vec<Requirement>);

impl LabelSelector {
    /// The requirements of the text; the empty text has none.
    pub(super) fn parse(selector: &str) -> Result<Self, String> {
        let parts = split_outside_parentheses(selector);
        let parts = parts.iter().map(|part| requirement(part));
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is nothing to match.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the object's labels meet every requirement.
    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let one_of = |key: &str, values: &[String]| {
            let value = labels.get(key).and_then(Value::as_str);
            value.is_some_and(|value| values.iter().any(|v| v == value))
        };
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => one_of(key, values),
            Requirement::NotIn(key, values) => !one_of(key, values),
            Requirement::Exists(key) => labels.get(key).is_some(),
            Requirement::Absent(key) => labels.get(key).is_none(),
        })
    }
}

fn split_outside_parentheses(selector: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    for character in selector.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let part = part.trim();
    let set = |key: &str, values: &str| {
        let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values = values.split(',').map(|value| value.trim().to_owned());
        Some((key.trim().to_owned(), values.collect::<Vec<_>>()))
    };
    let invalid = || format!("unable to parse requirement: {part:?}");
    if let Some((key, values)) = part.split_once(" notin ") {
        let (key, values) = set(key, values).ok_or_else(invalid)?;
        Ok(Requirement::NotIn(key, values))
    } else if let Some((key, values)) = part.split_once(" in ") {
        let (key, values) = set(key, values).ok_or_else(invalid)?;
        Ok(Requirement::In(key, values))
    } else if let Some((key, value)) = part.split_once("!=") {
        Ok(Requirement::NotIn(
            key.trim().to_owned(),
            vec![value.trim().to_owned()],
        ))
    } else if let Some((key, value)) = part.split_once('=') {
        let value = value.trim_start_matches('=').trim();
        Ok(Requirement::In(
            key.trim().to_owned(),
            vec![value.to_owned()],
        ))
    } else if let Some(key) = part.strip_prefix('!') {
        Ok(Requirement::Absent(key.trim().to_owned()))
    } else if part.contains(char::is_whitespace) {
        Err(invalid())
    } else {
        Ok(Requirement::Exists(part.to_owned()))
    }
}

/// `metadata.name=a,spec.nodeName!=b`.
pub(super) struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// The requirements of the text, refused for fields that this kind cannot be selected by.
    pub(super) fn parse(selector: &str, kind: &str) -> Result<Self, String> {
        let parts = selector.split(',').filter(|part| !part.trim().is_empty());
        let parts = parts.map(|part| {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once('=') {
                (field, true, value.trim_start_matches('='))
            } else {
                return Err(format!("invalid field selector: {part:?}"));
            };
            if !selectable(kind, field) {
                return Err(format!("field label not supported: {field}"));
            }
            Ok((
                format!("/{}", field.replace('.', "/")),
                equal,
                value.to_owned(),
            ))
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is nothing to match.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the object's fields meet every requirement; an absent field is empty.
    pub(super) fn matches(&self, object: &Value) -> bool {
        let mut requirements = self.0.iter();
        requirements.all(|(pointer, equal, value)| (text(object, pointer) == value) == *equal)
    }
}

/// The fields of `pkg/apis/core/v1/conversion.go` in Kubernetes that the bundle's kinds have.
fn selectable(kind: &str, field: &str) -> bool {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return true;
    }
    match kind {
        "Pod" => matches!(field, "spec.nodeName" | "status.phase" | "status.podIP"),
        "Event" => field.starts_with("involvedObject.") || matches!(field, "reason" | "type"),
        "Service" => matches!(field, "spec.clusterIP" | "spec.type"),
        _ => false,
    }
}
