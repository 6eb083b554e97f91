//! The JSON schema of the document, generated from the structs.

use super::v1::Diagnosis;

/// The schema as pretty-printed JSON with a final newline; `cilium-lb schema` prints it.
///
/// # Errors
/// Only if serde_json cannot print its own value.
pub fn diagnosis() -> serde_json::Result<String> {
    let schema = schemars::schema_for!(Diagnosis);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}
