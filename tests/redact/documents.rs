//! The names of documents are the format's own: an object that is called like a word of one hides no document.

use crate::support::scenario;
use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use serde_json::json;
use std::collections::BTreeSet;

/// Roots below which a folder of a node has documents of fixed names.
const OF_NODES: [&str; 3] = ["cilium", "envoy", "hubble"];

/// The fixed names of all documents of nodes that scenarios have, `ROOT/FILE`.
fn fixed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for scenario in scenario::all() {
        for (path, _) in scenario.bundle.iter() {
            if let [root, _, file] = path.split('/').collect::<Vec<_>>().as_slice()
                && OF_NODES.contains(root)
            {
                names.insert(format!("{root}/{file}"));
            }
        }
    }
    names
}

#[test]
fn no_name_of_an_object_renames_a_document() {
    let documents = fixed();
    assert!(
        documents.contains("cilium/bpf-lb-list.json"),
        "{documents:?}"
    );
    let words = documents
        .iter()
        .flat_map(|name| name.split(['/', '-', '_', '.']));
    let words: BTreeSet<&str> = words.filter(|word| word.len() > 1).collect();
    let mut renamed = BTreeSet::new();
    for word in words {
        let item = json!({"kind": "Service", "metadata": {"name": word, "namespace": word}});
        let mut original = Bundle::default();
        let list = json!({"kind": "List", "items": [item]});
        original.insert("kubernetes/services.json", list.to_string());
        for name in &documents {
            let (root, file) = name.split_once('/').unwrap();
            original.insert(format!("{root}/somewhere/{file}"), "{}");
        }
        let redacted = Redaction::new(&original, &Key::from([3; 32])).bundle(&original);
        let kept: BTreeSet<&str> = redacted
            .iter()
            .map(|(path, _)| path.rsplit('/').next().unwrap())
            .collect();
        let lost = documents
            .iter()
            .map(|name| name.rsplit('/').next().unwrap());
        renamed.extend(
            lost.filter(|file| !kept.contains(file))
                .map(|file| format!("{word}: {file}")),
        );
    }
    assert!(renamed.is_empty(), "{renamed:#?}");
}
