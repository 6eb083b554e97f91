//! CSV (RFC 4180): one row per subject and finding, one for a subject without any.
//!
//! Names and messages come from other people and these files are opened in spreadsheets: a cell that would start a
//! formula gets an apostrophe before it, as OWASP advises, and control characters are replaced, so that a row is a line.

use super::digest::{Tally, cluster, findings};
use super::sanitize::clean;
use crate::report::v1::{Diagnosis, DiagnosisList, Finding};
use csv::{Terminator, WriterBuilder};

const HEADER: [&str; 22] = [
    "cluster",
    "namespace",
    "kind",
    "name",
    "service",
    "load_balancer",
    "account",
    "region",
    "verdict",
    "targets_healthy",
    "targets",
    "code",
    "slug",
    "hop",
    "role",
    "severity",
    "confidence",
    "state",
    "targets_explained",
    "message",
    "fix",
    "fingerprint",
];

pub(super) fn csv(list: &DiagnosisList) -> anyhow::Result<String> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for item in &list.items {
        let mut found = findings(item).peekable();
        if found.peek().is_none() {
            writer.write_record(record(item, None))?;
        }
        for finding in found {
            writer.write_record(record(item, Some(finding)))?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn record(item: &Diagnosis, finding: Option<&Finding>) -> Vec<String> {
    let subject = &item.subject;
    let service = subject.service.as_ref();
    let balancer = subject.load_balancer.as_ref();
    let tally = Tally::of(item);
    let of = |field: fn(&Finding) -> &str| finding.map(field).unwrap_or_default().to_owned();
    let cells = [
        cluster(item).to_owned(),
        subject.namespace.clone(),
        subject.kind.clone(),
        subject.name.clone(),
        service.map(|found| found.name.clone()).unwrap_or_default(),
        balancer.map(|found| found.name.clone()).unwrap_or_default(),
        balancer
            .map(|found| found.account.clone())
            .unwrap_or_default(),
        balancer
            .map(|found| found.region.clone())
            .unwrap_or_default(),
        item.verdict.clone(),
        tally.healthy.to_string(),
        tally.of.to_string(),
        of(|finding| &finding.code),
        of(|finding| &finding.slug),
        of(|finding| &finding.hop),
        of(|finding| &finding.role),
        of(|finding| &finding.severity),
        of(|finding| &finding.confidence),
        of(|finding| finding.state.as_deref().unwrap_or_default()),
        finding
            .map(|finding| finding.explains.targets.to_string())
            .unwrap_or_default(),
        of(|finding| &finding.message),
        of(|finding| finding.fix.as_ref().map_or("", |fix| fix.summary.as_str())),
        of(|finding| &finding.fingerprint),
    ];
    cells.iter().map(|cell| guarded(cell)).collect()
}

/// A text that no spreadsheet takes for a formula.
fn guarded(cell: &str) -> String {
    let text = clean(cell);
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.into_owned()
    }
}
