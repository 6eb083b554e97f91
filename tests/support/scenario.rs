//! Scenarios: a bundle, or a base with a small change, and what the program must say of it.

use cilium_lb::bundle::{self, Bundle};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// `scenario.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// One sentence.
    pub(crate) title: String,
    /// Subject and flags of `why-unhealthy`.
    pub(crate) args: Vec<String>,
    /// The scenario whose bundle is taken first.
    pub(crate) base: Option<String>,
    /// Globs of documents to remove from it.
    #[serde(default)]
    pub(crate) remove: Vec<String>,
    /// Changes of JSON and YAML documents.
    #[serde(default)]
    pub(crate) patch: Vec<Patch>,
    /// Changes of text.
    #[serde(default)]
    pub(crate) replace: Vec<Replace>,
    /// The word of the verdict.
    pub(crate) verdict: String,
    /// The exit code.
    pub(crate) exit: u8,
    /// Codes of the causes, in order.
    #[serde(default)]
    pub(crate) causes: Vec<String>,
    /// Codes that must be among the notes.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    /// Checks that must be unknown somewhere.
    #[serde(default)]
    pub(crate) unknown: Vec<String>,
    /// Codes that must be neither a cause nor an error.
    #[serde(default)]
    pub(crate) quiet: Vec<String>,
    /// Which of a check's three scenarios this is.
    #[serde(default)]
    pub(crate) proves: Vec<Proves>,
}

/// RFC 6902 operations over documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    document: String,
    ops: json_patch::Patch,
}

/// A literal replacement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replace {
    document: String,
    from: String,
    to: String,
}

/// The part a scenario plays for a check.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proves {
    /// Code.
    pub(crate) code: String,
    /// Part.
    #[serde(rename = "as")]
    pub(crate) part: Part,
}

/// The three scenarios of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// It fires.
    Fires,
    /// It looks alike and must not fire.
    NearMiss,
    /// Its source is missing and it must be unknown.
    Unknown,
}

/// A scenario with its bundle.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Name of its folder.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// What must be said.
    pub(crate) spec: Spec,
    /// The evidence.
    pub(crate) bundle: Bundle,
}

/// The folder of all scenarios.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// All scenarios in order of name. Panics with the file name when one cannot be loaded.
pub(crate) fn all() -> Vec<Scenario> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("scenario.yaml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut bases = BTreeMap::new();
    names.iter().map(|name| load(name, &mut bases)).collect()
}

/// One scenario by name.
#[allow(dead_code, reason = "not every test file needs a single one")]
pub(crate) fn one(name: &str) -> Scenario {
    load(name, &mut BTreeMap::new())
}

fn load(name: &str, bases: &mut BTreeMap<String, Bundle>) -> Scenario {
    let folder = folder().join(name);
    let text =
        fs::read_to_string(folder.join("scenario.yaml")).unwrap_or_else(|e| panic!("{name}: {e}"));
    let spec: Spec =
        serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}/scenario.yaml: {e}"));
    let from = spec.base.clone().unwrap_or_else(|| name.to_owned());
    let mut bundle = bases
        .entry(from.clone())
        .or_insert_with(|| {
            let path = self::folder().join(&from).join("bundle");
            bundle::read(&path).unwrap_or_else(|e| panic!("{name}: base {from}: {e}"))
        })
        .clone();
    apply(name, &spec, &mut bundle);
    let overlay = folder.join("overlay");
    if overlay.exists() {
        lay_over(&mut bundle, &overlay, &overlay);
    }
    Scenario {
        name: name.to_owned(),
        folder,
        spec,
        bundle,
    }
}

fn apply(name: &str, spec: &Spec, bundle: &mut Bundle) {
    for pattern in &spec.remove {
        let doomed = matching(bundle, pattern);
        assert!(
            !doomed.is_empty(),
            "{name}: remove {pattern:?} matches no document"
        );
        for document in doomed {
            bundle.remove(&document);
        }
    }
    for patch in &spec.patch {
        let documents = matching(bundle, &patch.document);
        assert!(
            !documents.is_empty(),
            "{name}: patch {:?} matches no document",
            patch.document
        );
        for document in documents {
            let text = text_of(bundle, &document);
            // JSON is YAML, so one reader serves both; the result is written as JSON.
            let mut value: Value =
                serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {document}: {e}"));
            json_patch::patch(&mut value, &patch.ops)
                .unwrap_or_else(|e| panic!("{name}: {document}: {e}"));
            bundle.insert(document, serde_json::to_vec_pretty(&value).unwrap());
        }
    }
    for replace in &spec.replace {
        let documents = matching(bundle, &replace.document);
        assert!(
            !documents.is_empty(),
            "{name}: replace {:?} matches no document",
            replace.document
        );
        for document in documents {
            let text = text_of(bundle, &document);
            assert!(
                text.contains(&replace.from),
                "{name}: {document} lacks {:?}",
                replace.from
            );
            bundle.insert(document, text.replace(&replace.from, &replace.to));
        }
    }
}

fn text_of(bundle: &Bundle, document: &str) -> String {
    String::from_utf8(bundle.get(document).unwrap().to_vec()).unwrap()
}

/// Documents that a glob matches; `*` stops at slashes.
fn matching(bundle: &Bundle, pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = pattern.split('/').collect();
    bundle
        .iter()
        .map(|(path, _)| path)
        .filter(|path| {
            let of: Vec<&str> = path.split('/').collect();
            of.len() == parts.len()
                && of
                    .iter()
                    .zip(&parts)
                    .all(|(text, glob)| glob_matches(glob, text))
        })
        .map(str::to_owned)
        .collect()
}

fn glob_matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len())
                .any(|cut| rest.is_char_boundary(cut) && glob_matches(tail, &rest[cut..]))
        }),
    }
}

fn lay_over(bundle: &mut Bundle, root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lay_over(bundle, root, &path);
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            bundle.insert(name, fs::read(&path).unwrap());
        }
    }
}
