//! Suppressions by file and by annotation: what they cover, when they end, and when they are stale.

use super::{Desk, audit, code, json, replace, stderr};
use crate::support::{diagnosis, scenario};
use cilium_lb::report::{Exit, FailOn, exit};
use serde_json::Value;

/// Service shop/web of cluster shop-prod with one cause, CLB6309; the evidence is of 2026-03-10.
const SICK: &str = "backend-policy-drops";
/// Where the annotations of that Service begin.
const WEB: &str = "annotations:
      service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance
      service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing\n";
const SERVICES: &str = "kubernetes/services.yaml";

/// A file of one entry.
fn file(code: &str, scope: &str, until: &str) -> String {
    let until = if until.is_empty() {
        String::new()
    } else {
        format!(", until: {until}")
    };
    format!(
        "ignore:\n- {{code: {code}, match: '{scope}', reason: the team mends it in March{until}}}\n"
    )
}

/// Exit code and document of an audit under a file.
fn under(desk: &Desk, bundle: &std::path::Path, file: &str) -> (i32, Value) {
    let file = desk.write("suppressions.yaml", file);
    let file = file.to_str().unwrap();
    let ran = audit(bundle, &["-o", "json", "--suppressions", file]);
    (code(&ran), json(&ran))
}

/// Code and reason of the stale suppressions.
fn stale(list: &Value) -> Vec<(String, String)> {
    let all = list["staleSuppressions"].as_array().unwrap().iter();
    all.map(|stale| {
        let text = |field: &str| stale[field].as_str().unwrap().to_owned();
        (text("code"), text("reason"))
    })
    .collect()
}

#[test]
fn a_suppressed_finding_keeps_its_place_and_does_not_count() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    assert_eq!(code(&audit(&sick, &[])), 1);
    for (name, scope, until) in [
        ("CLB6309", "shop-prod/shop/Service/web", ""),
        ("backend-policy-drops", "*/sh*p/Service/*", ""),
        // The last day counts.
        ("clb6309", "shop-prod/*/*/web", "2026-03-10"),
    ] {
        let (exit, list) = under(&desk, &sick, &file(name, scope, until));
        assert_eq!(exit, 0, "{scope}");
        let item = list["items"].as_array().unwrap().iter();
        let mut web = item.filter(|item| item["subject"]["name"] == "web");
        let web = web.next_back().unwrap();
        assert_eq!(web["verdict"], "unhealthy");
        assert_eq!(web["causes"][0]["code"], "CLB6309");
        assert_eq!(web["causes"][0]["state"], "suppressed");
        let problems = list["problems"].as_array().unwrap();
        assert!(problems.iter().all(|problem| problem["code"] != "CLB6309"));
        let record = &list["suppressed"][0];
        assert_eq!(record["reason"], "the team mends it in March");
        assert_eq!(record["fingerprint"], web["causes"][0]["fingerprint"]);
        let by = record["by"].as_str().unwrap();
        assert!(by.ends_with("suppressions.yaml entry 1"), "{by}");
        assert!(stale(&list).is_empty(), "{list}");
    }
}

#[test]
fn what_has_expired_counts_again_and_is_told() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    let (exit, list) = under(&desk, &sick, &file("CLB6309", "*/*/*/*", "2026-03-09"));
    assert_eq!(exit, 1);
    assert!(list["suppressed"].as_array().unwrap().is_empty());
    let told = stale(&list);
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .1
            .starts_with("expired: its last day was 2026-03-09"),
        "{told:?}"
    );
}

#[test]
fn evidence_without_a_time_ends_no_suppression_and_starts_none() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |bundle| bundle.manifest.taken_at = None);
    let (exit, list) = under(&desk, &sick, &file("CLB6309", "*/*/*/*", "2026-12-31"));
    assert_eq!(exit, 1);
    let told = stale(&list);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].1.starts_with("undated: the evidence of shop-prod"),
        "{told:?}"
    );
    // Without an end no time is needed.
    assert_eq!(under(&desk, &sick, &file("CLB6309", "*/*/*/*", "")).0, 0);
}

#[test]
fn a_suppression_is_unused_only_where_that_is_certain() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    for (name, scope, said) in [
        ("CLB8101", "shop-prod/shop/Service/*", "no finding"),
        ("CLB6309", "shop-prod/shop/Service/api", "no finding"),
        ("CLB6309", "shop-prod/shop/Service/wbe", "no subject"),
        ("CLB6309", "other/*/*/*", ""),
    ] {
        let (exit, list) = under(&desk, &sick, &file(name, scope, ""));
        assert_eq!(exit, 1);
        match (said, stale(&list).as_slice()) {
            ("", []) => {}
            (said, [(_, reason)]) => {
                assert!(
                    !said.is_empty() && reason.starts_with("unused: "),
                    "{scope}: {reason}"
                );
                assert!(reason.contains(said), "{scope}: {reason}");
            }
            (_, all) => panic!("{scope}: {all:?}"),
        }
    }
    // Only another namespace was audited.
    let entry = file("CLB8101", "shop-prod/shop/Service/*", "");
    let path = desk.write("s.yaml", &entry);
    let flags = [
        "-o",
        "json",
        "-n",
        "other",
        "--suppressions",
        path.to_str().unwrap(),
    ];
    assert!(stale(&json(&audit(&sick, &flags))).is_empty());
    // What was not read may have that finding.
    let unread = desk.bundle("obs-eu-dev", |_| {});
    for (name, count) in [("CLB4201", 0), ("CLB8201", 1)] {
        let (_, list) = under(&desk, &unread, &file(name, "*/*/*/*", ""));
        assert_eq!(stale(&list).len(), count, "{name}: {list}");
    }
}

