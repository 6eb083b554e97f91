//! The gate through which every document enters a bundle, wherever it is read from.

use super::manifest::Manifest;
use super::name::{self, FOLDERS, MANIFEST};
use super::scrub::scrub;
use super::text::decode;
use super::yaml::Document;
use super::{Bundle, MAX_ARCHIVE, MAX_DOCUMENT, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

/// Most documents of a bundle; 10,000 nodes have some 300,000.
const MAX_DOCUMENTS: usize = 1_000_000;
/// Most entries whose refusal is reported one by one.
const MAX_PROBLEMS: usize = 1_000;

/// Bounds of a bundle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of one document.
    pub(super) document: u64,
    /// Bytes of all documents.
    pub(super) total: u64,
    /// Number of documents.
    pub(super) documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: MAX_DOCUMENT,
            total: MAX_ARCHIVE,
            documents: MAX_DOCUMENTS,
        }
    }
}

/// Why nothing could be made of what was taken in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// No document was found.
    Empty(Vec<Problem>),
    /// Several folders each hold a bundle.
    Several(Vec<String>),
}

/// Documents on their way in.
#[derive(Debug)]
pub(super) struct Intake {
    limits: Limits,
    used: u64,
    documents: BTreeMap<Vec<String>, Vec<u8>>,
    problems: Vec<Problem>,
    foreign: BTreeSet<String>,
}

