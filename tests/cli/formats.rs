//! Every output format of `why-unhealthy`, and how it looks on a terminal and in a pipe.

use super::{bundle, code, gateway, program, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_tree_is_what_the_scenario_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/obs-eu-dev");
    let ran = gateway("obs-eu-dev", &[]);
    assert_eq!(code(&ran), 1, "{}", stderr(&ran));
    assert_eq!(
        stdout(&ran),
        fs::read_to_string(folder.join("expected.txt")).unwrap()
    );
    assert_eq!(stderr(&ran), "");
}

#[test]
fn json_and_yaml_are_one_document_under_its_schema() {
    let json = gateway("obs-eu-dev", &["-o", "json"]);
    let yaml = gateway("obs-eu-dev", &["--output=yaml"]);
    assert_eq!((code(&json), code(&yaml)), (1, 1));
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    let same: Value = serde_saphyr::from_str(&stdout(&yaml)).unwrap();
    assert_eq!(document, same);
    assert_eq!(document["apiVersion"], "cilium-lb.dev/v1");
    assert_eq!(document["kind"], "Diagnosis");
    assert_eq!(document["verdict"], "unhealthy");
    assert_eq!(document["causes"][0]["code"], "CLB5103");
    assert_eq!(document["causes"][0]["confidence"], "medium");
    let schema = program().arg("schema").output().unwrap();
    assert_eq!(code(&schema), 0);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(jsonschema::is_valid(&schema, &document));
    let mut broken = document;
    broken["verdict"] = Value::from(3);
    assert!(!jsonschema::is_valid(&schema, &broken));
}

#[test]
fn the_table_has_a_row_for_every_target_and_a_column_for_every_hop() {
    let ran = gateway("obs-eu-dev", &["-o", "table"]);
    assert_eq!(code(&ran), 1);
    let text = stdout(&ran);
    let header = text.lines().find(|line| line.contains("TARGET")).unwrap();
    let columns: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(
        columns,
        [
            "TARGET",
            "NODE",
            "REPORTED",
            "PREDICTED",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "CODES"
        ]
    );
    let rows = text
        .lines()
        .filter(|line| line.contains("i-0") && line.contains("CLB5103"))
        .count();
    assert_eq!(rows, 10, "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    assert!(text.contains(" ip-10-80-3-117 "), "{text}");
    let wide = stdout(&gateway("obs-eu-dev", &["-o", "wide"]));
    assert!(wide.contains("Target.FailedHealthChecks"), "{wide}");
    assert!(
        wide.contains(" ip-10-80-3-117.eu-west-2.compute.internal "),
        "{wide}"
    );
    assert!(!text.contains("Target.FailedHealthChecks"), "{text}");
}

#[test]
fn names_are_those_of_kubectl_and_only_of_what_is_not_healthy() {
    let sick = gateway("obs-eu-dev", &["-o", "name"]);
    assert_eq!(
        (code(&sick), stdout(&sick).as_str()),
        (1, "gateway.gateway.networking.k8s.io/shared-gateway\n")
    );
    let well = gateway("obs-eu-dev-healthy", &["-o", "name"]);
    assert_eq!((code(&well), stdout(&well).as_str()), (0, ""));
}

#[test]
fn the_healthy_twin_prints_no_cause() {
    let ran = gateway("obs-eu-dev-healthy", &[]);
    let text = stdout(&ran);
    assert_eq!(code(&ran), 0, "{text}");
    assert!(
        text.contains("HEALTHY") && !text.contains("cause "),
        "{text}"
    );
}

#[test]
fn colour_is_asked_for_or_left_out() {
    let plain = |ran: &str| !ran.contains('\u{1b}');
    assert!(
        plain(&stdout(&gateway("obs-eu-dev", &[]))),
        "a pipe has no colour"
    );
    assert!(!plain(&stdout(&gateway(
        "obs-eu-dev",
        &["--color", "always"]
    ))));
    let with = |name: &str, value: &str| {
        let ran = program()
            .env(name, value)
            .args([
                "why-unhealthy",
                "gateway/shared-gateway",
                "-n",
                "gateway",
                "--from",
            ])
            .arg(bundle("obs-eu-dev"))
            .output()
            .unwrap();
        stdout(&ran)
    };
    assert!(!plain(&with("CLICOLOR_FORCE", "1")));
    assert!(plain(&with("NO_COLOR", "1")));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
        .args(["checks", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything is read; what is printed is larger than a pipe's buffer only sometimes,
    // so both ways the program can end are ways without an error.
    drop(child.stdout.take());
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{errors}");
    assert_eq!(errors, "");
}

#[test]
fn several_subjects_are_several_documents_and_the_worst_exit_code() {
    let ran = program()
        .args([
            "why-unhealthy",
            "service/web",
            "service/api",
            "-n",
            "shop",
            "-o",
            "json",
        ])
        .arg("--from")
        .arg(bundle("shop"))
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(document["kind"], "DiagnosisList");
    let names: Vec<&str> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["subject"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["web", "api"]);
}

/// `audit` of two bundles in a format.
fn audit(format: &str) -> std::process::Output {
    program()
        .args(["audit", "-A", "-o", format, "--from"])
        .arg(bundle("shop"))
        .arg("--from")
        .arg(bundle("obs-eu-dev"))
        .output()
        .unwrap()
}

#[test]
fn every_format_of_both_commands_ends_with_the_same_code() {
    for format in [
        "tree",
        "table",
        "wide",
        "name",
        "json",
        "yaml",
        "jsonl",
        "sarif",
        "junit",
        "markdown",
        "csv",
        "prometheus",
        "jsonpath={.kind}",
        "custom-columns=NAME:..name",
    ] {
        for ran in [gateway("obs-eu-dev", &["-o", format]), audit(format)] {
            assert_eq!(code(&ran), 1, "{format}: {}", stderr(&ran));
            assert!(!stdout(&ran).is_empty(), "{format}");
            assert_eq!(stderr(&ran), "", "{format}");
        }
        let well = gateway("obs-eu-dev-healthy", &["-o", format]);
        assert_eq!(code(&well), 0, "{format}");
    }
}

#[test]
fn an_audit_is_a_table_and_its_lines_are_its_items() {
    let ran = program()
        .args(["audit", "-A", "--from"])
        .arg(bundle("shop"))
        .output()
        .unwrap();
    let table = stdout(&ran);
    assert!(table.starts_with("NAMESPACE  KIND/NAME"), "{table}");
    assert!(table.contains("shop       service/web"), "{table}");
    let lines = stdout(&audit("jsonl"));
    let kinds: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone())
        .collect();
    let (last, items) = kinds.split_last().unwrap();
    assert_eq!(*last, "DiagnosisSummary");
    assert_eq!(items.len(), 4);
    assert!(items.iter().all(|kind| kind == "Diagnosis"));
}

#[test]
fn commands_refuse_formats_that_make_no_sense_by_naming_theirs() {
    for (command, said) in [
        ("checks", "table, wide, name, json, yaml"),
        ("version", "name, json, yaml"),
    ] {
        let ran = program().args([command, "-o", "sarif"]).output().unwrap();
        assert_eq!(code(&ran), 2);
        assert!(stderr(&ran).contains(said), "{}", stderr(&ran));
    }
    let ran = gateway("obs-eu-dev", &["-o", "jsonpath={.a"]);
    assert_eq!(code(&ran), 2);
    assert!(stderr(&ran).contains("column 1"), "{}", stderr(&ran));
}
