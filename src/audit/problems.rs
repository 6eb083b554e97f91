//! The findings of all subjects, each distinct one once.

use crate::report::v1;
use std::collections::BTreeMap;

/// Roles from the most to the least telling; a refuted finding is no problem.
const ROLES: [&str; 5] = ["cause", "clients", "latent", "later", "note"];
/// Severities from the worst.
const SEVERITIES: [&str; 3] = ["error", "warning", "info"];
/// Confidences from the surest.
const CONFIDENCES: [&str; 3] = ["high", "medium", "low"];

/// Groups the findings of `items` that are neither refuted nor suppressed by what decides them.
pub(super) fn problems(items: &[v1::Diagnosis]) -> Vec<v1::Problem> {
    let mut groups: BTreeMap<&str, v1::Problem> = BTreeMap::new();
    for item in items {
        for finding in item.causes.iter().chain(&item.notes) {
            if finding.role == "refuted" || finding.state.as_deref() == Some("suppressed") {
                continue;
            }
            let subject = v1::SubjectName::of(item);
            match groups.get_mut(finding.cause_fingerprint.as_str()) {
                Some(problem) => absorb(problem, finding, subject),
                None => {
                    groups.insert(&finding.cause_fingerprint, first(finding, subject));
                }
            }
        }
    }
    let mut all: Vec<v1::Problem> = groups.into_values().collect();
    all.sort_by(|a, b| {
        let key = |p: &v1::Problem| {
            (
                rank(&ROLES, &p.role),
                rank(&SEVERITIES, &p.severity),
                std::cmp::Reverse((p.targets, p.subjects.len())),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.code, &a.subjects).cmp(&(&b.code, &b.subjects)))
    });
    all
}

fn first(finding: &v1::Finding, subject: v1::SubjectName) -> v1::Problem {
    v1::Problem {
        code: finding.code.clone(),
        slug: finding.slug.clone(),
        hop: finding.hop.clone(),
        role: finding.role.clone(),
        severity: finding.severity.clone(),
        confidence: finding.confidence.clone(),
        title: finding.title.clone(),
        message: finding.message.clone(),
        subjects: vec![subject],
        fingerprints: vec![finding.fingerprint.clone()],
        targets: finding.explains.targets,
        state: finding.state.clone(),
        known_issues: finding.known_issues.clone(),
        fix: finding.fix.clone(),
    }
}

fn absorb(problem: &mut v1::Problem, finding: &v1::Finding, subject: v1::SubjectName) {
    let better = |order: &[&str], a: &mut String, b: &String| {
        if rank(order, b) < rank(order, a) {
            a.clone_from(b);
        }
    };
    better(&ROLES, &mut problem.role, &finding.role);
    better(&SEVERITIES, &mut problem.severity, &finding.severity);
    better(&CONFIDENCES, &mut problem.confidence, &finding.confidence);
    problem.targets += finding.explains.targets;
    // What blocks some targets and only threatens others is two findings of one subject, with one fingerprint.
    if problem.subjects.last() != Some(&subject) {
        problem.subjects.push(subject);
        problem.fingerprints.push(finding.fingerprint.clone());
    }
    if finding.state.as_deref() == Some("new") {
        problem.state.clone_from(&finding.state);
    }
    for issue in &finding.known_issues {
        if !problem.known_issues.contains(issue) {
            problem.known_issues.push(issue.clone());
        }
    }
    // Commands of one subject are no advice for another.
    let agree = match (&problem.fix, &finding.fix) {
        (Some(a), Some(b)) => a.summary == b.summary,
        _ => false,
    };
    if !agree {
        problem.fix = None;
    } else if let (Some(fix), Some(other)) = (&mut problem.fix, &finding.fix) {
        merge(fix, other);
    }
}

/// All commands once, and as sure as the least sure of both.
fn merge(fix: &mut v1::Fix, other: &v1::Fix) {
    for command in &other.commands {
        if !fix.commands.contains(command) {
            fix.commands.push(command.clone());
        }
    }
    if fix.verified != other.verified {
        fix.verified = match (fix.verified, other.verified) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            _ => None,
        };
    }
    if fix.after != other.after {
        fix.after = "differs by subject: why-unhealthy says it for each".to_owned();
    }
}

/// The place of a word in its order; unknown words come last.
fn rank(order: &[&str], word: &str) -> usize {
    order
        .iter()
        .position(|known| *known == word)
        .unwrap_or(order.len())
}