impl Intake {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            used: 0,
            documents: BTreeMap::new(),
            problems: Vec::new(),
            foreign: BTreeSet::new(),
        }
    }

    /// Reports an entry that was not taken in.
    pub(super) fn refuse(&mut self, path: &str, message: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let document = path
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            let message = message.into();
            self.problems.push(Problem { document, message });
        }
    }

    /// Checks the path and size that an entry claims; `None` if it is not to be read.
    pub(super) fn admit(&mut self, path: &str, size: u64) -> Option<Vec<String>> {
        let parts = match name::parts(path) {
            Ok(parts) => parts,
            Err(why) => {
                self.refuse(path, format!("refused: {why}"));
                return None;
            }
        };
        if parts.is_empty() || name::is_hidden(&parts) {
            return None;
        }
        // One folder around the bundle is allowed; which one is known only at the end.
        if !name::is_document(&parts) && !name::is_document(&parts[1..]) {
            self.foreign.insert(parts[0].to_owned());
            return None;
        }
        if size > self.limits.document {
            let limit = self.limits.document;
            self.refuse(
                path,
                format!("{size} bytes long, the limit is {limit}: not read"),
            );
            return None;
        }
        if self.documents.len() >= self.limits.documents {
            self.refuse(
                path,
                format!("more than {} documents: not read", self.limits.documents),
            );
            return None;
        }
        Some(parts.into_iter().map(str::to_owned).collect())
    }

    /// Reads an admitted document of `size` bytes.
    ///
    /// Returns false when the bound of the whole bundle is reached, so that reading can stop.
    pub(super) fn take(&mut self, parts: Vec<String>, size: u64, reader: impl Read) -> bool {
        let path = parts.join("/");
        let left = self.limits.total.saturating_sub(self.used);
        let bound = self.limits.document.min(left);
        let mut bytes = Vec::new();
        let result = reader.take(bound + 1).read_to_end(&mut bytes);
        let length = bytes.len() as u64;
        self.used += length.min(bound);
        match result {
            Err(error) => self.refuse(&path, format!("cannot be read: {}", why(&error))),
            Ok(_) if length > left => {
                let total = self.limits.total;
                self.refuse(&path, format!("the bundle exceeds {total} bytes: this document and the following ones are not read"));
                return false;
            }
            Ok(_) if length > self.limits.document => {
                let limit = self.limits.document;
                self.refuse(&path, format!("longer than {limit} bytes: not read"));
            }
            Ok(_) if length < size => {
                self.refuse(
                    &path,
                    format!("truncated: {length} of {size} bytes are there"),
                );
            }
            Ok(_) => {
                if self.documents.insert(parts, bytes).is_some() {
                    self.refuse(&path, "appears twice: the later one is used");
                }
            }
        }
        true
    }

    /// Makes a bundle of what was taken in.
    pub(super) fn finish(mut self) -> Result<Bundle, Nothing> {
        let root = self.root()?;
        for name in &self.foreign {
            if root.as_ref() != Some(name) {
                let message = "not a part of a bundle: not read".to_owned();
                self.problems.push(Problem {
                    document: name.clone(),
                    message,
                });
            }
        }
        let mut bundle = Bundle::default();
        for (mut parts, bytes) in std::mem::take(&mut self.documents) {
            if let Some(root) = &root {
                if parts[0] != *root {
                    self.refuse(
                        &parts.join("/"),
                        format!("outside of the bundle's folder {root}: not used"),
                    );
                    continue;
                }
                parts.remove(0);
            } else if !name::is_document(&parts.iter().map(String::as_str).collect::<Vec<_>>()) {
                self.refuse(&parts.join("/"), "not a part of a bundle: not used");
                continue;
            }
            self.add(&mut bundle, &parts.join("/"), bytes);
        }
        bundle.problems = self.problems;
        if let Some(root) = root {
            let prefix = format!("{root}/");
            for problem in &mut bundle.problems {
                let path = problem
                    .document
                    .strip_prefix("./")
                    .unwrap_or(&problem.document);
                if let Some(inner) = path.strip_prefix(&prefix) {
                    problem.document = inner.to_owned();
                }
            }
        }
        bundle.problems.sort();
        bundle.problems.dedup();
        Ok(bundle)
    }

    /// The folder around the bundle, if there is one.
    fn root(&mut self) -> Result<Option<String>, Nothing> {
        let stands_at_root = |parts: &Vec<String>| {
            (parts.len() == 1 && parts[0] == MANIFEST)
                || (parts.len() > 1 && FOLDERS.contains(&parts[0].as_str()))
        };
        if self.documents.keys().any(stands_at_root) {
            return Ok(None);
        }
        let folders: BTreeSet<&String> = self.documents.keys().map(|parts| &parts[0]).collect();
        let mut folders: Vec<String> = folders.into_iter().cloned().collect();
        match folders.len() {
            0 => Err(Nothing::Empty(std::mem::take(&mut self.problems))),
            1 => Ok(folders.pop()),
            _ => Err(Nothing::Several(folders)),
        }
    }

    fn add(&mut self, bundle: &mut Bundle, path: &str, bytes: Vec<u8>) {
        let scrubbed = scrub(path, &bytes);
        let left_out = scrubbed.is_left_out();
        let bytes = scrubbed.replaced.unwrap_or(bytes);
        if let Some(problem) = scrubbed.problem {
            self.refuse(path, problem);
        }
        if left_out {
            return;
        }
        if path != MANIFEST {
            bundle.insert(path, bytes);
            return;
        }
        match manifest(&bytes) {
            Ok(manifest) => bundle.manifest = manifest,
            Err(message) => self.refuse(path, message),
        }
    }
}

/// Reads `bundle.yaml`; the error has its position.
fn manifest(bytes: &[u8]) -> Result<Manifest, String> {
    let text = decode(bytes).map_err(|error| format!("{error}; defaults are used"))?;
    let document = Document {
        line: 0,
        text: &text,
    };
    if text.trim().is_empty() {
        return Ok(Manifest::default());
    }
    let manifest: Manifest = document.parse().map_err(|error| {
        format!(
            "line {}, column {}: {}; defaults are used",
            error.line, error.column, error.message
        )
    })?;
    let version = manifest.api_version.as_str();
    if !matches!(version, "" | "cilium-lb.dev/v1") {
        return Err(format!(
            "apiVersion {version:?} is not known, expected cilium-lb.dev/v1; defaults are used"
        ));
    }
    Ok(manifest)
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("truncated ({error})"),
        _ => error.to_string(),
    }
}
