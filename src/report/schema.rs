//! The JSON schemas of the documents, generated from the structs.

use super::v1::{Diagnosis, DiagnosisList};

/// The schema of one diagnosis as pretty-printed JSON with a final newline; `cilium-lb schema` prints it.
///
/// # Errors
/// Only if serde_json cannot print its own value.
pub fn diagnosis() -> serde_json::Result<String> {
    let schema = schemars::schema_for!(Diagnosis);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

/// The schema of an audit's list; `cilium-lb schema list` prints it.
///
/// # Errors
/// Only if serde_json cannot print its own value.
pub fn list() -> serde_json::Result<String> {
    let schema = schemars::schema_for!(DiagnosisList);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}
