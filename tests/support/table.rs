//! Tables that are held against the scenarios: lists in YAML, and what a scenario says.

use cilium_lb::report::v1;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The rows of all files in a folder of `tests`, in the order of their names.
pub(crate) fn rows<T: DeserializeOwned>(folder: &str) -> Vec<T> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            serde_saphyr::from_str::<Vec<T>>(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
        .collect()
}

/// What a scenario says, by its `expected.json`, which `tests/scenarios.rs` holds against the program; `None` when there is
/// no such scenario.
pub(crate) fn said(scenario: &str) -> Option<v1::Diagnosis> {
    let file = root()
        .join("scenarios")
        .join(scenario)
        .join("expected.json");
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}
