//! Properties of bundles with any content.

use cilium_lb::bundle::{Bundle, ManifestGap, read, scrub::scrub, write};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

fn document_name() -> impl Strategy<Value = String> {
    let part = "[a-z0-9][a-zA-Z0-9_.:+ é-]{0,40}";
    (
        prop::sample::select(vec!["aws", "cilium", "envoy", "hubble", "kubernetes"]),
        prop::collection::vec(part, 1..5),
    )
        .prop_map(|(folder, parts)| format!("{folder}/{}", parts.join("/")))
}

prop_compose! {
    fn bundles()(
        documents in prop::collection::btree_map(document_name(), prop::collection::vec(any::<u8>(), 0..300), 0..8),
        context in prop::option::of(any::<String>()),
        taken_at in prop::option::of(any::<String>()),
        redacted in any::<bool>(),
        gaps in prop::collection::vec((any::<String>(), any::<String>()), 0..3),
    ) -> Bundle {
        let mut bundle = Bundle::default();
        // A name cannot be a file and a folder at once.
        let names: Vec<String> = documents.keys().cloned().collect();
        for (name, bytes) in documents {
            if !names.iter().any(|other| other.starts_with(&format!("{name}/"))) {
                bundle.insert(name, bytes);
            }
        }
        bundle.manifest.context = context;
        bundle.manifest.taken_at = taken_at;
        bundle.manifest.redacted = redacted;
        bundle.manifest.gaps = gaps.into_iter().map(|(source, reason)| ManifestGap { source, reason }).collect();
        bundle
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(bundle in bundles(), form in prop::sample::select(vec!["tree", "b.tar", "b.tgz", "b.zip"])) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(form);
        write(&bundle, &path, false).unwrap();
        prop_assert_eq!(read(&path).unwrap(), bundle);
    }

    #[test]
    fn damaged_archives_never_panic(bundle in bundles(), form in prop::sample::select(vec!["b.tar", "b.tgz", "b.zip"]), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(form);
        write(&bundle, &path, false).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= byte;
        if cut { bytes.truncate(at); }
        fs::write(&path, &bytes).unwrap();
        let _ = read(&path);
    }

    #[test]
    fn scrubbing_never_panics_and_settles(text in "(token|password|Secret|kind|data|-----BEGIN PRIVATE KEY-----|[\"':={}\\[\\]\n, -]|é|[a-z]){0,60}", name in prop::sample::select(vec!["kubernetes/a.yaml", "kubernetes/a.json", "cilium/n/agent.log", "hubble/n/flows.json"])) {
        let once = scrub(name, text.as_bytes()).replaced.unwrap_or_else(|| text.into_bytes());
        let twice = scrub(name, &once).replaced.unwrap_or_else(|| once.clone());
        prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    }
}
