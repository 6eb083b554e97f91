//! What real components printed: nothing survives, and it is read as before.

use crate::survivors::survivors;
use cilium_lb::bundle::redact::{Key, Redaction};
use cilium_lb::bundle::{self, Bundle};
use cilium_lb::parse;
use std::fs;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    below(&root)
        .iter()
        .flat_map(|version| below(version))
        .collect()
}

/// How much of everything was read; a reading that fails after the redaction changes a number.
fn read(bundle: &Bundle) -> String {
    let snapshot = parse::snapshot(bundle);
    let agents: Vec<String> = snapshot
        .agents
        .values()
        .map(|agent| {
            let bpf = agent.bpf.as_ref().map(|bpf| {
                (
                    bpf.frontends.len(),
                    bpf.frontends.values().filter(|one| one.redirects()).count(),
                )
            });
            format!("{:?} {}", bpf.ok(), agent.running.is_ok())
        })
        .collect();
    let mut gaps: Vec<String> = snapshot
        .gaps
        .iter()
        .map(|gap| format!("{:?}", gap.source))
        .collect();
    gaps.sort();
    let services = snapshot.kubernetes.services.known().count();
    let flows: Vec<usize> = snapshot
        .flows
        .values()
        .map(|flows| flows.as_ref().map_or(0, |flows| flows.value.len()))
        .collect();
    format!(
        "{agents:?} {services} {flows:?} {gaps:?} {}",
        snapshot.ignored.len()
    )
}

#[test]
fn captures_are_read_as_before_and_nothing_survives() {
    let folders = folders();
    assert!(folders.len() > 20);
    let mut wrong = Vec::new();
    for folder in folders {
        let original = bundle::read(&folder).unwrap();
        let redacted = Redaction::new(&original, &Key::from([9; 32])).bundle(&original);
        if read(&original) != read(&redacted) {
            wrong.push(format!(
                "{}: {} became {}",
                folder.display(),
                read(&original),
                read(&redacted)
            ));
        }
        wrong.extend(
            survivors(&original, &redacted)
                .iter()
                .map(|why| format!("{}: {why}", folder.display())),
        );
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wrong.len());
}
