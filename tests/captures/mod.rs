//! Reads the captures beside this file.

#![allow(
    dead_code,
    reason = "the parser tests want documents, the answer sheet wants everything"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A document of a capture.
pub(crate) struct Document {
    /// `cilium-1.19/base`.
    pub(crate) state: String,
    /// Its path in the bundle: `cilium/node-1/status.json`.
    pub(crate) path: String,
    /// What was printed.
    pub(crate) bytes: Vec<u8>,
}

impl Document {
    /// The part of the path that names the component, and the name below the node.
    pub(crate) fn component(&self) -> (&str, &str) {
        let mut parts = self.path.splitn(3, '/');
        let component = parts.next().unwrap();
        (component, parts.nth(1).unwrap())
    }
}

/// The documents of agents, proxies and Hubble, in order of path.
pub(crate) fn documents() -> Vec<Document> {
    let of_node = |document: &Document| {
        ["cilium/", "envoy/", "hubble/"]
            .iter()
            .any(|part| document.path.starts_with(part))
    };
    all().into_iter().filter(of_node).collect()
}

/// Everything in the captures, in order of path: Kubernetes objects and `observed.txt` as well.
pub(crate) fn all() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .filter_map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            let mut parts = path.splitn(3, '/');
            let (version, state) = (parts.next()?, parts.next()?);
            Some(Document {
                state: format!("{version}/{state}"),
                path: parts.next()?.to_owned(),
                bytes: fs::read(&file).unwrap(),
            })
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