#[test]
fn a_file_that_is_wrong_is_wrong_usage() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |_| {});
    let wrong = desk.write("wrong.yaml", &file("CLB6390", "*/*/*/*", ""));
    for (path, said) in [
        (
            wrong,
            "wrong.yaml:2:10: no check \"CLB6390\": did you mean CLB6309?",
        ),
        (desk.path("absent.yaml"), "absent.yaml"),
    ] {
        let ran = audit(&sick, &["--suppressions", path.to_str().unwrap()]);
        assert_eq!(code(&ran), 2);
        assert!(ran.stdout.is_empty());
        assert!(stderr(&ran).contains(said), "{}", stderr(&ran));
    }
}

#[test]
fn an_annotation_of_the_object_covers_its_findings() {
    for (text, exit, word) in [
        ("CLB6309: mended in March", 0, ""),
        (
            "hairpin: known; CLB6309: mended in March (until 2026-03-10)",
            0,
            "unused",
        ),
        ("CLB6309: mended in March (until 2026-03-01)", 1, "expired"),
        (
            "CLB6390: mended in March",
            1,
            "unreadable: no check \"CLB6390\": did you mean CLB6309?",
        ),
        ("CLB6309", 1, "unreadable: it gives no reason"),
    ] {
        let desk = Desk::new();
        let sick = desk.bundle(SICK, |bundle| {
            let line = format!("annotations:\n      cilium-lb.dev/ignore: '{text}'\n");
            let with = WEB.replacen("annotations:\n", &line, 1);
            replace(bundle, SERVICES, WEB, &with);
        });
        let ran = audit(&sick, &["-o", "json"]);
        assert_eq!(code(&ran), exit, "{text}");
        let list = json(&ran);
        let by = "annotation cilium-lb.dev/ignore of shop-prod/shop/Service/web";
        assert_eq!(
            list["suppressed"].as_array().unwrap().len(),
            usize::from(exit == 0)
        );
        if exit == 0 {
            assert_eq!(list["suppressed"][0]["by"], by);
        }
        let told = stale(&list);
        assert_eq!(
            told.len(),
            usize::from(!word.is_empty()),
            "{text}: {told:?}"
        );
        if let Some((_, reason)) = told.first() {
            assert!(reason.starts_with(word), "{reason}");
            assert_eq!(list["staleSuppressions"][0]["by"], by);
        }
    }
}

#[test]
fn the_annotation_of_a_gateway_counts_for_its_service_and_a_file_for_either() {
    let desk = Desk::new();
    let noted = desk.bundle("obs-eu-dev", |bundle| {
        let from = "    service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing\n  name: shared-gateway";
        let to = format!("    cilium-lb.dev/ignore: 'CLB5103: restart planned'\n{from}");
        replace(bundle, "kubernetes/gateway.yaml", from, &to);
    });
    let list = json(&audit(&noted, &["-o", "json"]));
    assert_eq!(list["items"][0]["causes"][0]["state"], "suppressed");
    let service = file("CLB1106", "obs-eu-dev/gateway/Service/cilium-gateway-*", "");
    let (_, list) = under(&desk, &noted, &service);
    let codes: Vec<&Value> = list["suppressed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["code"])
        .collect();
    assert_eq!(codes, ["CLB1106", "CLB5103"]);
}

/// An annotation on an object that is part of another subject would otherwise do nothing in silence.
#[test]
fn an_annotation_that_nothing_reads_is_told() {
    let desk = Desk::new();
    let sick = desk.bundle(SICK, |bundle| {
        let document = "kubernetes/targetgroupbindings.yaml";
        let text = String::from_utf8(bundle.get(document).unwrap().to_vec()).unwrap();
        let mut all: Value = serde_saphyr::from_str(&text).unwrap();
        all["items"][0]["metadata"]["annotations"] =
            serde_json::json!({"cilium-lb.dev/ignore": "hairpin: x"});
        bundle.insert(document.to_owned(), serde_json::to_vec(&all).unwrap());
    });
    let told = stale(&json(&audit(&sick, &["-o", "json"])));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0]
            .1
            .starts_with("unused: the object is not diagnosed by itself"),
        "{told:?}"
    );
}

/// Whatever the evidence: with all findings suppressed or known nothing is left to do but what cannot be explained or
/// was not read; and one that is new still counts.
#[test]
fn only_findings_without_a_decision_count() {
    let mut quiet = 0;
    for scenario in scenario::all() {
        let mut document = diagnosis::document(&scenario);
        let before = exit(&document, FailOn::Error);
        let agreements = document.paths.iter().flat_map(|path| &path.targets);
        let unexplained = agreements
            .into_iter()
            .any(|target| target.agreement == "unexplained");
        let blamed = |role: &str| matches!(role, "cause" | "clients");
        let notes = document.notes.iter().filter(|note| blamed(&note.role));
        let causes = document.causes.len() + notes.count();
        if before != Exit::Findings || unexplained || causes == 0 {
            continue;
        }
        for state in ["suppressed", "known", "new"] {
            for finding in document.causes.iter_mut().chain(&mut document.notes) {
                finding.state = Some(state.to_owned());
            }
            let after = exit(&document, FailOn::Info);
            match state {
                "new" => assert_eq!(after, Exit::Findings, "{}", scenario.name),
                _ => assert_ne!(after, Exit::Findings, "{} {state}", scenario.name),
            }
            quiet += usize::from(after == Exit::Ok && document.verdict == "unhealthy");
        }
    }
    assert!(quiet > 50, "only {quiet}");
}
