//! The krew manifest: rendered from real checksums, it passes krew's rules, and the rules can fail.

use super::rules::{problems, selects};
use super::{REPOSITORY, TAG, ok, package, rendered, root, script, targets};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Archives of all targets around a program that is none, and the manifest of them.
fn release() -> (TempDir, Value) {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("program");
    fs::write(&program, "a program\n").unwrap();
    let dist = folder.path().join("dist");
    for target in targets() {
        package(program.to_str().unwrap(), &dist, Some(&target));
    }
    let manifest = rendered(&dist);
    (folder, manifest)
}

/// Paths in an archive.
fn entries(archive: &Path) -> BTreeSet<String> {
    let file = fs::File::open(archive).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect()
}

#[test]
fn every_platform_has_an_archive_that_holds_what_the_manifest_takes_from_it() {
    let (folder, manifest) = release();
    assert_eq!(problems(&manifest, "cilium-lb.yaml"), [""; 0]);
    assert_eq!(manifest["spec"]["version"], TAG);
    let home = format!("https://github.com/{REPOSITORY}");
    assert_eq!(manifest["spec"]["homepage"], home);
    let mut named = BTreeSet::new();
    for platform in manifest["spec"]["platforms"].as_array().unwrap() {
        let uri = platform["uri"].as_str().unwrap();
        let name = uri.strip_prefix(&format!("{home}/releases/download/{TAG}/"));
        let name = name.unwrap_or_else(|| panic!("{uri}"));
        let labels = &platform["selector"]["matchLabels"];
        let machine = ["os", "arch"].map(|key| labels[key].as_str().unwrap());
        assert_eq!(
            name,
            format!(
                "kubectl-cilium_lb-{TAG}-{}-{}.tar.gz",
                machine[0], machine[1]
            )
        );
        let archive = folder.path().join("dist").join(name);
        let sum = Sha256::digest(fs::read(&archive).unwrap());
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(platform["sha256"], sum);
        let inside = entries(&archive);
        let files = platform["files"].as_array().unwrap();
        for file in files {
            let from = file["from"].as_str().unwrap();
            assert!(inside.contains(from), "{name} has no {from}: {inside:?}");
        }
        // krew looks for the program and a licence of one of few names among what it keeps.
        for kept in [platform["bin"].as_str().unwrap(), "LICENSE"] {
            assert!(
                files.contains(&json!({"from": kept, "to": "."})),
                "{kept}: {files:?}"
            );
        }
        assert!(
            inside.contains("completions/kubectl-cilium_lb.bash"),
            "{inside:?}"
        );
        named.insert(name.to_owned());
    }
    let made: BTreeSet<String> = fs::read_dir(folder.path().join("dist"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".sha256"))
        .collect();
    assert_eq!(
        made, named,
        "targets of the workflow and platforms of the manifest"
    );
}

#[test]
fn the_machines_that_people_have_are_served() {
    let (_folder, manifest) = release();
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    let served = [
        ("linux", "amd64"),
        ("linux", "arm64"),
        ("darwin", "amd64"),
        ("darwin", "arm64"),
        ("windows", "amd64"),
    ];
    for (os, arch) in served {
        assert!(
            platforms.iter().any(|p| selects(p, os, arch)),
            "{os}/{arch}"
        );
    }
    let short = manifest["spec"]["shortDescription"].as_str().unwrap();
    assert!(
        short.len() <= 59,
        "longer than 90 of 100 in the index: {short}"
    );
    let caveats = manifest["spec"]["caveats"].as_str().unwrap();
    assert!(
        caveats.contains("kubectl cilium-lb completion install"),
        "{caveats}"
    );
}

#[test]
fn a_broken_manifest_is_noticed() {
    let (_folder, manifest) = release();
    let long = "0".repeat(63);
    let upper = "A".repeat(64);
    for (pointer, value, problem) in [
        ("/apiVersion", json!("v1"), "apiVersion"),
        ("/kind", json!("Pod"), "kind"),
        ("/metadata/name", json!("cilium lb"), "name"),
        ("/metadata/name", json!("nul"), "name of a device"),
        ("/metadata/name", json!("LPT1"), "name of a device"),
        ("/metadata/name", json!("other"), "name of the file"),
        ("/spec/version", json!("0.1.0"), "version"),
        ("/spec/version", json!("v0.1"), "version"),
        ("/spec/version", json!("v0.1.0-01"), "version"),
        ("/spec/shortDescription", json!("a\nb"), "shortDescription"),
        ("/spec/platforms", json!([]), "platforms"),
        ("/spec/platforms/0/uri", json!(""), "uri"),
        ("/spec/platforms/0/sha256", json!(long), "sha256"),
        ("/spec/platforms/0/sha256", json!(upper), "sha256"),
        ("/spec/platforms/0/bin", Value::Null, "bin"),
        ("/spec/platforms/0/files", json!([]), "files"),
        ("/spec/platforms/0/files/0/to", json!(""), "files"),
        (
            "/spec/platforms/0/selector/matchLabels",
            json!({}),
            "selector",
        ),
        (
            "/spec/platforms/0/selector/matchLabels",
            json!({"os": "linux", "arch": "amd64", "libc": "musl"}),
            "key of a selector",
        ),
        (
            "/spec/platforms/0/selector/matchLabels/arch",
            json!("riscv64"),
            "platform",
        ),
        (
            "/spec/platforms/0/selector/matchLabels/arch",
            json!("arm64"),
            "overlap on linux/arm64",
        ),
        (
            "/spec/platforms/4/bin",
            json!("kubectl-cilium_lb"),
            "bin on windows",
        ),
    ] {
        let mut broken = manifest.clone();
        *broken
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{pointer}")) = value;
        let found = problems(&broken, "cilium-lb.yaml");
        assert!(
            found.iter().any(|found| found == problem),
            "{pointer}: {found:?}"
        );
    }
}

/// What krew-release-bot renders is what our script renders: its template language, as far as it is used.
#[test]
fn the_template_uses_nothing_that_only_our_script_knows() {
    let text = fs::read_to_string(root("krew/cilium-lb.yaml")).unwrap();
    let actions: Vec<&str> = text.lines().filter(|line| line.contains("{{")).collect();
    let plain = [
        "  version: {{ .TagName }}",
        "  homepage: https://github.com/{{ .PluginOwner }}/{{ .PluginRepo }}",
    ];
    for line in &actions {
        let asset = line.starts_with("      {{addURIAndSha (printf \"https://github.com/%s/%s/releases/download/{{ .TagName }}/")
            && line.ends_with(".tar.gz\" .PluginOwner .PluginRepo) .TagName | indent 6 }}");
        assert!(asset || plain.contains(line), "{line}");
    }
    assert_eq!(actions.len(), plain.len() + targets().len());
}

#[test]
fn scripts_refuse_what_they_cannot_use() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().to_str().unwrap();
    let ran = script("krew/manifest", &[TAG, REPOSITORY, empty]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        !ran.status.success() && said.contains(".sha256 is not there"),
        "{said}"
    );
    let target = ["--target", "riscv64gc-unknown-linux-gnu", "--out", empty];
    let ran = script("krew/package", &target);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        !ran.status.success() && said.contains("no platform of krew"),
        "{said}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(
        ok(script(
            "krew/package",
            &[
                "--out",
                empty,
                "--binary",
                "LICENSE",
                "--target",
                "aarch64-apple-darwin"
            ]
        ))
        .contains("darwin-arm64")
    );
}
