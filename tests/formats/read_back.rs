//! JUnit, CSV, Prometheus, JSON Lines and the names, read by parsers that others wrote.

use super::{lists, text, under};
use cilium_lb::report::v1::DiagnosisList;
use cilium_lb::report::{Exit, FailOn, exit, exit_of_list};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The series of a metric and the sum of their values.
fn sum(scrape: &prometheus_parse::Scrape, metric: &str) -> (usize, f64) {
    let of: Vec<f64> = scrape
        .samples
        .iter()
        .filter(|sample| sample.metric == metric)
        .map(|sample| match sample.value {
            prometheus_parse::Value::Gauge(value) => value,
            ref other => panic!("{metric} is no gauge: {other:?}"),
        })
        .collect();
    (of.len(), of.iter().sum())
}

fn findings(list: &DiagnosisList) -> usize {
    let all = list
        .items
        .iter()
        .flat_map(|item| item.causes.iter().chain(&item.notes));
    all.filter(|finding| finding.role != "refuted").count()
}

#[test]
fn junit_counts_what_the_exit_codes_count() {
    let list = lists::filled();
    let mut seen = BTreeSet::new();
    for fail_on in [FailOn::Info, FailOn::Warning, FailOn::Error, FailOn::Never] {
        let report = Report::deserialize_from_str(&under(&list, "junit", fail_on)).unwrap();
        let of = |wanted: Exit| {
            let all = list.items.iter();
            all.filter(|item| exit(item, fail_on) == wanted).count()
        };
        assert_eq!(report.failures, of(Exit::Findings), "{fail_on}");
        assert_eq!(report.skipped, of(Exit::Incomplete), "{fail_on}");
        assert_eq!(report.errors, 2, "a cluster and an account");
        assert_eq!(report.tests, list.items.len() + 2);
        seen.insert((report.failures, report.skipped));
    }
    assert!(seen.len() > 2 && seen.contains(&(0, 0)), "{seen:?}");
    let report = Report::deserialize_from_str(&text(&list, "junit")).unwrap();
    assert!(report.failures > 0 && report.skipped > 0);
    let suites: Vec<&str> = report
        .test_suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    let mut names: Vec<&str> = lists::CLUSTERS
        .into_iter()
        .chain(["accounts", "far-away"])
        .collect();
    names.sort_unstable();
    assert_eq!(suites, names);
    for suite in &report.test_suites {
        for case in &suite.test_cases {
            if let TestCaseStatus::NonSuccess { kind, message, .. } = &case.status {
                assert!(!message.as_ref().unwrap().as_str().is_empty());
                let collection = case.classname.as_ref().unwrap().as_str() == "collection";
                assert_eq!(*kind == NonSuccessKind::Error, collection);
            }
        }
    }
}

/// A warning beside targets that nothing explains is not why the case fails, nor is an error that was known before.
#[test]
fn junit_names_as_the_reason_only_what_decides() {
    let all = lists::plain().items.into_iter();
    let mut degraded = all.filter(|item| item.notes.iter().any(|note| note.role == "clients"));
    let list = DiagnosisList {
        items: degraded.by_ref().take(1).collect(),
        ..DiagnosisList::default()
    };
    let mut notes = list.items[0].notes.iter();
    let clients = notes.find(|note| note.role == "clients").unwrap();
    assert!(list.items[0].causes.is_empty());
    let reason = |list: &DiagnosisList, fail_on: FailOn| {
        let report = Report::deserialize_from_str(&under(list, "junit", fail_on)).unwrap();
        let status = report.test_suites[0].test_cases[0].status.clone();
        match status {
            TestCaseStatus::NonSuccess { ty, .. } => ty.unwrap().as_str().to_owned(),
            _ => "success".to_owned(),
        }
    };
    let with = |notes: &[(&str, &str, Option<&str>)], agreement: &str| {
        let mut list = list.clone();
        let item = &mut list.items[0];
        item.notes = notes
            .iter()
            .map(|(code, severity, state)| {
                let mut note = clients.clone();
                (note.code, note.severity) = ((*code).to_owned(), (*severity).to_owned());
                note.state = state.map(str::to_owned);
                note
            })
            .collect();
        agreement.clone_into(&mut item.paths[0].targets[0].agreement);
        list
    };
    let two = [("A", "warning", None), ("B", "error", None)];
    assert_eq!(reason(&with(&two, "explained"), FailOn::Error), "B");
    assert_eq!(reason(&with(&two, "explained"), FailOn::Warning), "A");
    let known = [("A", "error", Some("known")), ("B", "warning", None)];
    assert_eq!(
        reason(&with(&known, "unexplained"), FailOn::Error),
        "unexplained"
    );
    // The verdict rests on it although its severity is below the threshold.
    assert_eq!(reason(&with(&known, "explained"), FailOn::Error), "B");
    let info = [("A", "info", None)];
    assert_eq!(reason(&with(&info, "explained"), FailOn::Info), "A");
    assert_eq!(reason(&with(&info, "explained"), FailOn::Never), "success");
}

