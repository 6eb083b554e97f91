//! The README's Indexed Job: it is what Kubernetes takes, and asks for nothing that does not exist.

use super::program;
use serde_json::Value;
use std::path::Path;

/// The documents of the README's example.
fn documents() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, rest) = readme.split_once("<!-- job -->\n```yaml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    cilium_lb::bundle::yaml::documents(text)
        .iter()
        .map(|document| document.parse().unwrap())
        .collect()
}

fn of_kind<'a>(all: &'a [Value], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|one| one["kind"] == kind).collect()
}

/// What the only container of a Job runs, without its redirection.
fn words(job: &Value) -> Vec<String> {
    let command = &job["spec"]["template"]["spec"]["containers"][0]["command"];
    assert_eq!((&command[0], &command[1]), (&"sh".into(), &"-c".into()));
    let script = command[2].as_str().unwrap();
    let plain = script.split(" > ").next().unwrap();
    plain.split(' ').map(str::to_owned).collect()
}

#[test]
fn the_job_runs_commands_that_exist() {
    let all = documents();
    let jobs = of_kind(&all, "Job");
    assert_eq!(jobs.len(), 2);
    for job in &jobs {
        let words = words(job);
        assert_eq!(words[0], "kubectl-cilium_lb");
        let parsed = cilium_lb::cli::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
    }
    assert_eq!(words(jobs[1])[2], "merge");
    let wrong = cilium_lb::cli::command().try_get_matches_from(["x", "audit", "--shrads", "8"]);
    assert!(wrong.is_err(), "any flag is taken");
}

#[test]
fn every_slice_has_its_pod() {
    let all = documents();
    let spec = &of_kind(&all, "Job")[0]["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    let env = &spec["template"]["spec"]["containers"][0]["env"][0];
    let help = program().args(["audit", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains(env["name"].as_str().unwrap()), "{help}");
    assert_eq!(env["value"], spec["completions"].to_string());
    let claims = of_kind(&all, "PersistentVolumeClaim");
    for job in of_kind(&all, "Job") {
        let volume = &job["spec"]["template"]["spec"]["volumes"][0];
        let claim = &volume["persistentVolumeClaim"]["claimName"];
        assert_eq!(*claim, claims[0]["metadata"]["name"]);
    }
}

#[test]
fn the_account_is_bound_to_the_roles_that_permissions_prints() {
    let printed = program().args(["permissions", "rbac"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let roles: Vec<Value> = cilium_lb::bundle::yaml::documents(&printed)
        .iter()
        .map(|document| document.parse().unwrap())
        .collect();
    let all = documents();
    let account = of_kind(&all, "ServiceAccount")[0]["metadata"].clone();
    for (binding, role) in [
        ("ClusterRoleBinding", "ClusterRole"),
        ("RoleBinding", "Role"),
    ] {
        let bound = of_kind(&all, binding)[0];
        let role = of_kind(&roles, role)[0];
        assert_eq!(bound["roleRef"]["kind"], role["kind"]);
        assert_eq!(bound["roleRef"]["name"], role["metadata"]["name"]);
        assert_eq!(
            bound["metadata"]["namespace"],
            role["metadata"]["namespace"]
        );
        assert_eq!(bound["subjects"][0]["name"], account["name"]);
        assert_eq!(bound["subjects"][0]["namespace"], account["namespace"]);
    }
    let job = of_kind(&all, "Job")[0];
    assert_eq!(
        job["spec"]["template"]["spec"]["serviceAccountName"],
        account["name"]
    );
}
