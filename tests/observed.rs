//! The captures' answer sheet: what the program predicts for every port of every capture, against what a
//! client in the balancer's place met there.
//!
//! The captures have no AWS half and were taken without a cluster around them, so each Service gets a load
//! balancer with which nothing is wrong. Ports are judged from what was read on the node. Ports whose deciding reading
//! the lab did not take are left out by name (`observed/left-out.yaml`) and counted apart: with that reading given they
//! show what the program makes of it, and prove nothing about predictions.

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
#[path = "observed/given.rs"]
mod given;
#[path = "observed/hollow.rs"]
mod hollow;
#[path = "observed/implied.rs"]
mod implied;
#[path = "observed/left_out.rs"]
mod left_out;

use answers::Answer;
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::path::resolve;
use cilium_lb::report::{self, v1};
use cilium_lb::{parse, verdict};
use cluster::{Capture, captures};
use std::collections::{BTreeMap, BTreeSet};

/// The prediction for one port.
struct Prediction {
    state: String,
    answer: Answer,
    predicted: String,
    /// Codes that decided, or would have.
    codes: Vec<String>,
    /// The readings that are missing or incomplete.
    readings: Vec<String>,
    /// Those of them that nobody took.
    untaken: BTreeSet<String>,
    /// Whether no endpoint of the Service is ready, or the Gateway's listener lacks its certificate.
    nothing_behind: bool,
    /// Codes of everything that is said of the Service: causes and notes.
    said: BTreeSet<String>,
}

impl Prediction {
    fn agrees(&self) -> bool {
        matches!(
            (self.predicted.as_str(), self.answer.met.passes()),
            ("healthy", Some(true)) | ("unhealthy", Some(false))
        )
    }

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
            let missing = document
                .gaps
                .iter()
                .filter(|gap| target.predicted == "unknown" && !gap.would_decide.is_empty());
            Prediction {
                state: capture.state.clone(),
                answer: answer.clone(),
                predicted: target.predicted.clone(),
                readings: missing.clone().map(|gap| gap.source.clone()).collect(),
                untaken: missing
                    .filter(|gap| gap.reason == "not captured")
                    .map(|gap| gap.source.clone())
                    .collect(),
                codes,
                nothing_behind: capture.nothing_behind(answer),
                said: document
                    .causes
                    .iter()
                    .chain(&document.notes)
                    .map(|finding| finding.code.clone())
                    .collect(),
            }
        })
        .collect()
}

/// How much is known when the ports are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// What was read.
    Read,
    /// The readings that the lab did not take as well.
    Given,
}

fn predictions(known: Known) -> Vec<Prediction> {
    let mut all = Vec::new();
    for capture in captures() {
        let (node_ports, health): (Vec<Answer>, Vec<Answer>) = capture
            .answers
            .iter()
            .cloned()
            .partition(|answer| answer.service_port != 0);
        for probes in [node_ports, health] {
            let mut bundle = capture.bundle(&probes);
            implied::add(&capture, &mut bundle);
            if known == Known::Given {
                given::add(&capture, &mut bundle);
            }
            all.extend(judge(&capture, &probes, &bundle));
        }
    }
    all
}

/// Agreement by capture: ports, agreed, unknown, contradicted.
fn table<'a>(all: impl Iterator<Item = &'a Prediction>) -> String {
    let mut rows: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for one in all {
        for name in [one.state.as_str(), "total"] {
            let row = rows.entry(name).or_default();
            row[0] += 1;
            row[1] += usize::from(one.agrees());
            row[2] += usize::from(one.predicted == "unknown");
            row[3] += usize::from(one.contradicts());
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

fn lines<'a>(some: impl Iterator<Item = &'a Prediction>) -> String {
    some.map(|one| one.line() + "\n").collect()
}

#[test]
fn what_was_read_says_what_the_client_met() {
    let all = predictions(Known::Read);
    let wrong = lines(all.iter().filter(|one| one.contradicts()));
    assert!(wrong.is_empty(), "\n{wrong}");
    let left_out = left_out::read();
    let reason = |one: &Prediction| {
        left_out
            .iter()
            .find(|entry| entry.names(&one.state, one.answer.port))
    };
    let (out, judged): (Vec<&Prediction>, Vec<&Prediction>) =
        all.iter().partition(|one| reason(one).is_some());
    println!("from what was read, all ports\n{}", table(all.iter()));
    println!("without those left out\n{}", table(judged.iter().copied()));
    for entry in &left_out {
        let of_entry = out
            .iter()
            .filter(|one| entry.names(&one.state, one.answer.port));
        println!("left out, {} ports: {}", of_entry.count(), entry.because);
    }
    // Nothing is left out that can be judged, nor for a reading that was taken.
    let named: usize = left_out.iter().map(left_out::LeftOut::count).sum();
    assert_eq!(
        named,
        out.len(),
        "left-out.yaml names a port that nobody asked"
    );
    for one in &out {
        let missing = &reason(one).unwrap().reading;
        assert!(
            one.predicted == "unknown" && one.untaken.contains(missing),
            "{} is not left out for {missing}",
            one.line()
        );
    }
    assert!(
        judged
            .iter()
            .all(|one| one.agrees() || one.predicted == "unknown")
    );
    let unknown = || {
        judged
            .iter()
            .filter(|one| one.predicted == "unknown")
            .copied()
    };
    println!("unknown all the same\n{}", lines(unknown()));
    assert!(unknown().all(|one| !one.readings.is_empty()));
    assert!(
        unknown().count() * 20 <= judged.len(),
        "{}",
        lines(unknown())
    );
}

#[test]
fn readings_that_are_given_contradict_nothing() {
    let all = predictions(Known::Given);
    println!(
        "with the readings that the lab did not take given\n{}",
        table(all.iter())
    );
    let wrong = lines(all.iter().filter(|one| one.contradicts()));
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_accepts_although_nothing_behind_it_works_is_told() {
    let all = predictions(Known::Read);
    let expected = hollow::expected();
    let mut silent = String::new();
    println!("accepted although nothing behind it works");
    let hollow = hollow::of(&all);
    for one in &hollow {
        let named =
            |entry: &&hollow::Expected| entry.state == one.state && entry.port == one.answer.port;
        let Some(entry) = expected.iter().find(named) else {
            silent.push_str(&format!("{} is not expected; {:?}\n", one.line(), one.said));
            continue;
        };
        println!("{} {}: {}", one.line(), entry.code, entry.because);
        if !one.said.contains(&entry.code) {
            silent.push_str(&format!(
                "{}: no {} in {:?}\n",
                one.line(),
                entry.code,
                one.said
            ));
        }
    }
    assert!(silent.is_empty(), "\n{silent}");
    assert_eq!(hollow.len(), expected.len());
}
