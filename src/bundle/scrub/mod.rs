//! Keeps credentials out of bundles, whoever made them.
//!
//! Applied to every document on reading and on writing. Only a document that
//! holds a suspicious word is parsed, and only one that held a credential is
//! written anew; all others stay as they are to the byte.

mod names;
mod text;
mod value;

use super::text::decode;
use super::yaml;
use serde_json::Value;
use std::borrow::Cow;

/// What became of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// The document without its credentials; `None` if it held none.
    pub replaced: Option<Vec<u8>>,
    /// Why a part was left out: it names a Secret and cannot be parsed.
    pub problem: Option<String>,
}

impl Scrubbed {
    /// Whether nothing of the document may be kept.
    pub fn is_left_out(&self) -> bool {
        self.problem.is_some() && self.replaced.as_ref().is_some_and(Vec::is_empty)
    }
}

/// Tables that a tool prints with fixed columns; they have no place for a credential but are large.
const TABLES: &[&str] = &[
    "bpf-lb-",
    "bpf-metrics-",
    "db-backends",
    "db-devices",
    "db-frontends",
    "db-node-addresses",
    "db-services",
    "ip-ro",
    "ip-ru",
    "iptables-save",
    "metrics.",
    "proc-net-tcp.",
    "service-list",
    "sysctl.",
];

/// Removes credentials from a document of a bundle.
///
/// Dropped are the data of Secrets, fields and environment variables whose name is a credential's,
/// private keys in PEM, and the whole value of a ConfigMap file with such a name.
pub fn scrub(path: &str, bytes: &[u8]) -> Scrubbed {
    let name = path.rsplit('/').next().unwrap_or(path);
    if path.starts_with("cilium/") && path.contains("/config-map/") && names::is_field(name) {
        let replaced = (!bytes.is_empty()).then(Vec::new);
        return Scrubbed {
            replaced,
            problem: None,
        };
    }
    // Bytes that are no text cannot be used as evidence, but they are kept as they were found.
    let Ok(decoded) = decode(bytes) else {
        return scrub_bytes(bytes);
    };
    let without_keys = text::without_keys(&decoded);
    let is_table =
        path.starts_with("cilium/") && TABLES.iter().any(|table| name.starts_with(table));
    let mut scrubbed = Scrubbed::default();
    if !is_table && names::is_suspicious(&without_keys) {
        scrubbed = structured(path, &without_keys);
    }
    if scrubbed.replaced.is_none() && without_keys != decoded {
        scrubbed.replaced = Some(without_keys.into_owned().into_bytes());
    }
    scrubbed
}

/// Bytes that are not text: what is text in them is searched, and only a hit replaces them.
fn scrub_bytes(bytes: &[u8]) -> Scrubbed {
    let lossy = String::from_utf8_lossy(bytes);
    if names::names_a_secret(&lossy) {
        return Scrubbed {
            replaced: Some(Vec::new()),
            problem: Some("names a Secret and is not UTF-8 text, so it was left out".to_owned()),
        };
    }
    let without_keys = text::without_keys(&lossy);
    let scrubbed = text::without_values(&without_keys);
    Scrubbed {
        replaced: (*scrubbed != *lossy).then(|| scrubbed.into_owned().into_bytes()),
        problem: None,
    }
}

fn structured(path: &str, text: &str) -> Scrubbed {
    let ending = path.rsplit('.').next().unwrap_or_default();
    match ending {
        "yaml" | "yml" => yaml_stream(text),
        "json" => json_stream(text),
        _ => unstructured(text),
    }
}

fn unstructured(text: &str) -> Scrubbed {
    let replaced = match text::without_values(text) {
        Cow::Owned(text) => Some(text.into_bytes()),
        Cow::Borrowed(_) => None,
    };
    Scrubbed {
        replaced,
        problem: None,
    }
}

/// One value or several after each other; a text that is no JSON is searched line by line.
fn json_stream(text: &str) -> Scrubbed {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    match values {
        Ok(mut values) => {
            let changed = values
                .iter_mut()
                .fold(false, |changed, value| value::clean(value) | changed);
            let replaced = changed.then(|| match values.as_slice() {
                [only] => format!("{only:#}\n").into_bytes(),
                many => many
                    .iter()
                    .map(|value| format!("{value}\n"))
                    .collect::<String>()
                    .into_bytes(),
            });
            Scrubbed {
                replaced,
                problem: None,
            }
        }
        Err(error) if names::names_a_secret(text) => Scrubbed {
            replaced: Some(Vec::new()),
            problem: Some(format!(
                "names a Secret and cannot be parsed, so it was left out: {error}"
            )),
        },
        Err(_) => unstructured(text),
    }
}

/// Every document of the stream on its own; one that held a credential becomes JSON, which is YAML as well.
fn yaml_stream(text: &str) -> Scrubbed {
    let mut out = String::new();
    let mut scrubbed = Scrubbed::default();
    let mut changed = false;
    for document in yaml::documents(text) {
        let part = yaml_document(&document);
        changed |= part.replaced.is_some();
        scrubbed.problem = scrubbed.problem.or(part.problem);
        match part.replaced.map(String::from_utf8) {
            Some(Ok(part)) => out.push_str(&part),
            _ => out.push_str(document.text),
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    scrubbed.replaced = changed.then(|| out.into_bytes());
    scrubbed
}

fn yaml_document(document: &yaml::Document<'_>) -> Scrubbed {
    if !names::is_suspicious(document.text) {
        return Scrubbed::default();
    }
    match document.parse::<Value>() {
        Ok(mut value) => {
            let changed = value::clean(&mut value);
            let replaced = changed.then(|| format!("---\n{value:#}\n").into_bytes());
            Scrubbed {
                replaced,
                problem: None,
            }
        }
        Err(error) if names::names_a_secret(document.text) => Scrubbed {
            replaced: Some(Vec::new()),
            problem: Some(format!(
                "a part that names a Secret cannot be parsed and was left out: line {}, column {}: {}",
                error.line, error.column, error.message
            )),
        },
        Err(_) => unstructured(document.text),
    }
}
