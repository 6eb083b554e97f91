//! `explain CODE`: the page of a check, without any network.

use super::args::ExplainArgs;
use super::{print, warn};
use crate::check::{Check, registry};
use crate::report::Exit;
use std::fmt::Write as _;

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let Some(check) = registry::find(&args.code) else {
        warn(&unknown(&args.code));
        return Ok(Exit::Usage);
    };
    print(&page(check))?;
    Ok(Exit::Ok)
}

fn unknown(code: &str) -> String {
    let near = registry::near(code);
    let hint = if near.is_empty() {
        String::new()
    } else {
        format!(" (similar: {})", near.join(", "))
    };
    format!("error: no check {code:?}{hint}; `kubectl cilium-lb checks` lists all\n")
}

fn page(check: &Check) -> String {
    let needs: Vec<String> = check
        .needs
        .iter()
        .map(|source| format!("  {}  ({})", source.title(), source.permission()))
        .collect();
    format!(
        "# {} {}\n\n{}\n\nhop {} ({}) · severity {} · since {}\n\n{}{}\n## What it reads\n\n{}\n",
        check.code,
        check.slug,
        check.title,
        check.hop as u8,
        check.hop.id(),
        check.severity.id(),
        check.since,
        check.page,
        known(check),
        needs.join("\n")
    )
}

fn known(check: &Check) -> String {
    let mut text = String::new();
    for issue in check.known_issues {
        if text.is_empty() {
            text.push_str("\n## Known issues\n\n");
        }
        let _ = writeln!(
            text,
            "  {} {}: {}\n  {}",
            issue.component.id(),
            issue.range_texts().join(", "),
            issue.summary,
            issue.link
        );
    }
    text
}
