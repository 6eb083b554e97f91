//! The workflows: what can be known of them without running them.

use super::{root, targets, yaml};
use serde_json::Value;
use std::collections::BTreeSet;

const TEST: &str = ".github/workflows/test.yml";
const RELEASE: &str = ".github/workflows/release.yml";

/// All steps of all jobs.
fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().expect("jobs");
    jobs.values()
        .flat_map(|job| job["steps"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn runs(workflow: &Value) -> Vec<String> {
    let steps = steps(workflow).into_iter();
    steps
        .filter_map(|step| step["run"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn the_tests_are_those_of_ci_run() {
    let test = yaml(TEST);
    assert!(runs(&test).contains(&".ci/run".to_owned()), "{test}");
    assert!(test["on"].get("pull_request").is_some(), "{test}");
    // The release calls them.
    assert!(test["on"].get("workflow_call").is_some(), "{test}");
    let release = yaml(RELEASE);
    assert_eq!(release["jobs"]["test"]["uses"], format!("./{TEST}"));
}

#[test]
fn nothing_is_released_before_version_tests_and_archives_agree() {
    let release = yaml(RELEASE);
    assert_eq!(release["on"]["push"]["tags"], serde_json::json!(["v*"]));
    let jobs = &release["jobs"];
    for (job, needs) in [
        ("test", "version"),
        ("archive", "test"),
        ("release", "archive"),
    ] {
        assert_eq!(jobs[job]["needs"], needs, "{job}");
    }
    let version = jobs["version"]["steps"].to_string();
    assert!(
        version.contains("Cargo.toml") && version.contains("GITHUB_REF_NAME"),
        "{version}"
    );
    let all = runs(&release).join("\n");
    for call in [
        "krew/package --target",
        "krew/manifest",
        "sha256sum --check",
        "gh release create",
    ] {
        assert!(all.contains(call), "no {call}");
    }
}

#[test]
fn linux_is_static_and_every_target_is_built_once() {
    let targets = targets();
    let once: BTreeSet<&String> = targets.iter().collect();
    assert_eq!(once.len(), targets.len());
    for target in targets.iter().filter(|target| target.contains("linux")) {
        assert!(target.ends_with("-musl"), "{target}");
    }
}

#[test]
fn the_bot_renders_the_template_that_is_there() {
    let release = yaml(RELEASE);
    let steps = steps(&release);
    let bot = steps.iter().find(|step| {
        let uses = step["uses"].as_str().unwrap_or_default();
        uses.starts_with("rajatjindal/krew-release-bot@")
    });
    let template = bot.expect("a bot")["with"]["krew_template_file"]
        .as_str()
        .unwrap();
    assert!(root(template).is_file(), "{template}");
}

#[test]
fn actions_have_versions_and_jobs_no_more_rights_than_they_need() {
    for name in [TEST, RELEASE] {
        let workflow = yaml(name);
        assert_eq!(
            workflow["permissions"],
            serde_json::json!({"contents": "read"}),
            "{name}"
        );
        for step in steps(&workflow) {
            let Some(uses) = step["uses"].as_str() else {
                continue;
            };
            let (_, version) = uses.split_once('@').unwrap_or((uses, ""));
            let version = version.strip_prefix('v').unwrap_or_default();
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{name}: {uses}"
            );
            let checkout = uses.starts_with("actions/checkout@");
            assert!(
                !checkout || step["with"]["persist-credentials"] == false,
                "{name}: {uses} leaves a token behind"
            );
        }
    }
    let release = yaml(RELEASE);
    let writers: Vec<&String> = release["jobs"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, job)| job["permissions"]["contents"] == "write")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(writers, ["release"]);
}
