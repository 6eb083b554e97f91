//! `audit merge`: the slices of an audit joined are the audit.

use super::{Desk, audit, code, json, program, stderr, why};
use crate::support::scenario;
use cilium_lb::audit::{Audit, Input, Policy, Reduced, Scope, merge, policy, reduce};
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::parse;
use cilium_lb::path::Shard;
use cilium_lb::report::v1;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;

/// Suppressions of every fate: used, shadowed, expired, unused, of no subject, of a cluster that failed.
const FILE: &str = "
ignore:
- {code: CLB1105, match: '*/*/*/*', reason: normal}
- {code: CLB1105, match: '*/*/Gateway/*', reason: shadowed}
- {code: CLB5103, match: '*/*/*/*', reason: planned, until: 2026-01-31}
- {code: CLB6309, match: '*/*/*/*', reason: ended, until: 2025-01-31}
- {code: CLB4102, match: '*/shop/*/web', reason: known, until: 2027-01-31}
- {code: CLB2105, match: '*/gateway/*/*', reason: perhaps}
- {code: CLB8201, match: 'agent-*/*/*/*', reason: perhaps}
- {code: CLB6104, match: '*/no/Service/no', reason: gone}
- {code: CLB6104, match: 'lost/*/*/*', reason: unread}
";

fn run() -> v1::Run {
    v1::Run {
        version: "test".to_owned(),
        ..v1::Run::default()
    }
}

/// Has a finding of CLB5103, for which a suppression ends, and loses its time.
const UNDATED: &str = "obs-eu-dev";

/// Clusters of many kinds, some of which have no time.
fn clusters() -> Vec<(String, Snapshot)> {
    let all = scenario::all().into_iter().enumerate();
    all.filter(|(index, scenario)| index % 13 == 0 || scenario.name == UNDATED)
        .map(|(index, scenario)| {
            let mut bundle = scenario.bundle;
            annotate(&mut bundle);
            let mut snapshot = parse::snapshot(&bundle);
            // Every other one of those that are taken.
            if index % 26 == 0 || scenario.name == UNDATED {
                snapshot.taken_at = None;
            }
            (scenario.name, snapshot)
        })
        .collect()
}

/// Puts an annotation on every Service of the first document that has some.
fn annotate(bundle: &mut Bundle) {
    let document = "kubernetes/services.yaml";
    let Some(bytes) = bundle.get(document) else {
        return;
    };
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let Ok(mut all) = serde_saphyr::from_str::<Value>(&text) else {
        return;
    };
    let note = "CLB8205: rare; CLB8101: never; CLB81: typo; CLB8204: over (until 2020-01-01)";
    for item in all["items"].as_array_mut().into_iter().flatten() {
        item["metadata"]["annotations"]["cilium-lb.dev/ignore"] = json!(note);
    }
    bundle.insert(document.to_owned(), serde_json::to_vec(&all).unwrap());
}

fn audited(
    clusters: &[(String, Snapshot)],
    shard: Option<Shard>,
    policy: &Policy,
) -> v1::DiagnosisList {
    let scope = Scope {
        shard,
        ..Scope::default()
    };
    let mut audit = Audit::new(shard, policy.clone());
    audit.add(Reduced::failed("lost", "no answer".to_owned()));
    for (name, snapshot) in clusters {
        audit.add(reduce(snapshot, name, &scope, &run()));
    }
    audit.finish(run())
}

/// An audit of some time before, in which every third finding is another one.
fn baseline(list: &v1::DiagnosisList) -> policy::Baseline {
    let mut earlier = list.clone();
    let mut number = 0;
    for item in &mut earlier.items {
        for finding in item.causes.iter_mut().chain(&mut item.notes) {
            number += 1;
            if number % 3 == 0 {
                finding.fingerprint = format!("{number:016x}");
            }
        }
    }
    // A subject that has gone since, of a cluster whose Services were all read.
    let of_shop = |item: &&v1::Diagnosis| {
        item.subject.kind == "Service"
            && item.subject.namespace == "shop"
            && !item.causes.is_empty()
    };
    let mut gone = earlier.items.iter().find(of_shop).unwrap().clone();
    gone.subject.name = "gone".to_owned();
    gone.subject.service = None;
    gone.causes[0].fingerprint = "gone".to_owned();
    earlier.items.push(gone);
    policy::Baseline::read("before.json", &serde_json::to_string(&earlier).unwrap()).unwrap()
}

