//! Raw documents: what kubectl, the AWS CLI and cilium-dbg print, each under its own name.
//!
//! A bundle is the only way evidence enters the program. The live collector
//! makes one in memory, a directory or an archive holds one, and the same
//! parser reads both, so a bundle attached to a bug report is already a test.

mod archive;
mod directory;
mod intake;
pub mod manifest;
mod name;
pub mod read;
pub mod redact;
pub mod scrub;
pub mod text;
pub mod write;
pub mod yaml;

pub use manifest::{Manifest, ManifestGap};
pub use read::{ReadError, read};
pub use write::{WriteError, write};

use std::collections::BTreeMap;

/// Largest document in bytes.
pub const MAX_DOCUMENT: u64 = 256 << 20;
/// Largest archive in bytes, unpacked.
pub const MAX_ARCHIVE: u64 = 2 << 30;

/// A document that could not be taken into the bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Its path in the bundle or archive.
    pub document: String,
    /// Why, and what to do.
    pub message: String,
}

/// Raw documents by path, such as `cilium/node-a/status.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `bundle.yaml`.
    pub manifest: Manifest,
    /// Documents that could not be taken in; each becomes a gap.
    pub problems: Vec<Problem>,
    documents: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Adds or replaces a document.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.documents.insert(path.into(), bytes.into());
    }

    /// Removes a document, as a test of what its absence does.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.documents.remove(path)
    }

    /// The bytes of a document.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.documents.get(path).map(Vec::as_slice)
    }

    /// All documents in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.documents
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Whether there is no document at all.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}
