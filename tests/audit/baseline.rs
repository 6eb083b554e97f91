//! `--baseline`: only what is new counts, and "fixed" is said only of what was looked at.

use super::{Desk, audit, code, json, stderr, why};
use serde_json::{Value, json};
use std::path::Path;

/// Service shop/web of cluster shop-prod with one cause, CLB6309, and the same cluster in health.
const SICK: &str = "backend-policy-drops";
const HEALTHY: &str = "shop";

fn against(bundle: &Path, baseline: &Path) -> (i32, Value) {
    let ran = audit(
        bundle,
        &["-o", "json", "--baseline", baseline.to_str().unwrap()],
    );
    (code(&ran), json(&ran))
}

/// An audit's document, in a file.
fn written(desk: &Desk, name: &str, bundle: &Path) -> Value {
    let list = json(&audit(bundle, &["-o", "json"]));
    desk.write(name, &list.to_string());
    list
}

/// Codes of what is fixed.
fn fixed(list: &Value) -> Vec<&str> {
    let all = list["baseline"]["fixed"].as_array().unwrap().iter();
    all.map(|fixed| fixed["code"].as_str().unwrap()).collect()
}

#[test]
fn what_was_there_does_not_count_in_any_form_of_the_baseline() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    let list = written(&desk, "list.json", &sick);
    let findings = |item: &Value| {
        let count = |field: &str| item[field].as_array().unwrap().len();
        count("causes") + count("notes")
    };
    let all: usize = list["items"].as_array().unwrap().iter().map(findings).sum();
    // The lines of jsonl, a single diagnosis, and an audit that has states itself.
    let mut lines = String::new();
    for item in list["items"].as_array().unwrap() {
        lines.push_str(&format!("{item}\n"));
    }
    let mut summary = list.clone();
    summary["kind"] = json!("DiagnosisSummary");
    summary["items"] = json!([]);
    desk.write("lines.jsonl", &format!("{lines}{summary}\n"));
    let one = why(&sick, &["service/web"]);
    desk.write("one.json", &one.to_string());
    let (exit, states) = against(&sick, &desk.path("list.json"));
    assert_eq!(exit, 0);
    desk.write("states.json", &states.to_string());
    for (name, known) in [
        ("list.json", all),
        ("lines.jsonl", all),
        ("states.json", all),
        ("one.json", findings(&one)),
    ] {
        let (exit, list) = against(&sick, &desk.path(name));
        assert_eq!(exit, 0, "{name}");
        let baseline = &list["baseline"];
        assert_eq!(baseline["known"], known, "{name}");
        assert_eq!(baseline["new"], all - known, "{name}");
        assert!(fixed(&list).is_empty(), "{name}");
        let problems = list["problems"].as_array().unwrap().iter();
        let mut cause = problems.filter(|problem| problem["code"] == "CLB6309");
        assert_eq!(cause.next_back().unwrap()["state"], "known");
    }
}

#[test]
fn what_is_new_or_has_become_worse_counts() {
    let desk = Desk::new();
    let healthy = desk.bundle(HEALTHY, |_| {});
    let sick = desk.bundle(SICK, |_| {});
    written(&desk, "before.json", &healthy);
    let (exit, list) = against(&sick, &desk.path("before.json"));
    assert_eq!(exit, 1);
    assert_eq!(list["baseline"]["new"], 1, "{}", list["baseline"]);
    let mut milder = written(&desk, "list.json", &sick);
    for item in milder["items"].as_array_mut().unwrap() {
        for finding in item["causes"].as_array_mut().unwrap() {
            finding["severity"] = json!("warning");
        }
    }
    desk.write("milder.json", &milder.to_string());
    assert_eq!(against(&sick, &desk.path("milder.json")).0, 1);
}

#[test]
fn what_was_suppressed_then_is_no_part_of_the_baseline() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    let entry = "ignore: [{code: CLB6309, match: '*/*/*/*', reason: x}]";
    let file = desk.write("s.yaml", entry);
    let flags = ["-o", "json", "--suppressions", file.to_str().unwrap()];
    let list = json(&audit(&sick, &flags));
    desk.write("list.json", &list.to_string());
    let (exit, list) = against(&sick, &desk.path("list.json"));
    assert_eq!((exit, &list["baseline"]["new"]), (1, &json!(1)));
}

