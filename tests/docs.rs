//! What is generated equals what is committed: the README's example, permissions and table of checks, and the schema.
//!
//! `UPDATE=1 cargo test --test docs` writes them anew.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::check::CHECKS;
use cilium_lb::render::Format;
use cilium_lb::report::{schema, v1};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::diagnosis::{document, text};
use support::scenario;

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn hold(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, wanted).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is stale: UPDATE=1 cargo test --test docs writes it",
        path.display()
    );
}

/// Replaces what stands between a marker and the next end marker.
fn between(text: &str, marker: &str, new: &str) -> String {
    let (head, rest) = text
        .split_once(marker)
        .unwrap_or_else(|| panic!("README lacks {marker}"));
    let (_, tail) = rest
        .split_once("<!-- end -->")
        .unwrap_or_else(|| panic!("{marker} has no end"));
    format!("{head}{marker}\n{new}<!-- end -->{tail}")
}

#[test]
fn the_readme_shows_the_real_output_and_all_checks() {
    let path = root("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let example = text(&document(&scenario::one("obs-eu-dev")), Format::Tree);
    let example = format!(
        "```\n$ kubectl cilium-lb why-unhealthy gateway/shared-gateway -n gateway\n{example}```\n"
    );
    let mut table =
        String::from("| code | slug | hop | severity | what it finds |\n|---|---|---|---|---|\n");
    for check in CHECKS {
        let page = format!("src/check/{}", page_of(check.slug));
        let _ = writeln!(
            table,
            "| [{}]({page}) | `{}` | {} | {} | {} |",
            check.code,
            check.slug,
            check.hop.id(),
            check.severity.id(),
            check.title
        );
    }
    let wanted = between(&readme, "<!-- example: obs-eu-dev -->", &example);
    let wanted = between(&wanted, "<!-- example: audit -->", &audit());
    let wanted = between(&wanted, "<!-- rbac -->", &permissions("rbac", "yaml"));
    let wanted = between(&wanted, "<!-- iam -->", &permissions("iam", "json"));
    hold(&path, &between(&wanted, "<!-- checks -->", &table));
}

/// An audit of two clusters, as it is printed.
fn audit() -> String {
    let folder = |name: &str| format!("tests/scenarios/{name}/bundle");
    let ran = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["audit", "--from", &folder("obs-eu-dev")])
        .args(["--from", &folder("shop")])
        .output()
        .unwrap();
    assert_eq!(
        ran.status.code(),
        Some(1),
        "one of the clusters has a cause"
    );
    let printed = String::from_utf8(ran.stdout).unwrap();
    format!("```\n$ kubectl cilium-lb audit -A --contexts obs-eu-dev,shop-prod\n{printed}```\n")
}

/// What an audit may do, as `permissions` prints it.
fn permissions(system: &str, language: &str) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
        .args(["permissions", system, "--command", "audit"])
        .output()
        .unwrap();
    assert!(ran.status.success());
    let printed = String::from_utf8(ran.stdout).unwrap();
    format!("```{language}\n{printed}```\n")
}

/// Folder and file of a check's page.
fn page_of(slug: &str) -> String {
    let file = format!("{}.md", slug.replace('-', "_"));
    fs::read_dir(root("src/check"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join(&file).exists())
        .map(|path| format!("{}/{file}", path.file_name().unwrap().to_str().unwrap()))
        .next()
        .unwrap_or_else(|| panic!("no page {file}"))
}

#[test]
fn the_schema_is_generated_from_the_structs() {
    hold(
        &root("src/report/diagnosis.schema.json"),
        &schema::diagnosis().unwrap(),
    );
    hold(
        &root("src/report/list.schema.json"),
        &schema::list().unwrap(),
    );
}

#[test]
fn every_document_follows_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema::diagnosis().unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for scenario in scenario::all() {
        let document = document(&scenario);
        let value = serde_json::to_value(&document).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", scenario.name);
        assert_eq!(
            serde_json::from_value::<v1::Diagnosis>(value).unwrap(),
            document
        );
    }
    let mut broken = serde_json::to_value(document(&scenario::one("obs-eu-dev"))).unwrap();
    broken["verdict"] = serde_json::json!(7);
    assert!(!validator.is_valid(&broken), "the schema accepts anything");
}
