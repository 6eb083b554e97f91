//! The captures' answer sheet: what the program predicts for every port of every capture, against what a
//! client in the balancer's place met there.
//!
//! The captures have no AWS half and were taken without a cluster around them, so each Service gets a load
//! balancer with which nothing is wrong. Every port is judged twice: from what was read, where a port may be
//! `unknown`, and with the readings of the node that the lab did not take.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test reports, and the agreement is printed"
)]

#[path = "observed/answers.rs"]
mod answers;
#[path = "observed/balancer.rs"]
mod balancer;
mod captures;
#[path = "observed/cluster.rs"]
mod cluster;

use answers::Answer;
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::path::resolve;
use cilium_lb::report::{self, v1};
use cilium_lb::{parse, verdict};
use cluster::{Capture, captures};
use std::collections::BTreeMap;

/// The prediction for one port.
struct Prediction {
    state: String,
    answer: Answer,
    predicted: String,
    /// Codes that decided, or would have.
    codes: Vec<String>,
    /// The readings that are missing.
    readings: Vec<String>,
    /// Whether anything is said that bears on clients: a cause or a note about the Service's traffic.
    warned: bool,
}

impl Prediction {
    fn contradicts(&self) -> bool {
        matches!(
            (self.predicted.as_str(), self.answer.met.passes()),
            ("healthy", Some(false)) | ("unhealthy", Some(true))
        )
    }

    fn line(&self) -> String {
        let (namespace, name) = &self.answer.service;
        format!(
            "{:<38} {namespace}/{name}:{} {} and is predicted {} {:?} {:?}",
            self.state,
            self.answer.port,
            self.answer.met.word(),
            self.predicted,
            self.codes,
            self.readings
        )
    }
}

fn diagnosis(snapshot: &Snapshot, (namespace, name): &(String, String)) -> v1::Diagnosis {
    let subject = format!("service/{name}").parse().unwrap();
    let subject = resolve(snapshot, &subject, namespace).unwrap();
    let verdict = verdict::diagnose(snapshot, &subject);
    report::diagnosis(snapshot, &verdict, v1::Run::default())
}

/// Judges the NodePorts, or the health-check node ports, of a capture.
fn judge(capture: &Capture, probes: &[Answer], bundle: &Bundle) -> Vec<Prediction> {
    let snapshot = parse::snapshot(bundle);
    assert!(
        snapshot.ignored.is_empty(),
        "{}: {:?}",
        capture.state,
        snapshot.ignored
    );
    let mut documents: BTreeMap<(String, String), v1::Diagnosis> = BTreeMap::new();
    probes
        .iter()
        .filter(|answer| answer.met.passes().is_some())
        .map(|answer| {
            let document = documents
                .entry(answer.service.clone())
                .or_insert_with(|| diagnosis(&snapshot, &answer.service));
            let path = document
                .paths
                .iter()
                .find(|path| answer.service_port == 0 || path.listener == answer.service_port)
                .unwrap();
            let target = &path.targets[0];
            let codes = if target.predicted == "unknown" {
                let unknown = path.hops.iter().filter(|hop| hop.status == "unknown");
                unknown.flat_map(|hop| hop.codes.clone()).collect()
            } else {
                target.codes.clone()
            };
            Prediction {
                state: capture.state.clone(),
                answer: answer.clone(),
                predicted: target.predicted.clone(),
                readings: document
                    .gaps
                    .iter()
                    .filter(|gap| target.predicted == "unknown" && !gap.would_decide.is_empty())
                    .map(|gap| gap.source.clone())
                    .collect(),
                codes,
                warned: document
                    .causes
                    .iter()
                    .chain(&document.notes)
                    .next()
                    .is_some(),
            }
        })
        .collect()
}

/// Predictions for all ports, with or without the readings that the lab did not take.
fn predictions(whole: bool) -> Vec<Prediction> {
    let mut all = Vec::new();
    for capture in captures() {
        let (node_ports, health): (Vec<Answer>, Vec<Answer>) = capture
            .answers
            .iter()
            .cloned()
            .partition(|answer| answer.service_port != 0);
        for probes in [node_ports, health] {
            let mut bundle = capture.bundle(&probes);
            if whole {
                capture.add_missing_readings(&mut bundle);
            }
            all.extend(judge(&capture, &probes, &bundle));
        }
    }
    all
}

/// Agreement by capture: ports, agreed, unknown, contradicted.
fn table(all: &[Prediction]) -> String {
    let mut rows: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for one in all {
        for name in [one.state.as_str(), "total"] {
            let row = rows.entry(name).or_default();
            row[0] += 1;
            let column = match one.predicted.as_str() {
                "unknown" => 2,
                _ if one.contradicts() => 3,
                _ => 1,
            };
            row[column] += 1;
        }
    }
    let mut text = format!(
        "{:<40} {:>6} {:>6} {:>8} {:>13}\n",
        "capture", "ports", "agree", "unknown", "contradicted"
    );
    for (name, [ports, agreed, unknown, wrong]) in rows {
        text.push_str(&format!(
            "{name:<40} {ports:>6} {agreed:>6} {unknown:>8} {wrong:>13}\n"
        ));
    }
    text
}

/// Health-check node ports that answer 200 while every NodePort of the Service is closed to the client.
fn hollow(all: &[Prediction]) -> Vec<&Prediction> {
    let dead = |of: &Prediction| {
        let mut ports = all
            .iter()
            .filter(|one| one.state == of.state && one.answer.service == of.answer.service)
            .filter(|one| one.answer.service_port != 0)
            .peekable();
        ports.peek().is_some() && ports.all(|one| one.answer.met.passes() == Some(false))
    };
    all.iter()
        .filter(|one| one.answer.service_port == 0 && one.answer.met.passes() == Some(true))
        .filter(|one| dead(one))
        .collect()
}

fn lines<'a>(some: impl Iterator<Item = &'a Prediction>) -> String {
    some.map(|one| one.line() + "\n").collect()
}

#[test]
fn what_was_read_never_contradicts_what_the_client_met() {
    let all = predictions(false);
    println!("from what was read\n{}", table(&all));
    let wrong = lines(all.iter().filter(|one| one.contradicts()));
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn with_all_readings_of_the_node_at_most_one_port_in_twenty_is_unknown() {
    let all = predictions(true);
    println!("with all readings of the node\n{}", table(&all));
    let wrong = lines(all.iter().filter(|one| one.contradicts()));
    let unknown = || all.iter().filter(|one| one.predicted == "unknown");
    println!("{}", lines(unknown()));
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(unknown().all(|one| !one.readings.is_empty()));
    let hollow = hollow(&all);
    println!(
        "accepted although nothing behind it works\n{}",
        lines(hollow.iter().copied())
    );
    assert!(hollow.len() >= 4, "{}", lines(hollow.iter().copied()));
    let silent = lines(hollow.into_iter().filter(|one| !one.warned));
    assert!(silent.is_empty(), "\n{silent}");
    assert!(unknown().count() * 20 <= all.len(), "{}", lines(unknown()));
}
