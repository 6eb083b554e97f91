//! core/v1 ConfigMap and Event.

use super::meta::{Meta, null_as_default, object};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A ConfigMap. Only `cilium-config` is read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ConfigMap {
    /// Metadata, with the time of the last write in `managed_fields`.
    pub metadata: Meta,
    /// Keys and values.
    #[serde(deserialize_with = "null_as_default")]
    pub data: BTreeMap<String, String>,
}
object!(ConfigMap, "ConfigMap");

impl ConfigMap {
    /// The last time anybody wrote it, RFC 3339; needs `--show-managed-fields` in a capture.
    pub fn changed_at(&self) -> Option<&str> {
        self.metadata
            .managed_fields
            .iter()
            .filter_map(|fields| fields.time.as_deref())
            .max()
    }
}

/// An Event.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Metadata.
    pub metadata: Meta,
    /// What it is about.
    pub involved_object: InvolvedObject,
    /// `FailedBuildModel`, `SuccessfullyReconciled`, …
    pub reason: String,
    /// Text.
    pub message: String,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// RFC 3339.
    pub last_timestamp: Option<String>,
}
object!(Event, "Event");

/// The object of an Event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InvolvedObject {
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}