#[test]
fn the_slices_of_an_audit_joined_are_the_audit() {
    let clusters = clusters();
    let plain = audited(&clusters, None, &Policy::default());
    assert!(plain.items.len() > 60 && plain.clusters.len() > 40);
    let policy = Policy {
        suppressions: policy::suppressions("s.yaml", FILE).unwrap(),
        baseline: Some(baseline(&plain)),
    };
    let whole = audited(&clusters, None, &policy);
    let compared = whole.baseline.as_ref().unwrap();
    assert!(
        compared.new > 5 && compared.known > 20 && compared.fixed.len() > 1,
        "{} {} {}",
        compared.new,
        compared.known,
        compared.fixed.len()
    );
    assert!(
        compared
            .fixed
            .iter()
            .any(|fixed| fixed.fingerprint == "gone")
    );
    assert!(whole.suppressed.len() > 5, "{:?}", whole.suppressed);
    let words: std::collections::BTreeSet<&str> = whole
        .stale_suppressions
        .iter()
        .filter_map(|stale| stale.reason.split(':').next())
        .collect();
    assert_eq!(
        words.into_iter().collect::<Vec<_>>(),
        ["expired", "undated", "unreadable", "unused"]
    );
    for total in [1, 2, 5] {
        let mut inputs = Vec::new();
        for index in (1..=total).rev() {
            let shard = Shard::new(index, total).unwrap();
            let list = audited(&clusters, Some(shard), &policy);
            // As files hold them.
            let text = serde_json::to_string(&list).unwrap();
            inputs.extend(Input::read(&format!("{index}.json"), &text).unwrap());
        }
        let merged = merge(inputs).unwrap();
        assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
        // Whole lists are too long to read when they differ, so first what tells where.
        let (found, wanted) = (merged.list, &whole);
        assert_eq!(found.stale_suppressions, wanted.stale_suppressions);
        assert_eq!(found.baseline, wanted.baseline);
        assert_eq!(found.accounts, wanted.accounts);
        assert_eq!(found.clusters, wanted.clusters);
        assert_eq!(found.items.len(), wanted.items.len());
        for (found, wanted) in found.items.iter().zip(&wanted.items) {
            assert!(found == wanted, "{:?}", wanted.subject);
        }
        assert!(&found == wanted, "{total} slices");
    }
}

/// A desk with the slices of an audit of two clusters, `1.json` to `3.json`, and `all.json`.
fn slices() -> (Desk, PathBuf, PathBuf) {
    let desk = Desk::new();
    let a = desk.bundle("backend-policy-drops", |_| {});
    let b = desk.bundle("obs-eu-dev-healthy", |bundle| {
        bundle.manifest.context = Some("other".to_owned());
    });
    let b_text = b.to_str().unwrap().to_owned();
    for index in 1..=3 {
        let shard = format!("{index}/3");
        let ran = audit(&a, &["--from", &b_text, "-o", "json", "--shard", &shard]);
        desk.write(&format!("{index}.json"), &json(&ran).to_string());
    }
    let ran = audit(&a, &["--from", &b_text, "-o", "json"]);
    assert_eq!(code(&ran), 1);
    desk.write("all.json", &json(&ran).to_string());
    (desk, a, b)
}

fn joined(desk: &Desk, files: &[&str], more: &[&str]) -> Output {
    let paths = files.iter().map(|file| desk.path(file));
    let mut command = program();
    command.args(["audit", "merge", "-o", "json"]).args(paths);
    command.args(more).output().unwrap()
}

#[test]
fn files_are_joined_in_any_order_and_form() {
    let (desk, ..) = slices();
    let all: Value =
        serde_json::from_str(&std::fs::read_to_string(desk.path("all.json")).unwrap()).unwrap();
    let ran = joined(&desk, &["3.json", "1.json", "2.json"], &[]);
    assert_eq!(
        (code(&ran), json(&ran)),
        (1, all.clone()),
        "{}",
        stderr(&ran)
    );
    assert_eq!(
        code(&joined(
            &desk,
            &["3.json", "1.json", "2.json"],
            &["--fail-on", "never"]
        )),
        0
    );
    // One slice as jsonl.
    let two = std::fs::read_to_string(desk.path("2.json")).unwrap();
    let mut two: Value = serde_json::from_str(&two).unwrap();
    let items = two["items"].take();
    let mut lines: Vec<String> = items
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    two["kind"] = json!("DiagnosisSummary");
    two["items"] = json!([]);
    desk.write("cut.jsonl", &(lines.join("\n") + "\n"));
    lines.push(two.to_string());
    desk.write("2.jsonl", &lines.join("\n"));
    let ran = joined(&desk, &["1.json", "2.jsonl", "3.json"], &[]);
    assert_eq!((code(&ran), json(&ran)), (1, all));
}

