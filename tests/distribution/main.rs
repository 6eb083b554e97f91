//! What a release consists of: archives, the krew manifest, the workflows that make them, and the manual.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(unix)]

mod archive;
mod build;
#[cfg(feature = "live")]
mod man;
mod manifest;
mod rules;
mod workflows;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-cilium_lb");
/// The tag of a release of this version.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const REPOSITORY: &str = "owner/repository";

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A YAML file of the repository.
fn yaml(name: &str) -> Value {
    let text = std::fs::read_to_string(root(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs a script of the repository.
fn script(name: &str, arguments: &[&str]) -> Output {
    Command::new(root(name)).args(arguments).output().unwrap()
}

#[track_caller]
fn ok(ran: Output) -> String {
    let error = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {error}", ran.status);
    String::from_utf8(ran.stdout).unwrap()
}

/// Runs `krew/package` with a program that is there already, and returns the archive's path.
fn package(program: &str, out: &Path, target: Option<&str>) -> PathBuf {
    let mut arguments = vec!["--binary", program, "--out", out.to_str().unwrap()];
    arguments.extend(target.iter().flat_map(|target| ["--target", *target]));
    PathBuf::from(ok(script("krew/package", &arguments)).trim())
}

/// The manifest of a release whose archives' checksums are in a folder.
fn rendered(folder: &Path) -> Value {
    let arguments = [TAG, REPOSITORY, folder.to_str().unwrap()];
    let text = ok(script("krew/manifest", &arguments));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The targets for which the release workflow builds archives.
fn targets() -> Vec<String> {
    let release = yaml(".github/workflows/release.yml");
    let matrix = release["jobs"]["archive"]["strategy"]["matrix"]["include"].clone();
    let rows = matrix.as_array().expect("a matrix").iter();
    rows.map(|row| row["target"].as_str().expect("a target").to_owned())
        .collect()
}
