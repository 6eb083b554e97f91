//! Bundles on disk: what goes in comes out, and nothing that does not belong in one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod any;
mod refused;
mod scrubbed;
mod written;

use cilium_lb::bundle::{Bundle, ManifestGap};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) fn names(bundle: &Bundle) -> Vec<&str> {
    bundle.iter().map(|(name, _)| name).collect()
}

/// The message of the only problem of `document`.
pub(crate) fn problem<'a>(bundle: &'a Bundle, document: &str) -> &'a str {
    let found: Vec<_> = bundle
        .problems
        .iter()
        .filter(|problem| problem.document == document)
        .collect();
    assert_eq!(found.len(), 1, "{:?}", bundle.problems);
    &found[0].message
}

/// A tar archive in which names are written as they are, also those that leave the tree.
pub(crate) fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_file() {
            header.set_size(content.len() as u64);
        } else {
            header.set_size(0);
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
        }
        header.set_cksum();
        let content = if kind.is_file() { *content } else { b"" };
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn saved(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn sample() -> Bundle {
    let mut bundle = Bundle::default();
    bundle.manifest.taken_at = Some("2026-11-20T09:00:00Z".to_owned());
    bundle.manifest.gaps.push(ManifestGap {
        source: "aws/111122223333/eu-west-2/ec2-describe-vpcs".to_owned(),
        reason: "UnauthorizedOperation: ec2:DescribeVpcs".to_owned(),
    });
    bundle.insert("kubernetes/services.yaml", "kind: List\nitems: []\n");
    bundle.insert("cilium/node-a/status.json", "{}");
    bundle.insert("cilium/node-a/config-map/debug", "false");
    bundle
}