#[test]
fn csv_has_a_row_for_every_subject_and_finding() {
    let list = lists::filled();
    let printed = text(&list, "csv");
    assert_eq!(printed.matches("\r\n").count(), printed.lines().count());
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<BTreeMap<String, String>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let cells = header.iter().zip(row.iter());
            cells
                .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        })
        .collect();
    let bare = list.items.iter().filter(|item| {
        let mut all = item.causes.iter().chain(&item.notes);
        all.all(|finding| finding.role == "refuted")
    });
    assert_eq!(rows.len(), findings(&list) + bare.count());
    let drift = rows.iter().find(|row| row["code"] == "CLB5103").unwrap();
    let cells =
        ["cluster", "name", "verdict", "targets", "role", "state"].map(|name| drift[name].as_str());
    assert_eq!(
        cells,
        [
            "obs-eu-dev",
            "shared-gateway",
            "unhealthy",
            "10",
            "cause",
            "known"
        ]
    );
}

#[test]
fn prometheus_counts_what_the_list_has() {
    let list = lists::filled();
    let printed = text(&list, "prometheus");
    let lines = printed.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    let series = printed.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(scrape.samples.len(), series.count());
    for sample in &scrape.samples {
        assert!(
            scrape.docs.contains_key(&sample.metric),
            "{}",
            sample.metric
        );
    }
    let number = |count: usize| f64::from(u32::try_from(count).unwrap());
    let healthy = list
        .items
        .iter()
        .filter(|item| item.verdict == "healthy")
        .count();
    let targets = list
        .items
        .iter()
        .flat_map(|item| &item.paths)
        .map(|path| path.targets.len());
    assert_eq!(
        sum(&scrape, "cilium_lb_subject_health"),
        (list.items.len(), number(healthy))
    );
    assert_eq!(sum(&scrape, "cilium_lb_finding").1, number(findings(&list)));
    assert_eq!(sum(&scrape, "cilium_lb_targets").1, number(targets.sum()));
    assert_eq!(sum(&scrape, "cilium_lb_cluster_up"), (7, 6.0));
    assert_eq!(sum(&scrape, "cilium_lb_account_errors").1, 1.0);
    assert_eq!(sum(&scrape, "cilium_lb_stale_suppressions"), (1, 1.0));
    assert_eq!(sum(&scrape, "cilium_lb_baseline_findings").0, 3);
    let target = &list.items[0].paths[0].targets[0].id;
    assert!(!printed.contains(target), "no series per target");
}

#[test]
fn json_lines_are_the_items_and_then_the_rest() {
    let list = lists::filled();
    let printed = text(&list, "jsonl");
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let whole: Value = serde_json::from_str(&text(&list, "json")).unwrap();
    let (summary, items) = lines.split_last().unwrap();
    assert_eq!(items, whole["items"].as_array().unwrap());
    assert_eq!(summary["kind"], "DiagnosisSummary");
    assert_eq!(summary["items"], Value::Array(Vec::new()));
    for field in whole.as_object().unwrap().keys() {
        if !["kind", "items"].contains(&field.as_str()) {
            assert_eq!(summary[field], whole[field], "{field}");
        }
    }
    let yaml: Value = serde_saphyr::from_str(&text(&list, "yaml")).unwrap();
    assert_eq!(yaml, whole);
}

#[test]
fn names_are_those_of_subjects_that_are_not_healthy() {
    let list = lists::filled();
    let sick = list
        .items
        .iter()
        .filter(|item| item.verdict != "healthy")
        .count();
    let printed = text(&list, "name");
    assert_eq!(printed.lines().count(), sick);
    for line in printed.lines() {
        let (resource, _) = line.split_once('/').unwrap();
        assert!(resource == "service" || resource.contains('.'), "{line}");
    }
    assert_ne!(exit_of_list(&list, FailOn::Error) as u8, 0);
}
