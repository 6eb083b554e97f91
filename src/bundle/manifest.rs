//! `bundle.yaml`: when and how a bundle was made, and what could not be read.

use crate::model::kubernetes::meta::null_as_default;
use serde::{Deserialize, Serialize};

/// The manifest of a bundle; every field is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Manifest {
    /// `cilium-lb.dev/v1`.
    pub api_version: String,
    /// `Bundle`.
    pub kind: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// Kubeconfig context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whether identifiers were replaced.
    pub redacted: bool,
    /// What was tried and could not be read.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub gaps: Vec<ManifestGap>,
}

/// Something that was tried and could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManifestGap {
    /// Path of the document without its ending, or `kubernetes/<Kind>[/<namespace>/<name>]`.
    pub source: String,
    /// The error as it was returned, with its code first, or what was left out.
    pub reason: String,
}
