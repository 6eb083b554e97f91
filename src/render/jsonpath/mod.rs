//! `jsonpath=TEMPLATE` as kubectl has it: text, `{…}` with paths, quoted texts, `{range …}…{end}`.
//!
//! Differences from kubectl, all to the forgiving side: an index beyond the end selects nothing instead of failing,
//! names may be quoted with either quote, filters know `&&` and `||`, objects keep the order of `-o json`, and
//! control characters in a value are replaced as in every other text format, so that a line stays a line.

mod path;
mod scan;
mod template;

pub(super) use path::Path;

use super::sanitize::clean;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use template::Node;

/// A template that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    text: String,
    nodes: Vec<Node>,
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let nodes = template::parse(text).map_err(|fault| fault.to_string())?;
        Ok(Self {
            text: text.to_owned(),
            nodes,
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Template {
    /// The template filled in from a document; no line break is added, as in kubectl.
    pub(super) fn fill(&self, document: &Value) -> String {
        let mut out = String::new();
        fill(&self.nodes, document, &mut out);
        out
    }
}

fn fill(nodes: &[Node], current: &Value, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Value(path) => {
                let found: Vec<String> = path.find(current).into_iter().map(text).collect();
                out.push_str(&found.join(" "));
            }
            Node::Range(path, inner) => {
                for value in path.find(current) {
                    fill(inner, value, out);
                }
            }
        }
    }
}

/// A value as text: scalars bare, everything else as compact JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text).into_owned(),
        Value::Number(number) => match number.as_f64() {
            // As kubectl: 0 and not 0.0.
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        other => clean(&other.to_string()).into_owned(),
    }
}
