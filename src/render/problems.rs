//! The lower half of an audit: each problem once with where it is, then what was not read, accepted or mended.

use super::Look;
use super::block::Block;
use super::digest::{self, several_clusters, telling};
use super::style::Label;
use super::tree::wrap;
use super::words::count;
use crate::report::v1::{DiagnosisList, Problem, SubjectName};

/// Subjects shown per problem, and lines per kind of remark; `-o json` has them all.
const SHOWN: usize = 5;

/// Blocks and remarks, separated by empty lines, with the totals at the end.
pub(super) fn problems(list: &DiagnosisList, look: &Look) -> String {
    let several = several_clusters(list);
    let mut parts: Vec<String> = list
        .problems
        .iter()
        .filter(|problem| telling(&problem.role))
        .map(|problem| block(list, problem, several, look))
        .collect();
    let mut rest = Block::new(look);
    unexplained(&mut rest, list, several);
    notes(&mut rest, list, several);
    parts.push(rest.text);
    parts.push(remarks(list, several, look));
    parts.retain(|part| !part.is_empty());
    parts.push(wrap(&digest::totals(list), look.width, "") + "\n");
    parts.join("\n")
}

/// The totals and remarks alone, for formats that show the findings elsewhere.
pub(super) fn closing(list: &DiagnosisList, look: &Look) -> String {
    let mut parts = vec![remarks(list, several_clusters(list), look)];
    parts.retain(|part| !part.is_empty());
    parts.push(wrap(&digest::totals(list), look.width, "") + "\n");
    parts.join("\n")
}

fn block(list: &DiagnosisList, problem: &Problem, several: bool, look: &Look) -> String {
    let mut block = Block::new(look);
    let style = match problem.role.as_str() {
        "cause" => Label::Bad,
        _ => Label::Warning,
    };
    block.labelled(
        &problem.role,
        style,
        &format!("{} {} · {}", problem.code, problem.slug, problem.message),
    );
    let mut reach = vec![
        format!("confidence {}", problem.confidence),
        count(problem.subjects.len(), "subject"),
        count(problem.targets, "target"),
    ];
    reach.extend(problem.state.clone());
    block.item("", &reach.join(" · "));
    on(&mut block, &problem.subjects, several);
    let first = digest::first_finding(list, problem);
    if let Some(evidence) = first.and_then(|finding| finding.evidence.first()) {
        block.evidence(evidence);
    }
    for issue in &problem.known_issues {
        block.item("known", &format!("{} · {}", issue.summary, issue.link));
    }
    match &problem.fix {
        Some(fix) => block.mend(fix),
        None if problem.subjects.len() > 1 && first.is_some_and(|f| f.fix.is_some()) => {
            block.item("fix", "differs by subject: why-unhealthy says it for each");
        }
        None => {}
    }
    block.text
}

fn on(block: &mut Block<'_>, subjects: &[SubjectName], several: bool) {
    let names = subjects
        .iter()
        .map(|subject| digest::subject(subject, several));
    limited(block, "on", &names.collect::<Vec<_>>());
}

fn limited(block: &mut Block<'_>, label: &str, texts: &[String]) {
    for text in texts.iter().take(SHOWN) {
        block.item(label, text);
    }
    if texts.len() > SHOWN {
        block.item(
            label,
            &format!("and {} more; -o json has them all", texts.len() - SHOWN),
        );
    }
}

fn unexplained(block: &mut Block<'_>, list: &DiagnosisList, several: bool) {
    let texts: Vec<String> = list
        .items
        .iter()
        .filter_map(|item| {
            let targets = digest::Tally::of(item).unexplained;
            (targets > 0).then(|| {
                format!(
                    "{}: {} unhealthy although every hop that was read passes",
                    digest::subject(&SubjectName::of(item), several),
                    count(targets, "target")
                )
            })
        })
        .collect();
    limited(block, "unknown", &texts);
}

/// Warnings and worse in one line each; what is only worth knowing is counted.
fn notes(block: &mut Block<'_>, list: &DiagnosisList, several: bool) {
    let (info, worse): (Vec<&Problem>, Vec<&Problem>) = list
        .problems
        .iter()
        .filter(|problem| !telling(&problem.role))
        .partition(|problem| problem.severity == "info");
    let texts: Vec<String> = worse
        .iter()
        .map(|problem| {
            let place = match problem.subjects.as_slice() {
                [one] => digest::subject(one, several),
                all => count(all.len(), "subject"),
            };
            format!(
                "{} {} · {} ({place})",
                problem.code, problem.slug, problem.title
            )
        })
        .collect();
    limited(block, "note", &texts);
    if !info.is_empty() {
        block.item(
            "note",
            &format!(
                "{} of severity info: -o json has them, why-unhealthy shows those of one subject",
                count(info.len(), "note")
            ),
        );
    }
}

fn remarks(list: &DiagnosisList, several: bool, look: &Look) -> String {
    let mut block = Block::new(look);
    for cluster in &list.clusters {
        if let Some(error) = &cluster.error {
            block.labelled(
                "failed",
                Label::Bad,
                &format!("cluster {}: {error}", cluster.name),
            );
        }
    }
    for account in &list.accounts {
        for error in &account.errors {
            let text = format!("account {} {}: {error}", account.account, account.region);
            block.labelled("failed", Label::Bad, &text);
        }
    }
    let accepted = list.suppressed.iter().map(|one| {
        let until = one.until.as_ref().map(|day| format!(", until {day}"));
        format!(
            "{} on {}: {}{} [{}]",
            one.code,
            digest::subject(&one.subject, several),
            one.reason,
            until.unwrap_or_default(),
            one.by
        )
    });
    limited(&mut block, "accepted", &accepted.collect::<Vec<_>>());
    for stale in &list.stale_suppressions {
        let text = format!("{} in {}: {}", stale.code, stale.by, stale.reason);
        block.labelled("stale", Label::Warning, &text);
    }
    let fixed = list.baseline.iter().flat_map(|baseline| &baseline.fixed);
    let fixed = fixed.map(|one| {
        let place = digest::subject(&one.subject, several);
        format!("{} on {place}: {}", one.code, one.message)
    });
    limited(&mut block, "fixed", &fixed.collect::<Vec<_>>());
    block.text
}
