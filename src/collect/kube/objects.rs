//! Single objects by name, for what needs no list and for callers who may not list.

use super::client::Kube;
use super::documents;
use super::failure::{Failure, Kind as FailureKind};
use super::kinds::Kind;
use serde_json::Value;

/// Largest object in bytes; etcd's own limit is far below.
const OBJECT: usize = 16 << 20;

/// An object with the document it is kept in.
pub(in crate::collect) struct Found {
    /// Path in the bundle.
    pub(in crate::collect) document: String,
    /// The object, pruned.
    pub(in crate::collect) object: Value,
}

impl Kube<'_> {
    /// Gets one object without keeping it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn object(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Failure> {
        let call = format!("get {}", kind.plural);
        let mut last = Failure::other("NotFound: no version of the kind is known");
        for version in kind.versions {
            let target = format!("{}/{name}", kind.path(version, Some(namespace)));
            match self.get(&target, &call, OBJECT).await {
                Ok(bytes) => {
                    let mut object: Value = serde_json::from_slice(&bytes).map_err(|error| {
                        Failure::other(format!("Unreadable: the answer is no JSON: {error}"))
                    })?;
                    documents::prune(&mut object);
                    return Ok(object);
                }
                Err(failure) if failure.kind == FailureKind::NotFound => last = failure,
                Err(failure) => return Err(failure),
            }
        }
        Err(last)
    }

    /// Keeps an object under a name that does not claim to be the list of its kind.
    pub(super) fn keep(&self, kind: &Kind, namespace: &str, name: &str, object: Value) -> Found {
        let document = documents::part(kind, Some(namespace), name);
        self.notebook.document(&document, documents::bytes(&object));
        Found { document, object }
    }

    /// Gets one object and keeps it, or keeps why there is none.
    pub(in crate::collect) async fn read(
        &self,
        kind: &'static Kind,
        namespace: &str,
        name: &str,
    ) -> Option<Found> {
        let source = documents::part(kind, Some(namespace), name);
        let source = source.trim_end_matches(".json");
        self.notebook.expect(source, kind.source());
        let result = self.object(kind, namespace, name).await;
        let found = match result {
            Ok(object) => Some(self.keep(kind, namespace, name, object)),
            Err(failure) => {
                self.notebook.gap(kind.source(), failure);
                None
            }
        };
        self.notebook.settle(source);
        found
    }
}
