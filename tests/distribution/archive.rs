//! This machine's archive, installed as krew does it, and run by the real kubectl.

use super::rules::selects;
use super::{PROGRAM, TAG, ok, package, rendered, targets};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// krew's root folder with the plugin installed from an archive.
struct Installed {
    root: TempDir,
}

impl Installed {
    /// As krew: unpack beside the store, move what `files` names, link `bin` under the plugin's name.
    fn from(archive: &Path, platform: &Value) -> Self {
        let root = TempDir::new().unwrap();
        let unpacked = root.path().join("unpacked");
        let file = fs::File::open(archive).unwrap();
        tar::Archive::new(flate2::read::GzDecoder::new(file))
            .unpack(&unpacked)
            .unwrap();
        let store = root.path().join("store/cilium-lb").join(TAG);
        fs::create_dir_all(&store).unwrap();
        for file in platform["files"].as_array().unwrap() {
            let [from, to] = ["from", "to"].map(|key| file[key].as_str().unwrap());
            fs::rename(unpacked.join(from), store.join(to).join(from)).unwrap();
        }
        let bin = root.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let program = store.join(platform["bin"].as_str().unwrap());
        symlink(program, bin.join("kubectl-cilium_lb")).unwrap();
        Self { root }
    }

    fn bin(&self) -> PathBuf {
        self.root.path().join("bin")
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        let machine = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.bin()).chain(std::env::split_paths(&machine));
        let ran = Command::new("kubectl")
            .args(arguments)
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("HOME", self.root.path())
            .env_remove("KUBECONFIG")
            .output();
        ok(ran.expect("kubectl is in the PATH"))
    }
}

#[test]
fn krew_would_install_it_and_kubectl_runs_it() {
    let dist = TempDir::new().unwrap();
    let archive = package(PROGRAM, dist.path(), None);
    let name = archive.file_name().unwrap().to_str().unwrap().to_owned();
    // The manifest wants every platform's checksum.
    let other = dist.path().join("other");
    fs::write(&other, "another system's program\n").unwrap();
    let others = TempDir::new().unwrap();
    for target in targets() {
        let made = package(other.to_str().unwrap(), others.path(), Some(&target));
        if made.file_name() != archive.file_name() {
            let sum = format!("{}.sha256", made.file_name().unwrap().to_str().unwrap());
            fs::copy(others.path().join(&sum), dist.path().join(&sum)).unwrap();
        }
    }
    let manifest = rendered(dist.path());
    let version = ok(Command::new(PROGRAM)
        .args(["version", "-o", "json"])
        .output()
        .unwrap());
    let version: Value = serde_json::from_str(&version).unwrap();
    let (os, arch) = version["platform"]
        .as_str()
        .unwrap()
        .split_once('/')
        .unwrap();
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    let platform = platforms.iter().find(|p| selects(p, os, arch)).unwrap();
    assert!(platform["uri"].as_str().unwrap().ends_with(&name), "{name}");

    let installed = Installed::from(&archive, platform);
    let said = installed.kubectl(&["cilium-lb", "version"]);
    assert_eq!(
        said,
        format!("kubectl cilium-lb {}\n", env!("CARGO_PKG_VERSION"))
    );
    let listed = installed.kubectl(&["plugin", "list"]);
    assert!(
        listed.contains(installed.bin().join("kubectl-cilium_lb").to_str().unwrap())
            && !listed.contains("warning"),
        "{listed}"
    );
    let store = installed.root.path().join("store/cilium-lb").join(TAG);
    assert!(store.join("LICENSE").is_file());
    // Completion goes beside krew's link, not into its store, which the next upgrade replaces.
    installed.kubectl(&["cilium-lb", "completion", "install"]);
    assert!(installed.bin().join("kubectl_complete-cilium_lb").is_file());
    assert_eq!(
        installed
            .kubectl(&["__complete", "cilium-lb", "versi"])
            .lines()
            .next(),
        Some("version\tPrint the version")
    );
}

#[test]
fn the_version_says_what_the_build_is() {
    let ran = Command::new(PROGRAM)
        .args(["version", "-o", "json"])
        .output();
    let version: Value = serde_json::from_str(&ok(ran.unwrap())).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["live"], cfg!(feature = "live"));
    assert_eq!(version["checks"], cilium_lb::check::CHECKS.len());
    let host = ok(Command::new("rustc").arg("-vV").output().unwrap());
    assert!(
        host.contains(&format!("host: {}\n", version["target"].as_str().unwrap())),
        "{version} and {host}"
    );
    let commit = version["gitCommit"].as_str();
    assert!(commit.is_none_or(|commit| commit.len() == 40), "{version}");
}
