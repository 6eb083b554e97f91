//! What all objects have in common.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Object metadata.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// Name.
    pub name: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// UID, from which controllers compute load balancer names.
    pub uid: String,
    /// Generation of the spec.
    pub generation: i64,
    /// RFC 3339.
    pub creation_timestamp: Option<String>,
    /// Set while the object is being deleted.
    pub deletion_timestamp: Option<String>,
    /// Labels.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// Finalizers tell which controller owns the object.
    #[serde(deserialize_with = "null_as_default")]
    pub finalizers: Vec<String>,
    /// Owners.
    #[serde(deserialize_with = "null_as_default")]
    pub owner_references: Vec<OwnerReference>,
    /// Who wrote what when.
    #[serde(deserialize_with = "null_as_default")]
    pub managed_fields: Vec<ManagedFields>,
}

/// One owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Kind of the owner.
    pub kind: String,
    /// Name of the owner.
    pub name: String,
    /// UID of the owner.
    pub uid: String,
    /// Whether the owner is the controller.
    pub controller: bool,
}

/// One writer of an object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedFields {
    /// `helm`, `kubectl`, `cilium-operator`, …
    pub manager: String,
    /// RFC 3339 time of the last write.
    pub time: Option<String>,
    /// The fields of the spec that it wrote last, by their names at the top of it: `ports`, `type`.
    #[serde(rename = "fieldsV1", deserialize_with = "spec_fields")]
    pub spec_fields: Vec<String>,
}

/// Keeps the names below `f:spec` of the tree of fields, which is larger than the object itself.
fn spec_fields<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let tree = serde_json::Value::deserialize(deserializer)?;
    let names = tree["f:spec"].as_object().into_iter().flatten();
    Ok(names
        .filter_map(|(name, _)| name.strip_prefix("f:").map(str::to_owned))
        .collect())
}

/// A status condition.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Accepted`, `Programmed`, `Ready`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Machine-readable reason.
    pub reason: String,
    /// Human-readable message.
    pub message: String,
    /// The generation the condition speaks of.
    pub observed_generation: i64,
    /// RFC 3339.
    pub last_transition_time: Option<String>,
}

/// The condition called `kind`, if there is one.
pub fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

/// An object with metadata and a kind.
pub trait Object {
    /// `Service`, `Gateway`, …
    const KIND: &'static str;

    /// Its metadata.
    fn meta(&self) -> &Meta;

    /// What tells it apart from others of its kind in the namespace: its name.
    fn key(&self) -> String {
        self.meta().name.clone()
    }

    /// `Service/shop/web`, or `Node/node-a` for cluster-scoped objects.
    fn id(&self) -> String {
        let meta = self.meta();
        if meta.namespace.is_empty() {
            format!("{}/{}", Self::KIND, meta.name)
        } else {
            format!("{}/{}/{}", Self::KIND, meta.namespace, meta.name)
        }
    }
}

/// Implements [`Object`] for a struct with a `metadata` field.
macro_rules! object {
    ($type:ty, $kind:literal) => {
        impl $crate::model::kubernetes::Object for $type {
            const KIND: &'static str = $kind;

            fn meta(&self) -> &$crate::model::kubernetes::Meta {
                &self.metadata
            }
        }
    };
}
pub(crate) use object;

/// Reads `null` as the default: the API prints `null` for empty lists of older objects.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
