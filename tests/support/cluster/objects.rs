//! The Kubernetes half of a bundle: its objects, by kind, namespace and name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A kind that the bundle has an object of.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
}

/// Objects under (group, kind), then (namespace, name); the namespace of cluster-wide ones is empty.
#[derive(Default)]
pub(super) struct Objects(BTreeMap<(String, String), BTreeMap<(String, String), Value>>);

impl Objects {
    /// The objects of a kind in order of namespace and name, as the API server lists them.
    pub(super) fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = &Value> {
        let key = (group.to_owned(), kind.to_owned());
        self.0.get(&key).into_iter().flat_map(BTreeMap::values)
    }

    /// One object, if the bundle has it.
    pub(super) fn get(&self, group: &str, kind: &str, ns: &str, name: &str) -> Option<&Value> {
        let by_name = self.0.get(&(group.to_owned(), kind.to_owned()))?;
        by_name.get(&(ns.to_owned(), name.to_owned()))
    }

    /// Adds an object; of two with the same name the later one stays, as with `kubectl apply`.
    pub(super) fn insert(&mut self, object: Value) {
        let (group, _) = group_version(&object);
        let kind = text(&object, "/kind").to_owned();
        let key = (
            text(&object, "/metadata/namespace").to_owned(),
            text(&object, "/metadata/name").to_owned(),
        );
        let by_name = self.0.entry((group, kind)).or_default();
        by_name.insert(key, object);
    }

    /// The kinds present, with the version they were written in.
    pub(super) fn kinds(&self) -> Vec<Stored> {
        let mut kinds = Vec::new();
        for ((group, kind), by_name) in &self.0 {
            for object in by_name.values() {
                let (_, version) = group_version(object);
                kinds.push(Stored {
                    group: group.clone(),
                    version,
                    kind: kind.clone(),
                    namespaced: !text(object, "/metadata/namespace").is_empty(),
                });
            }
        }
        kinds
    }
}

/// The string at a JSON pointer, or the empty string.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `apiVersion` in its two parts; the core group is empty.
pub(super) fn group_version(object: &Value) -> (String, String) {
    let api = text(object, "/apiVersion");
    let (group, version) = api.rsplit_once('/').unwrap_or(("", api));
    (group.to_owned(), version.to_owned())
}

/// Reads every object under `kubernetes/`. Secrets are left out: a bundle has none to serve.
pub(super) fn load(directory: &Path) -> Objects {
    let mut objects = Objects::default();
    for path in files_under(directory) {
        for document in read_documents(&path) {
            flatten(document, &path, &mut objects);
        }
    }
    objects
}

/// The documents of one YAML or JSON file; panics with its name when it cannot be read.
pub(super) fn read_documents(path: &Path) -> Vec<Value> {
    let content =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let documents: Result<Vec<Value>, String> = if has_extension(path, &["json"]) {
        serde_json::Deserializer::from_str(&content)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    } else {
        // The parser's budget guards against hostile input; a large cluster exceeds it.
        let options = serde_saphyr::options! { budget: None };
        serde_saphyr::from_multiple_with_options(&content, options)
            .map_err(|error| error.to_string())
    };
    documents.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_under(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| {
            if path.is_dir() {
                files_under(&path)
            } else if has_extension(&path, &["yaml", "yml", "json"]) {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| known.contains(&extension))
}

/// Adds an object, or those of a List; `kubectl get -o yaml` prints items that carry their kind, and
/// raw API lists items that do not.
fn flatten(mut document: Value, path: &Path, objects: &mut Objects) {
    if document.is_null() {
        return;
    }
    let api_version = text(&document, "/apiVersion").to_owned();
    let kind = text(&document, "/kind").to_owned();
    assert!(
        !kind.is_empty(),
        "{}: an object without kind",
        path.display()
    );
    let Some(items) = document.get_mut("items").and_then(Value::as_array_mut) else {
        if kind != "Secret" {
            objects.insert(document);
        }
        return;
    };
    for mut item in std::mem::take(items) {
        if let Some(fields) = item.as_object_mut() {
            let item_kind = kind.strip_suffix("List").unwrap_or(&kind);
            fields
                .entry("apiVersion")
                .or_insert_with(|| api_version.clone().into());
            fields.entry("kind").or_insert_with(|| item_kind.into());
        }
        flatten(item, path, objects);
    }
}