#[test]
fn fixed_is_only_what_was_looked_at() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    written(&desk, "before.json", &sick);
    let before = desk.path("before.json");
    let healthy = desk.bundle(HEALTHY, |_| {});
    let (exit, list) = against(&healthy, &before);
    assert_eq!((exit, fixed(&list)), (0, vec!["CLB6309"]));
    assert_eq!(list["baseline"]["fixed"][0]["subject"]["name"], "web");
    // Another namespace, and a cluster that did not answer.
    let flags = [
        "-o",
        "json",
        "-n",
        "other",
        "--baseline",
        before.to_str().unwrap(),
    ];
    assert!(fixed(&json(&audit(&healthy, &flags))).is_empty());
    let absent = desk.path("absent");
    let (exit, list) = against(&absent, &before);
    assert_eq!((exit, fixed(&list)), (4, vec![]));
}

#[test]
fn what_was_not_read_is_not_fixed() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    written(&desk, "before.json", &sick);
    let unread = desk.bundle("backend-policy-drops-unknown", |_| {});
    let (_, list) = against(&unread, &desk.path("before.json"));
    let gaps = list["items"].as_array().unwrap().iter();
    let undecided = gaps.filter(|item| item["gaps"].to_string().contains("CLB6309"));
    assert!(
        undecided.count() > 0,
        "the check must be undecided for this test to say anything"
    );
    assert!(fixed(&list).is_empty(), "{}", list["baseline"]);
}

#[test]
fn a_subject_that_is_gone_takes_its_findings_with_it() {
    for (listed, expected) in [(true, vec!["CLB6309"]), (false, vec![])] {
        let desk = Desk::new();
        let sick = desk.bundle(SICK, |_| {});
        written(&desk, "before.json", &sick);
        let without = desk.bundle(HEALTHY, |bundle| {
            let document = "kubernetes/services.yaml";
            let text = String::from_utf8(bundle.get(document).unwrap().to_vec()).unwrap();
            let mut all: Value = serde_saphyr::from_str(&text).unwrap();
            let items = all["items"].as_array_mut().unwrap();
            items.retain(|item| item["metadata"]["name"] != "web");
            if listed {
                bundle.insert(document.to_owned(), serde_json::to_vec(&all).unwrap());
            } else {
                // Single objects prove nothing about others.
                let items = all["items"].as_array().unwrap().iter();
                let texts: Vec<String> = items.map(Value::to_string).collect();
                bundle.remove(document);
                bundle.insert("kubernetes/two-of-them.yaml", texts.join("\n---\n"));
            }
        });
        let (_, list) = against(&without, &desk.path("before.json"));
        assert_eq!(fixed(&list), expected, "listed: {listed}");
    }
}

#[test]
fn a_baseline_of_something_else_is_wrong_usage() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    let mut other = written(&desk, "list.json", &sick);
    other["apiVersion"] = json!("cilium-lb.dev/v2");
    for (name, text, said) in [
        ("v2.json", other.to_string(), "\"cilium-lb.dev/v2\""),
        (
            "bundle.json",
            json!({"apiVersion": "cilium-lb.dev/v1", "kind": "Bundle"}).to_string(),
            "its kind is \"Bundle\"",
        ),
        (
            "pod.json",
            json!({"apiVersion": "v1", "kind": "Pod"}).to_string(),
            "apiVersion is \"v1\"",
        ),
        ("text.json", "✗ UNHEALTHY".to_owned(), "line 1, column 1"),
        (
            "cut.json",
            "{\"apiVersion\": \"cilium-lb.dev/v1\",\n\"kind\"".to_owned(),
            "line 2",
        ),
        (
            "shape.json",
            json!({"apiVersion": "cilium-lb.dev/v1", "kind": "Diagnosis"}).to_string(),
            "missing field",
        ),
        ("empty.json", " \n".to_owned(), "empty"),
    ] {
        let path = desk.write(name, &text);
        let ran = audit(&sick, &["--baseline", path.to_str().unwrap()]);
        assert_eq!(code(&ran), 2, "{name}");
        let told = stderr(&ran);
        assert!(told.contains(said) && told.contains(name), "{name}: {told}");
        assert!(told.contains("kubectl cilium-lb audit -o json >"), "{told}");
    }
}
