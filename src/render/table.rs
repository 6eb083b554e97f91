//! Targets × hops.

use super::grid::grid;
use super::sanitize::clean;
use super::words::{self, some};
use super::{Look, tree};
use crate::report::v1::{Diagnosis, Path, Target};
use std::collections::BTreeSet;

const HOPS: [&str; 8] = [
    "objects",
    "load-balancer",
    "target-group",
    "network",
    "node",
    "datapath",
    "proxy",
    "workload",
];

/// The table of one document, with its verdict above and its causes below.
pub(super) fn table(document: &Diagnosis, look: &Look, wide: bool) -> String {
    let mut out = tree::heading(document, look);
    for path in &document.paths {
        out.push('\n');
        out.push_str(&tree::path_title(path));
        out.push('\n');
        out.push_str(&targets(path, wide));
    }
    for cause in &document.causes {
        let line = format!("{} {}: {}", cause.code, cause.slug, clean(&cause.message));
        out.push('\n');
        out.push_str(&tree::wrap(&line, look.width, "  "));
    }
    if !document.causes.is_empty() {
        out.push('\n');
    }
    out
}

fn targets(path: &Path, wide: bool) -> String {
    let whole = wide || !short_names_are_unique(path);
    let mut header = vec!["TARGET", "NODE", "REPORTED", "PREDICTED"];
    let numbers: Vec<String> = (1..=HOPS.len()).map(|hop| hop.to_string()).collect();
    header.extend(numbers.iter().map(String::as_str));
    header.push("CODES");
    if wide {
        header.extend(["ADDRESS", "ZONE", "AGREEMENT", "REASON"]);
    }
    let rows = path.targets.iter();
    grid(
        header.into_iter().map(str::to_owned).collect(),
        rows.map(|target| row(path, target, wide, whole)).collect(),
    )
}

/// Whether the first labels of the nodes' names still tell them apart.
fn short_names_are_unique(path: &Path) -> bool {
    let names: BTreeSet<&str> = path
        .targets
        .iter()
        .filter_map(|t| t.node.as_deref())
        .collect();
    let short: BTreeSet<&str> = names.iter().map(|name| first_label(name)).collect();
    short.len() == names.len()
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn row(path: &Path, target: &Target, wide: bool, whole: bool) -> Vec<String> {
    let text = |value: Option<&str>| clean(value.unwrap_or("-")).into_owned();
    let reported = target.reported.as_ref();
    let mut row = vec![
        format!("{}:{}", clean(&target.id), target.port),
        text(
            target
                .node
                .as_deref()
                .map(|name| if whole { name } else { first_label(name) }),
        ),
        text(reported.map(|reported| reported.state.as_str())),
        target.predicted.clone(),
    ];
    for hop in HOPS {
        row.push(symbol(path, target, hop).to_owned());
    }
    row.push(if target.codes.is_empty() {
        "-".to_owned()
    } else {
        some(&target.codes, 3)
    });
    if wide {
        row.push(text(target.address.as_deref()));
        row.push(text(target.zone.as_deref()));
        row.push(target.agreement.clone());
        row.push(text(
            reported.and_then(|reported| reported.reason.as_deref()),
        ));
    }
    row
}

/// The hop's status for one target: the path's, unless the path fails there for others only.
fn symbol(path: &Path, target: &Target, hop: &str) -> &'static str {
    let Some(of_path) = path.hops.iter().find(|of_path| of_path.hop == hop) else {
        return "-";
    };
    let status = match of_path.status.as_str() {
        "fail" if target.codes.iter().any(|code| of_path.codes.contains(code)) => "fail",
        "fail" => "pass",
        "expected" if target.agreement != "by-design" => "pass",
        other => other,
    };
    words::status(status).0
}
