//! The document itself, as JSON and as YAML.

use serde::Serialize;

pub(super) fn json(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

pub(super) fn yaml(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(document)?)
}
