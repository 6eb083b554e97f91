//! How `krew/package` builds: for which target, and with which commit, told by tools that stand in for the compiler.

use super::{TAG, ok, root};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const CARGO: &str = r#"
for word; do [ "$last" = --target ] && target=$word; last=$word; done
mkdir -p "$CARGO_TARGET_DIR/$target/release"
echo "program of $CILIUM_LB_COMMIT" > "$CARGO_TARGET_DIR/$target/release/kubectl-cilium_lb"
echo "$*" >> "$CARGO_TARGET_DIR/calls"
"#;

/// Runs `krew/package` on a machine of glibc, with or without what a static build needs.
fn package(folder: &Path, tools: &[&str], standard_library: bool) -> Output {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let rustc = format!(
        "case $1 in -vV) echo 'host: x86_64-unknown-linux-gnu' ;; *) echo '{}' ;; esac",
        folder.display()
    );
    let mut programs = vec![("cargo", CARGO), ("rustc", rustc.as_str())];
    programs.extend(tools.iter().map(|tool| (*tool, "exit 0")));
    for (name, body) in programs {
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    if standard_library {
        let library = folder.join("lib/rustlib/x86_64-unknown-linux-musl/lib");
        fs::create_dir_all(library).unwrap();
    }
    let path = [&bin, Path::new("/usr/bin"), Path::new("/bin")];
    Command::new(root("krew/package"))
        .args(["--out", "dist"])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CILIUM_LB_COMMIT", "0123abc")
        .output()
        .unwrap()
}

fn calls(folder: &Path) -> String {
    fs::read_to_string(folder.join("target/calls")).unwrap()
}

#[test]
fn linux_is_static_where_the_toolchain_is_there() {
    let folder = TempDir::new().unwrap();
    let ran = package(folder.path(), &["musl-gcc"], true);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(said, "");
    let printed = ok(ran);
    let name = format!("kubectl-cilium_lb-{TAG}-linux-amd64.tar.gz");
    let archive = folder.path().join("dist").join(&name);
    assert_eq!(Path::new(printed.trim()), archive);
    assert_eq!(
        calls(folder.path()),
        "build --locked --release --target x86_64-unknown-linux-musl\n"
    );
    let inside = Command::new("tar")
        .args(["-xzOf", printed.trim(), "kubectl-cilium_lb"])
        .output();
    assert_eq!(ok(inside.unwrap()), "program of 0123abc\n");
    let checked = Command::new("sha256sum")
        .args(["--check", &format!("{name}.sha256")])
        .current_dir(folder.path().join("dist"))
        .output();
    assert_eq!(ok(checked.unwrap()), format!("{name}: OK\n"));
}

#[test]
fn otherwise_it_is_built_for_this_machine_and_said() {
    let folder = TempDir::new().unwrap();
    // Half of a toolchain is none.
    let ran = package(folder.path(), &[], true);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        said.contains("no toolchain for x86_64-unknown-linux-musl") && said.contains("libc"),
        "{said}"
    );
    ok(ran);
    let folder = TempDir::new().unwrap();
    ok(package(folder.path(), &["musl-gcc"], false));
    assert_eq!(
        calls(folder.path()),
        "build --locked --release --target x86_64-unknown-linux-gnu\n"
    );
}