#[test]
fn slices_that_do_not_fit_are_refused() {
    let (desk, a, _) = slices();
    let quarter = json(&audit(&a, &["-o", "json", "--shard", "1/4"]));
    desk.write("quarter.json", &quarter.to_string());
    let one = std::fs::read_to_string(desk.path("1.json")).unwrap();
    desk.write("again.json", &one);
    let baseline = desk.path("all.json");
    let flags = [
        "-o",
        "json",
        "--shard",
        "2/3",
        "--baseline",
        baseline.to_str().unwrap(),
    ];
    desk.write("compared.json", &json(&audit(&a, &flags)).to_string());
    let one = why(&a, &["service/web"]);
    desk.write("why.json", &one.to_string());
    let two = why(&a, &["service/web", "service/api"]);
    assert_eq!(two["items"].as_array().unwrap().len(), 2);
    desk.write("whys.json", &two.to_string());
    desk.write("text.json", "no json");
    for (files, said) in [
        (
            vec!["1.json", "again.json"],
            vec!["1.json", "again.json", "both shard 1/3"],
        ),
        (
            vec!["1.json", "quarter.json"],
            vec!["shard 1/3", "shard 1/4"],
        ),
        (
            vec!["1.json", "all.json"],
            vec!["shard 1/3", "of everything"],
        ),
        (
            vec!["1.json", "compared.json", "3.json"],
            vec!["compared.json", "same baseline"],
        ),
        (vec!["why.json"], vec!["why.json", "no whole audit"]),
        (vec!["whys.json"], vec!["whys.json", "no whole audit"]),
        (vec!["1.json", "text.json"], vec!["text.json", "line 1"]),
        (vec!["1.json", "absent.json"], vec!["absent.json"]),
        (vec![], vec!["FILE"]),
    ] {
        let ran = joined(&desk, &files, &[]);
        assert_eq!(code(&ran), 2, "{files:?}: {}", stderr(&ran));
        assert!(ran.stdout.is_empty());
        for said in said {
            assert!(stderr(&ran).contains(said), "{files:?}: {}", stderr(&ran));
        }
    }
}

#[test]
fn a_slice_that_is_missing_is_told_and_makes_it_incomplete() {
    let (desk, ..) = slices();
    let sick = (1..=3).find(|index| {
        let text = std::fs::read_to_string(desk.path(&format!("{index}.json"))).unwrap();
        text.contains("CLB6309\",\"slug")
    });
    let sick = sick.unwrap();
    let others: Vec<String> = (1..=3)
        .filter(|index| *index != sick)
        .map(|index| format!("{index}.json"))
        .collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let ran = joined(&desk, &others, &[]);
    assert_eq!(code(&ran), 3, "{}", stderr(&ran));
    assert!(
        stderr(&ran).contains(&format!("shard {sick} is missing")),
        "{}",
        stderr(&ran)
    );
    assert_eq!(json(&ran)["run"]["incomplete"], true);
}

#[test]
fn of_two_answers_about_one_subject_the_later_is_kept_and_told() {
    let desk = Desk::new();
    let sick = desk.bundle("backend-policy-drops", |_| {});
    let healthy = desk.bundle("shop", |bundle| {
        bundle.manifest.taken_at = Some("2026-03-11T00:00:00+01:00".to_owned());
    });
    for (name, bundle) in [("b.json", &sick), ("a.json", &healthy)] {
        desk.write(name, &json(&audit(bundle, &["-o", "json"])).to_string());
    }
    let ran = joined(&desk, &["a.json", "b.json"], &[]);
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let told = stderr(&ran);
    assert!(
        told.contains("shop-prod/shop/Service/web") && told.contains("a.json is kept"),
        "{told}"
    );
    assert_eq!(json(&ran)["clusters"].as_array().unwrap().len(), 1);
    // The same file twice says nothing new.
    let ran = joined(&desk, &["a.json", "a.json"], &[]);
    assert!(stderr(&ran).is_empty(), "{}", stderr(&ran));
    assert_eq!(json(&ran)["items"].as_array().unwrap().len(), 3);
}
