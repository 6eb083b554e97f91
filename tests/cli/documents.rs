//! `explain`, `checks`, `version` and the forms in which a subject is named.

use super::{bundle, code, program, stderr, stdout};
use cilium_lb::check::CHECKS;
use serde_json::Value;

#[test]
fn explain_takes_code_or_slug_in_any_case() {
    let page = |name: &str| {
        let ran = program().args(["explain", name]).output().unwrap();
        assert_eq!(code(&ran), 0, "{}", stderr(&ran));
        stdout(&ran)
    };
    let by_code = page("CLB6104");
    assert!(
        by_code.starts_with("# CLB6104 l7-redirect-missing\n"),
        "{by_code}"
    );
    for section in [
        "## What it means",
        "## How we know",
        "## Fix",
        "## What it reads",
    ] {
        assert!(by_code.contains(section), "{section}");
    }
    assert_eq!(by_code, page("l7-redirect-missing"));
    assert_eq!(by_code, page("clb6104"));
}

#[test]
fn explain_of_an_unknown_code_names_the_nearest() {
    let ran = program()
        .args(["explain", "l7-redirct-missing"])
        .output()
        .unwrap();
    assert_eq!(code(&ran), 2);
    assert!(
        stderr(&ran).contains("l7-redirect-missing"),
        "{}",
        stderr(&ran)
    );
}

#[test]
fn checks_lists_the_registry_in_every_format() {
    let list = |format: &str| {
        let ran = program().args(["checks", "-o", format]).output().unwrap();
        (code(&ran), stdout(&ran))
    };
    let (json, yaml) = (list("json").1, list("yaml").1);
    let json: Value = serde_json::from_str(&json).unwrap();
    let codes: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["code"].as_str().unwrap())
        .collect();
    let registry: Vec<String> = CHECKS.iter().map(|check| check.code.to_string()).collect();
    assert_eq!(codes, registry);
    assert_eq!(json, serde_saphyr::from_str::<Value>(&yaml).unwrap());
    assert_eq!(list("name").1.lines().collect::<Vec<_>>(), registry);
    for check in CHECKS {
        assert!(list_has(&list("table").1, check.slug), "{}", check.slug);
    }
    assert_eq!(list("tree").0, 2);
}

fn list_has(table: &str, slug: &str) -> bool {
    table
        .lines()
        .any(|line| line.split_whitespace().any(|word| word == slug))
}

#[test]
fn version_is_text_or_a_document() {
    let plain = program().arg("version").output().unwrap();
    let number = env!("CARGO_PKG_VERSION");
    assert_eq!(stdout(&plain), format!("kubectl cilium-lb {number}\n"));
    let json = program().args(["version", "-o", "json"]).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["version"], number);
    assert_eq!(json["checks"], CHECKS.len());
}

/// Kind and name of the subject that `words` are resolved to in a bundle.
fn subject(scenario: &str, words: &[&str]) -> (String, String) {
    let ran = program()
        .arg("why-unhealthy")
        .args(words)
        .args(["-o", "json", "--from"])
        .arg(bundle(scenario))
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{words:?}: {}", stderr(&ran)));
    let text = |field: &str| document["subject"][field].as_str().unwrap().to_owned();
    (text("kind"), text("name"))
}

#[test]
fn every_form_of_a_subject_finds_it() {
    let gateway = ("Gateway".to_owned(), "shared-gateway".to_owned());
    let arn = |kind: &str, name: &str| {
        let folder = bundle("obs-eu-dev-healthy").join("aws/111122223333/eu-west-2");
        let text = std::fs::read_to_string(folder.join(format!("{kind}.json"))).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let (_, list) = value.as_object().unwrap().iter().next().unwrap();
        list[0][name].as_str().unwrap().to_owned()
    };
    let balancer = arn("elbv2-describe-load-balancers", "LoadBalancerArn");
    let hostname = arn("elbv2-describe-load-balancers", "DNSName");
    let group = arn("elbv2-describe-target-groups", "TargetGroupArn");
    for words in [
        vec!["gateway/shared-gateway", "-n", "gateway"],
        vec!["gateway", "shared-gateway", "-n", "gateway"],
        vec!["gtw/shared-gateway", "-n", "gateway"],
        vec![
            "gateways.gateway.networking.k8s.io/shared-gateway",
            "-n",
            "gateway",
        ],
        vec!["shared-gateway", "-n", "gateway"],
        vec![hostname.as_str()],
        vec![balancer.as_str()],
    ] {
        assert_eq!(subject("obs-eu-dev-healthy", &words), gateway, "{words:?}");
    }
    let (kind, _) = subject("obs-eu-dev-healthy", &[&group]);
    assert_eq!(kind, "TargetGroupBinding");
    let service = subject("shop", &["svc/web", "-n", "shop"]);
    assert_eq!(service, ("Service".to_owned(), "web".to_owned()));
    let ingress = subject("shop", &["ing", "site", "-n", "shop"]);
    assert_eq!(ingress, ("Ingress".to_owned(), "site".to_owned()));
}
