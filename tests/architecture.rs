//! The import law, the length of files, and what may not appear in the code.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order in which data goes; a module may use itself and those before it.
const ORDER: [&str; 9] = [
    "model", "bundle", "parse", "path", "check", "verdict", "report", "audit", "render",
];

/// Words that name an async runtime or a client.
const CLIENTS: [&str; 8] = [
    "tokio",
    "kube",
    "k8s_openapi",
    "aws_config",
    "aws_sdk",
    "aws_smithy",
    "futures",
    "hyper",
];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// Every source file under `src` with its module and text.
fn files() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            let module = name.split(['/', '.']).next().unwrap().to_owned();
            (name, module, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Code without comments and doc comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("")))
}

/// Modules of this crate that a line names: `crate::x`, also inside `crate::{x, y::z}`.
fn named(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let group = rest
            .strip_prefix('{')
            .map(|inner| inner.split('}').next().unwrap_or(inner));
        let parts: Vec<&str> = group.map_or_else(|| vec![rest], |inner| inner.split(',').collect());
        out.extend(parts.into_iter().map(|part| {
            part.trim()
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .unwrap_or("")
        }));
    }
    out
}

#[test]
fn data_goes_one_way() {
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        let rank = |of: &str| ORDER.iter().position(|other| *other == of);
        for (line, code) in code(&text) {
            for used in named(code) {
                let allowed = match (rank(&module), rank(used)) {
                    (Some(own), Some(other)) => other <= own,
                    // Collectors know what parsers, paths and the table of sources say, and no judgement.
                    (None, Some(other)) if module == "collect" => other <= rank("path").unwrap(),
                    (Some(_), None) => !matches!(used, "collect" | "cli"),
                    _ => true,
                };
                if !allowed {
                    wrong.push(format!("{name}:{line}: {module} must not use {used}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn renderers_see_nothing_but_the_report() {
    for (name, _, text) in files()
        .into_iter()
        .filter(|(_, module, _)| module == "render")
    {
        for (line, code) in code(&text) {
            for used in named(code) {
                assert!(
                    matches!(used, "report" | "render"),
                    "{name}:{line}: render must not use {used}"
                );
            }
        }
    }
}

#[test]
fn only_collectors_and_the_command_line_name_clients() {
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        if matches!(module.as_str(), "collect" | "cli" | "main") {
            continue;
        }
        for (line, code) in code(&text) {
            for client in CLIENTS {
                let used = code.match_indices(client).any(|(at, _)| {
                    code[at + client.len()..].starts_with("::")
                        && !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                });
                if used {
                    wrong.push(format!("{name}:{line}: names {client}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints_and_only_collectors_read_the_clock() {
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        for (line, code) in code(&text) {
            let prints = ["println!", "print!(", "eprint", "stdout()", "stderr()"];
            if module != "cli" && prints.iter().any(|word| code.contains(word)) && module != "main"
            {
                wrong.push(format!("{name}:{line}: prints"));
            }
            let clocks = [
                "SystemTime::now",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
            ];
            if module != "collect" && clocks.iter().any(|word| code.contains(word)) {
                wrong.push(format!("{name}:{line}: reads the clock"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_why_they_exist() {
    let mut lengths = Vec::new();
    let mut wrong = Vec::new();
    for (name, _, text) in files() {
        let lines = text.lines().count();
        lengths.push(lines);
        if lines > 500 {
            wrong.push(format!("{name}: {lines} lines, at most 500"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: no module documentation"));
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < 150, "the median file has {median} lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
