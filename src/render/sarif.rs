//! SARIF 2.1.0: a result per finding of a subject, a notification per thing that was not read.

use super::digest::findings;
use super::sarif_model::{
    Configuration, Driver, Finding, Invocation, Location, Log, LogicalLocation, Message,
    Notification, Rule, Run, Suppression, Tool,
};
use crate::report;
use crate::report::v1::{self, DiagnosisList, SubjectName};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
/// The fingerprint of a finding of a subject, and that of its cause without the subject.
const FINGERPRINT: &str = "ciliumLbFinding/v1";
const CAUSE: &str = "ciliumLbCause/v1";

pub(super) fn sarif(list: &DiagnosisList) -> anyhow::Result<String> {
    let mut codes: BTreeMap<&str, &str> = BTreeMap::new();
    for item in &list.items {
        for finding in findings(item) {
            codes.insert(&finding.code, &finding.slug);
        }
    }
    let rules: Vec<Rule> = codes.iter().map(|(code, slug)| rule(code, slug)).collect();
    let index: BTreeMap<&str, usize> = codes
        .keys()
        .zip(0..)
        .map(|(code, at)| (*code, at))
        .collect();
    let mut results: Vec<Finding> = Vec::new();
    for item in &list.items {
        let subject = SubjectName::of(item);
        for finding in findings(item) {
            results.push(result(
                list,
                &subject,
                finding,
                index.get(finding.code.as_str()),
            ));
        }
    }
    let fixed = list.baseline.iter().flat_map(|baseline| &baseline.fixed);
    results.extend(fixed.map(gone));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "kubectl-cilium-lb",
                    version: list.run.version.clone(),
                    rules,
                },
            },
            invocations: [invocation(list)],
            results,
        }],
    };
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn rule(code: &str, slug: &str) -> Rule {
    // A document of another version may have codes that this one does not know.
    let known = report::rule(code);
    let severity = known.map_or("warning", |rule| rule.severity);
    Rule {
        id: code.to_owned(),
        name: slug.to_owned(),
        short_description: Message::plain(known.map_or(slug, |rule| rule.title)),
        help: known.map(|rule| Message {
            text: format!("kubectl cilium-lb explain {code}"),
            markdown: Some(rule.page.to_owned()),
        }),
        default_configuration: Configuration {
            level: level(severity),
        },
    }
}

/// 3.27.10: SARIF calls information a note.
fn level(severity: &str) -> &'static str {
    match severity {
        "error" => "error",
        "warning" => "warning",
        _ => "note",
    }
}

fn location(subject: &SubjectName) -> Location {
    Location {
        logical_locations: [LogicalLocation {
            name: subject.name.clone(),
            fully_qualified_name: subject.to_string(),
            kind: "resource",
        }],
    }
}

fn result(
    list: &DiagnosisList,
    subject: &SubjectName,
    finding: &v1::Finding,
    rule_index: Option<&usize>,
) -> Finding {
    let mut properties = BTreeMap::from([
        ("role", json!(finding.role)),
        ("hop", json!(finding.hop)),
        ("confidence", json!(finding.confidence)),
        ("targets", json!(finding.explains.targets)),
    ]);
    if let Some(fix) = &finding.fix {
        properties.insert("fix", json!(fix.summary));
        properties.insert("fixCommands", json!(fix.commands));
    }
    Finding {
        rule_id: finding.code.clone(),
        rule_index: rule_index.copied(),
        kind: None,
        level: level(&finding.severity),
        message: Message::plain(&finding.message),
        locations: vec![location(subject)],
        partial_fingerprints: BTreeMap::from([
            (FINGERPRINT, finding.fingerprint.clone()),
            (CAUSE, finding.cause_fingerprint.clone()),
        ]),
        baseline_state: match finding.state.as_deref() {
            Some("new") => Some("new"),
            Some("known") => Some("unchanged"),
            _ => None,
        },
        suppressions: suppressions(list, subject, finding),
        properties,
    }
}

fn suppressions(
    list: &DiagnosisList,
    subject: &SubjectName,
    finding: &v1::Finding,
) -> Vec<Suppression> {
    if finding.state.as_deref() != Some("suppressed") {
        return Vec::new();
    }
    let by = list
        .suppressed
        .iter()
        .find(|one| one.subject == *subject && one.fingerprint == finding.fingerprint);
    vec![Suppression {
        kind: "external",
        status: "accepted",
        justification: by.map(|one| one.reason.clone()).unwrap_or_default(),
    }]
}

/// A finding of the baseline that is no more.
fn gone(fixed: &v1::Fixed) -> Finding {
    Finding {
        rule_id: fixed.code.clone(),
        rule_index: None,
        // 3.27.10: only what does not fail may be of no level.
        kind: Some("informational"),
        level: "none",
        message: Message::plain(&fixed.message),
        locations: vec![location(&fixed.subject)],
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fixed.fingerprint.clone())]),
        baseline_state: Some("absent"),
        suppressions: Vec::new(),
        properties: BTreeMap::new(),
    }
}

fn invocation(list: &DiagnosisList) -> Invocation {
    let mut notifications: Vec<Notification> = Vec::new();
    let mut notify = |level, text: String, subject: Option<&SubjectName>| {
        notifications.push(Notification {
            level,
            message: Message::plain(text),
            locations: subject.map(location).into_iter().collect(),
        });
    };
    for cluster in &list.clusters {
        if let Some(error) = &cluster.error {
            notify("error", format!("cluster {}: {error}", cluster.name), None);
        }
    }
    for account in &list.accounts {
        for error in &account.errors {
            let text = format!("account {} {}: {error}", account.account, account.region);
            notify("warning", text, None);
        }
    }
    // What is missing for a whole cluster is missing for each of its subjects: said once, at the first.
    let mut said = BTreeSet::new();
    for item in &list.items {
        let subject = SubjectName::of(item);
        for gap in &item.gaps {
            if !said.insert((
                subject.cluster.clone(),
                &gap.source,
                &gap.reason,
                &gap.about,
            )) {
                continue;
            }
            let decides = !gap.would_decide.is_empty();
            let mut text = format!("{} not read: {}", gap.source, gap.reason);
            if decides {
                text += &format!("; would decide {}", gap.would_decide.join(", "));
            }
            let level = if decides { "warning" } else { "note" };
            notify(level, text, Some(&subject));
        }
    }
    let failed = list.clusters.iter().any(|cluster| cluster.error.is_some());
    let stale = list.stale_suppressions.iter().map(|stale| Notification {
        level: "warning",
        message: Message::plain(format!("{} in {}: {}", stale.code, stale.by, stale.reason)),
        locations: Vec::new(),
    });
    Invocation {
        execution_successful: !failed && !list.run.incomplete,
        tool_execution_notifications: notifications,
        tool_configuration_notifications: stale.collect(),
    }
}
