//! Markdown for comments on pull requests and job summaries: what is not healthy, and each problem once.

use super::digest::{self, Tally, several_clusters, telling};
use super::markdown_text::{block, cell, code, plain};
use super::words::count;
use crate::report::v1::{Diagnosis, DiagnosisList, Problem, SubjectName};
use std::fmt::Write as _;

/// Rows of the table of subjects; a comment on GitHub holds 65,536 characters.
const ROWS: usize = 50;
/// Problems shown whole, for the same reason.
const PROBLEMS: usize = 25;
/// Subjects shown per problem.
const SUBJECTS: usize = 5;

pub(super) fn markdown(list: &DiagnosisList) -> String {
    let several = several_clusters(list);
    let mut out = format!(
        "## Load balancer health\n\n{}\n",
        plain(&digest::totals(list))
    );
    subjects(&mut out, list, several);
    let (problems, notes): (Vec<&Problem>, Vec<&Problem>) = list
        .problems
        .iter()
        .partition(|problem| telling(&problem.role));
    for found in problems.iter().take(PROBLEMS) {
        problem(&mut out, list, found, several);
    }
    if problems.len() > PROBLEMS {
        let _ = writeln!(out, "\nAnd {} more problems.", problems.len() - PROBLEMS);
    }
    let notes: Vec<String> = notes
        .iter()
        .filter(|note| note.severity != "info")
        .map(|note| {
            format!(
                "{} {}: {} ({})",
                code(&note.code),
                plain(&note.slug),
                plain(&note.title),
                count(note.subjects.len(), "subject")
            )
        })
        .collect();
    items(&mut out, "Notes", &notes);
    remarks(&mut out, list, several);
    out
}

fn subjects(out: &mut String, list: &DiagnosisList, several: bool) {
    let sick: Vec<&Diagnosis> = list
        .items
        .iter()
        .filter(|item| item.verdict != "healthy")
        .collect();
    if sick.is_empty() {
        return;
    }
    out.push_str("\n| Subject | Verdict | Healthy targets | Codes |\n|---|---|---|---|\n");
    for item in sick.iter().take(ROWS) {
        let tally = Tally::of(item);
        let codes: Vec<String> = digest::codes(item)
            .iter()
            .map(|found| cell(found))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} of {} | {} |",
            cell(&digest::subject(&SubjectName::of(item), several)),
            plain(&item.verdict),
            tally.healthy,
            tally.of,
            codes.join(" ")
        );
    }
    if sick.len() > ROWS {
        let _ = writeln!(out, "\nAnd {} more subjects.", sick.len() - ROWS);
    }
}

fn problem(out: &mut String, list: &DiagnosisList, problem: &Problem, several: bool) {
    let state = problem.state.as_ref().map(|state| format!(", {state}"));
    let _ = writeln!(
        out,
        "\n### {} {}\n\n{}\n\n{}, confidence {}, {}, {}{}",
        plain(&problem.code),
        plain(&problem.slug),
        plain(&problem.message),
        plain(&problem.role),
        plain(&problem.confidence),
        count(problem.subjects.len(), "subject"),
        count(problem.targets, "target"),
        plain(&state.unwrap_or_default())
    );
    let mut lines: Vec<String> = problem
        .subjects
        .iter()
        .map(|subject| code(&digest::subject(subject, several)))
        .collect();
    let more = lines.len().saturating_sub(SUBJECTS);
    lines.truncate(SUBJECTS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let first = digest::first_finding(list, problem);
    if let Some(evidence) = first.and_then(|finding| finding.evidence.first()) {
        lines.push(format!(
            "evidence: {} {} = {} in {}",
            code(&evidence.subject),
            code(&evidence.field),
            code(&evidence.value),
            code(&evidence.source)
        ));
    }
    out.push('\n');
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    if let Some(fix) = &problem.fix {
        let _ = writeln!(
            out,
            "\n**Fix** ({}): {}",
            plain(&fix.risk),
            plain(&fix.summary)
        );
        if !fix.commands.is_empty() {
            let _ = write!(out, "\n{}", block(&fix.commands));
        }
        let proof = match fix.verified {
            Some(true) => "Verified on this evidence",
            Some(false) => "Checked on this evidence",
            None => "Unproven; afterwards",
        };
        let _ = writeln!(out, "\n{proof}: {}", plain(&fix.after));
    }
}

fn items(out: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### {heading}\n");
    for line in lines.iter().take(ROWS) {
        let _ = writeln!(out, "- {line}");
    }
    if lines.len() > ROWS {
        let _ = writeln!(out, "- and {} more", lines.len() - ROWS);
    }
}

fn remarks(out: &mut String, list: &DiagnosisList, several: bool) {
    let clusters = list.clusters.iter().filter_map(|cluster| {
        let error = cluster.error.as_ref()?;
        Some(format!("cluster {}: {}", code(&cluster.name), plain(error)))
    });
    let accounts = list.accounts.iter().flat_map(|account| {
        account.errors.iter().map(|error| {
            format!(
                "account {} {}: {}",
                plain(&account.account),
                plain(&account.region),
                plain(error)
            )
        })
    });
    items(
        out,
        "Not read",
        &clusters.chain(accounts).collect::<Vec<_>>(),
    );
    let accepted = list.suppressed.iter().map(|one| {
        format!(
            "{} on {}: {}",
            code(&one.code),
            code(&digest::subject(&one.subject, several)),
            plain(&one.reason)
        )
    });
    items(out, "Accepted", &accepted.collect::<Vec<_>>());
    let stale = list.stale_suppressions.iter().map(|one| {
        let by = code(&one.by);
        format!("{} in {by}: {}", code(&one.code), plain(&one.reason))
    });
    items(out, "Stale suppressions", &stale.collect::<Vec<_>>());
    let fixed = list.baseline.iter().flat_map(|baseline| &baseline.fixed);
    let fixed = fixed.map(|one| {
        format!(
            "{} on {}: {}",
            code(&one.code),
            code(&digest::subject(&one.subject, several)),
            plain(&one.message)
        )
    });
    items(out, "Fixed since the baseline", &fixed.collect::<Vec<_>>());
}
