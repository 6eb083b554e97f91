//! The lower half of the tree: cause, evidence, fix, impact, notes, and what was not read.

use super::Look;
use super::block::Block;
use super::style::Label;
use super::words::{count, some};
use crate::report::v1::{Contrast, Diagnosis, Evidence, Finding, Gap};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Evidence lines shown per finding; `-o json` has them all.
const EVIDENCE: usize = 4;
/// Why a finding is refuted.
const REFUTED: &str = " · healthy targets show it too, so it does not explain the failure";

fn separation(contrast: &Contrast) -> String {
    let sick = count(contrast.unhealthy_targets, "target");
    let group = &contrast.target_group;
    if contrast.healthy_targets == 0 {
        let what = contrast.pattern.as_ref().unwrap_or(&contrast.attribute);
        return format!("{what}: all {sick} are unhealthy, so what they share decides ({group})");
    }
    let what = match &contrast.pattern {
        Some(pattern) => format!("{pattern}: {} is", contrast.attribute),
        None => format!("{}:", contrast.attribute),
    };
    format!(
        "{what} {} on the {}, {} on the {} healthy ({group})",
        some(&contrast.unhealthy, 4),
        count(contrast.unhealthy_targets, "unhealthy target"),
        some(&contrast.healthy, 4),
        contrast.healthy_targets,
    )
}

pub(super) fn findings(out: &mut String, document: &Diagnosis, look: &Look) {
    for cause in &document.causes {
        out.push('\n');
        finding(out, "cause", Label::Bad, cause, look);
    }
    let role = |role: &'static str| document.notes.iter().filter(move |note| note.role == role);
    for note in role("clients") {
        out.push('\n');
        finding(out, "clients", Label::Warning, note, look);
    }
    let mut block = Block::new(look);
    for contrast in &document.contrast {
        block.item("contrast", &separation(contrast));
    }
    for impact in &document.impact {
        block.item("impact", impact);
    }
    for fact in &document.by_design {
        block.item("by design", fact);
    }
    for (label, of, more) in [
        ("then", "later", ""),
        ("latent", "latent", ""),
        ("refuted", "refuted", REFUTED),
        ("note", "note", ""),
    ] {
        for note in role(of) {
            let text = format!("{} {}: {}{more}", note.code, note.slug, note.message);
            block.item(label, &text);
        }
    }
    let gaps = document.gaps.iter();
    let (deciding, other): (Vec<&Gap>, Vec<&Gap>) =
        gaps.partition(|gap| !gap.would_decide.is_empty());
    for gap in deciding {
        block.item("not read", &unread(gap));
        block.command(&gap.command);
    }
    for gap in other {
        block.item("not read", &unread(gap));
    }
    for name in &document.ignored {
        block.item(
            "ignored",
            &format!("{name}: not a document of the bundle format"),
        );
    }
    if !block.text.is_empty() {
        out.push('\n');
        out.push_str(&block.text);
    }
}

fn finding(out: &mut String, label: &str, style: Label, finding: &Finding, look: &Look) {
    let mut block = Block::new(look);
    block.labelled(
        label,
        style,
        &format!("{} {} · {}", finding.code, finding.slug, finding.message),
    );
    block.item(
        "",
        &format!(
            "confidence {} · {} of {}",
            finding.confidence,
            finding.explains.targets,
            count(finding.explains.of, "target")
        ),
    );
    for assumption in &finding.assumptions {
        block.item("assuming", assumption);
    }
    for evidence in telling(&finding.evidence) {
        block.evidence(evidence);
    }
    if finding.evidence.len() > EVIDENCE {
        block.item(
            "",
            &format!(
                "and {} more; -o json has them all",
                finding.evidence.len() - EVIDENCE
            ),
        );
    }
    for issue in &finding.known_issues {
        block.item(
            "known",
            &format!(
                "{} {}: {} · {}",
                issue.component,
                issue.running.join(", "),
                issue.summary,
                issue.link
            ),
        );
    }
    if let Some(fix) = &finding.fix {
        block.mend(fix);
    }
    out.push_str(&block.text);
}

/// The evidence to show: one of each kind of reading first, since ten nodes' map entries must not hide the one
/// configuration that decides.
fn telling(all: &[Evidence]) -> Vec<&Evidence> {
    let reading = |evidence: &Evidence| {
        let name = evidence.source.rsplit('/').next().unwrap_or_default();
        name.to_owned()
    };
    let mut seen = BTreeSet::new();
    let (first, more): (Vec<&Evidence>, Vec<&Evidence>) = all
        .iter()
        .partition(|evidence| seen.insert(reading(evidence)));
    first.into_iter().chain(more).take(EVIDENCE).collect()
}

fn unread(gap: &Gap) -> String {
    let mut text = gap.source.clone();
    match gap.about.as_slice() {
        [] => {}
        [one] => {
            let _ = write!(text, " ({one})");
        }
        several => {
            let _ = write!(text, " ({} of them, first {})", several.len(), several[0]);
        }
    }
    let _ = write!(text, ": {}", gap.reason);
    if let Some(permission) = &gap.permission {
        let _ = write!(text, " · needs {permission}");
    }
    if !gap.would_decide.is_empty() {
        let _ = write!(text, " · would decide {}", some(&gap.would_decide, 6));
    }
    text
}
