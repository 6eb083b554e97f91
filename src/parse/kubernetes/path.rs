//! What a gap of the manifest is about: a kind, a namespace of it, or one object.

use super::kind::Kind;
use super::listing::ListPath;
use crate::model::Source;

/// `<Kind>[/<namespace>/<name>]`, or the path of a list.
pub(in crate::parse) struct ObjectPath {
    /// The reading.
    pub(in crate::parse) source: Source,
    /// The namespace, where a list of one namespace is meant.
    namespace: Option<String>,
    /// Namespace and key of one object.
    pub(in crate::parse) object: Option<(String, String)>,
}

impl ObjectPath {
    /// Reads the path below `kubernetes/`; `None` if it names no known kind.
    pub(in crate::parse) fn of(path: &str) -> Option<Self> {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let Some(kind) = Kind::find(name, "") else {
            let list = ListPath::of(path)?;
            return Some(Self {
                source: list.kind.source,
                namespace: list.namespace.map(str::to_owned),
                object: None,
            });
        };
        let (namespace, object) = rest.rsplit_once('/').unwrap_or(("", rest));
        // Routes of all kinds share a collection, so the kind is part of their key.
        let key = match kind.source {
            Source::Routes => format!("{}/{object}", kind.name),
            _ => object.to_owned(),
        };
        Some(Self {
            source: kind.source,
            namespace: None,
            object: (!object.is_empty()).then(|| (namespace.to_owned(), key)),
        })
    }

    /// What the gap is about.
    pub(in crate::parse) fn about(&self) -> String {
        match (&self.object, &self.namespace) {
            (Some((namespace, name)), _) if namespace.is_empty() => name.clone(),
            (Some((namespace, name)), _) => format!("{namespace}/{name}"),
            (None, Some(namespace)) => format!("namespace {namespace}"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectPath;

    #[test]
    fn gaps_are_about_kinds_namespaces_and_objects() {
        for (path, expected) in [
            ("services", Some("")),
            ("gateway/services", Some("namespace gateway")),
            ("Service", Some("")),
            (
                "ConfigMap/kube-system/cilium-config",
                Some("kube-system/cilium-config"),
            ),
            ("Node/node-a", Some("node-a")),
            ("HTTPRoute/shop/web", Some("shop/HTTPRoute/web")),
            ("StatefulSet/x/y", None),
        ] {
            assert_eq!(
                ObjectPath::of(path).map(|found| found.about()).as_deref(),
                expected,
                "{path}"
            );
        }
    }
}
