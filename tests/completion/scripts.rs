//! The scripts for direct use: those of the repository are those that the program prints, and bash runs one.
//!
//! `UPDATE=1 cargo test --test completion` writes them anew.

use super::{PROGRAM, bare, program, stderr, stdout};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Shells with the names under which their completion systems look for a script.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", "kubectl-cilium_lb.bash"),
    ("zsh", "_kubectl-cilium_lb"),
    ("fish", "kubectl-cilium_lb.fish"),
    ("powershell", "kubectl-cilium_lb.ps1"),
];

#[test]
fn the_scripts_of_the_repository_are_those_of_the_program() {
    let home = TempDir::new().unwrap();
    for (shell, name) in SCRIPTS {
        let ran = program(home.path())
            .args(["completion", shell])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{shell}: {ran:?}");
        let wanted = stdout(&ran);
        assert!(
            wanted.contains("KUBECTL_CILIUM_LB_COMPLETE") && !wanted.contains(PROGRAM),
            "{shell}: {wanted}"
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("completions")
            .join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &wanted).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap_or_default() == wanted,
            "{name} is stale: UPDATE=1 cargo test --test completion writes it"
        );
    }
    let ran = program(home.path())
        .args(["completion", "bash", "--dir", "x"])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(stderr(&ran).contains("--dir goes with install"), "{ran:?}");
}

/// What bash offers at the end of a command line, in a shell that has the repository's script.
fn bash(words: &[&str]) -> Vec<String> {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(PROGRAM, folder.join("kubectl-cilium_lb")).unwrap();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.last().unwrap();
    let script = format!(
        "PATH='{}':$PATH\nsource completions/kubectl-cilium_lb.bash\n\
         complete -p kubectl-cilium_lb >/dev/null || exit 9\n\
         COMP_WORDS=(kubectl-cilium_lb {})\nCOMP_CWORD={}\nCOMP_TYPE=9\n\
         _clap_complete_kubectl_cilium_lb kubectl-cilium_lb '{last}' ''\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        folder.display(),
        quoted.join(" "),
        words.len()
    );
    let mut command = Command::new("bash");
    bare(&mut command, home.path());
    let ran = command
        .args(["--norc", "-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(stderr(&ran), "");
    stdout(&ran).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_the_program_itself() {
    assert_eq!(
        bash(&["why-unhealthy", "web", "--fail-on", "w"]),
        ["warning"]
    );
    assert_eq!(bash(&["explain", "CLB6104"]), ["CLB6104"]);
    assert_eq!(bash(&["why-unhealthy", "ga"]), ["gateway/"]);
    // Without kubectl in between, files are offered too.
    assert_eq!(bash(&["why-unhealthy", "--from", "LICE"]), ["LICENSE"]);
}
