//! Prometheus gauges of an audit, for a node exporter's textfile collector or a push gateway.
//!
//! Labels are names of subjects, codes and words of closed sets: no target, node or message is among them, so the
//! number of series grows with subjects and findings only.

use super::digest::{cluster, findings, missing};
use super::prometheus_text::Gauge;
use crate::report::v1::{Diagnosis, DiagnosisList};
use jiff::Timestamp;

pub(super) fn prometheus(list: &DiagnosisList) -> String {
    let mut out = String::new();
    for family in [
        build(list),
        clusters(list),
        evidence(list),
        accounts(list),
        subjects(list),
        targets(list),
        found(list),
        gaps(list),
        stale(list),
        baseline(list),
        complete(list),
    ] {
        family.write(&mut out);
    }
    out
}

/// What names a subject in every family.
fn labels(item: &Diagnosis) -> [(&'static str, &str); 4] {
    [
        ("cluster", cluster(item)),
        ("namespace", &item.subject.namespace),
        ("kind", &item.subject.kind),
        ("name", &item.subject.name),
    ]
}

fn with<'a>(item: &'a Diagnosis, more: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    labels(item)
        .into_iter()
        .chain(more.iter().copied())
        .collect()
}

fn build(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new("cilium_lb_build_info", "The program that looked; always 1.");
    gauge.least(&[("version", &list.run.version)], 1.0);
    gauge
}

fn clusters(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_cluster_up",
        "1 when something of the cluster could be read, 0 when nothing could.",
    );
    for found in &list.clusters {
        let up = f64::from(u8::from(found.error.is_none()));
        gauge.least(&[("cluster", &found.name)], up);
    }
    gauge
}

fn evidence(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_evidence_timestamp_seconds",
        "When the evidence of the cluster was collected, Unix time.",
    );
    for found in &list.clusters {
        let at = found
            .taken_at
            .as_deref()
            .and_then(|at| at.parse::<Timestamp>().ok());
        if let Some(at) = at {
            gauge.least(&[("cluster", &found.name)], seconds(at));
        }
    }
    gauge
}

fn seconds(at: Timestamp) -> f64 {
    at.duration_since(Timestamp::UNIX_EPOCH)
        .as_secs_f64()
        .trunc()
}

fn accounts(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_account_errors",
        "Failures that kept something of the account and region from being read.",
    );
    for found in &list.accounts {
        gauge.add(
            &[("account", &found.account), ("region", &found.region)],
            number(found.errors.len()),
        );
    }
    gauge
}

fn subjects(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_subject_health",
        "1 when the subject is healthy, 0 when it is not or that is unknown; the verdict says which.",
    );
    for item in &list.items {
        let healthy = f64::from(u8::from(item.verdict == "healthy"));
        gauge.least(&with(item, &[("verdict", &item.verdict)]), healthy);
    }
    gauge
}

fn targets(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_targets",
        "Targets of the subject by the state that AWS reports; not-read where it was not read.",
    );
    for item in &list.items {
        for target in item.paths.iter().flat_map(|path| &path.targets) {
            let state = target
                .reported
                .as_ref()
                .map_or("not-read", |found| &found.state);
            gauge.add(&with(item, &[("state", state)]), 1.0);
        }
    }
    gauge
}

fn found(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_finding",
        "Findings of the subject; the state tells new, known and suppressed ones apart.",
    );
    for item in &list.items {
        for finding in findings(item) {
            let more = [
                ("code", finding.code.as_str()),
                ("slug", &finding.slug),
                ("severity", &finding.severity),
                ("role", &finding.role),
                ("state", finding.state.as_deref().unwrap_or_default()),
            ];
            gauge.add(&with(item, &more), 1.0);
        }
    }
    gauge
}

fn gaps(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_gaps",
        "Readings that are missing for the subject and would decide something.",
    );
    for item in &list.items {
        gauge.add(&labels(item), number(missing(item)));
    }
    gauge
}

fn stale(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_stale_suppressions",
        "Suppressions that are expired, unused or unreadable.",
    );
    gauge.add(&[], number(list.stale_suppressions.len()));
    gauge
}

fn baseline(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_baseline_findings",
        "Findings compared with the baseline.",
    );
    if let Some(found) = &list.baseline {
        let counted = [
            ("new", found.new),
            ("known", found.known),
            ("fixed", found.fixed.len()),
        ];
        for (state, count) in counted {
            gauge.add(&[("state", state)], number(count));
        }
    }
    gauge
}

fn complete(list: &DiagnosisList) -> Gauge {
    let mut gauge = Gauge::new(
        "cilium_lb_run_complete",
        "0 when the run was interrupted or a slice is missing, else 1.",
    );
    gauge.least(&[], f64::from(u8::from(!list.run.incomplete)));
    gauge
}

/// Counts of this program are far below what a double holds exactly.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
