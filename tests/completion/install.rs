//! `completion install` and `uninstall`: where the file goes, and whose files are left alone.

use super::{PROGRAM, bare, program, stderr, stdout};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const NAME: &str = "kubectl_complete-cilium_lb";

/// Runs `completion ACTION --dir FOLDER`.
fn run(action: &str, folder: &Path) -> Output {
    program(folder)
        .args(["completion", action, "--dir"])
        .arg(folder)
        .output()
        .unwrap()
}

#[test]
fn the_file_is_written_again_and_again_and_removed_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(NAME);
    for _ in 0..2 {
        let ran = run("install", folder.path());
        assert!(ran.status.success(), "{ran:?}");
        assert!(stdout(&ran).contains(NAME), "{ran:?}");
        assert!(stderr(&ran).contains("is not on PATH"), "{ran:?}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        fs::read_to_string(root.join(NAME)).unwrap()
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o755
    );
    let ran = run("uninstall", folder.path());
    assert!(ran.status.success() && !path.exists(), "{ran:?}");
    let ran = run("uninstall", folder.path());
    assert!(ran.status.success(), "{ran:?}");
    assert!(stdout(&ran).contains("is not there"), "{ran:?}");
}

#[test]
fn files_of_others_stay() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(NAME);
    let others = "#!/bin/sh\necho mine\n";
    fs::write(&path, others).unwrap();
    for action in ["install", "uninstall"] {
        let ran = run(action, folder.path());
        assert_eq!(ran.status.code(), Some(4), "{ran:?}");
        assert!(stderr(&ran).contains("is not of this program"), "{ran:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), others);
    }
    fs::remove_file(&path).unwrap();
    symlink("/bin/true", &path).unwrap();
    assert_eq!(run("install", folder.path()).status.code(), Some(4));
    fs::remove_file(&path).unwrap();
    // Our own link is replaced, and what it points to is not written through it.
    symlink(PROGRAM, &path).unwrap();
    let size = fs::metadata(PROGRAM).unwrap().len();
    assert!(run("install", folder.path()).status.success());
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(fs::metadata(PROGRAM).unwrap().len(), size);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let absent = folder.path().join("absent");
    let ran = run("install", &absent);
    assert_eq!(ran.status.code(), Some(4));
    assert!(
        stderr(&ran).contains("cannot write") && stderr(&ran).contains("--dir"),
        "{ran:?}"
    );
}

/// krew links the plugin into a folder on PATH; the file belongs beside the link.
#[test]
fn without_a_folder_it_goes_beside_the_plugins_link() {
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("kubectl-cilium_lb");
    symlink(PROGRAM, &link).unwrap();
    let path = std::env::join_paths([folder.path(), Path::new("/usr/bin"), Path::new("/bin")]);
    let path = path.unwrap();
    for by_path in [false, true] {
        // A shell gives a program's whole path to kubectl's plugins, and only its name to a program on PATH.
        let mut command = if by_path {
            let mut shell = Command::new("sh");
            shell.args(["-c", "kubectl-cilium_lb completion install"]);
            shell
        } else {
            let mut plugin = Command::new(&link);
            plugin.args(["completion", "install"]);
            plugin
        };
        bare(&mut command, folder.path());
        let ran = command.env("PATH", &path).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert_eq!(stderr(&ran), "");
        let written = folder.path().join(NAME);
        assert!(written.is_file(), "{ran:?}");
        fs::remove_file(written).unwrap();
    }
}
