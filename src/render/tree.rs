//! The default output: verdict, hops, cause, fix, impact, totals.

use super::digest::{self, Tally};
use super::sanitize::clean;
use super::style::Label;
use super::words::{count, some, status, verdict};
use super::{Look, tree_findings};
use crate::report::v1::{Diagnosis, Hop, Path};
use std::fmt::Write as _;

/// Where proofs of a hop are cut.
const PROOF_WIDTH: usize = 90;
/// Widest hop name.
const HOP_WIDTH: usize = 13;

/// The tree of one document.
pub(super) fn tree(document: &Diagnosis, look: &Look) -> String {
    let mut out = heading(document, look);
    for (index, path) in document.paths.iter().enumerate() {
        out.push('\n');
        path_lines(&mut out, document, path, twin(document, index), look);
    }
    tree_findings::findings(&mut out, document, look);
    let _ = writeln!(out, "\n{}", totals(document));
    out
}

/// Subject, load balancer and verdict.
pub(super) fn heading(document: &Diagnosis, look: &Look) -> String {
    let subject = &document.subject;
    let mut first = vec![digest::kind_and_name(&subject.kind, &subject.name)];
    if !subject.namespace.is_empty() {
        first.push(format!("namespace {}", clean(&subject.namespace)));
    }
    first.extend(
        subject
            .context
            .iter()
            .map(|context| format!("context {}", clean(context))),
    );
    first.extend(
        document
            .run
            .taken_at
            .iter()
            .map(|at| format!("evidence of {}", clean(at))),
    );
    let mut out = look.styles.paint(Label::Heading, &first.join(" · ")) + "\n";
    if let Some(balancer) = &subject.load_balancer {
        let _ = writeln!(
            out,
            "load balancer {} · account {} · {}",
            clean(&balancer.name),
            clean(&balancer.account),
            clean(&balancer.region)
        );
    }
    let (symbol, word, label) = verdict(&document.verdict);
    let _ = writeln!(
        out,
        "\n{}  {}",
        look.styles.paint(label, &format!("{symbol} {word}")),
        summary(document)
    );
    out
}

/// How many targets, how many causes, how sure.
fn summary(document: &Diagnosis) -> String {
    let tally = Tally::of(document);
    let (healthy, total) = (tally.healthy, tally.of);
    let mut parts = vec![match (total, tally.reported) {
        (0, _) => "no targets".to_owned(),
        (_, true) => format!("{healthy} of {total} targets healthy"),
        (_, false) => format!("{healthy} of {total} nodes predicted healthy, AWS was not read"),
    }];
    if tally.by_design > 0 {
        parts.push(format!("{} not, by design", tally.by_design));
    }
    match document.causes.as_slice() {
        [] => {}
        [one] => parts.push(format!("one cause, confidence {}", one.confidence)),
        several => parts.push(count(several.len(), "cause")),
    }
    if tally.unexplained > 0 {
        parts.push(format!(
            "{} unexplained: every hop that was read passes",
            tally.unexplained
        ));
    }
    if document.run.incomplete {
        parts.push("incomplete: interrupted".to_owned());
    }
    parts.join(" · ")
}

/// An earlier path whose hops look the same.
fn twin(document: &Diagnosis, index: usize) -> Option<&Path> {
    let of = &document.paths[index];
    let same = |a: &Hop, b: &Hop| (&a.hop, &a.status, &a.codes) == (&b.hop, &b.status, &b.codes);
    document.paths[..index].iter().find(|path| {
        path.hops.len() == of.hops.len() && path.hops.iter().zip(&of.hops).all(|(a, b)| same(a, b))
    })
}

/// `:80/TCP → target group k8s-web → NodePort 30866 · health check TCP :30866`.
pub(super) fn path_title(path: &Path) -> String {
    let mut title = format!("  :{}/{}", path.listener, clean(&path.protocol));
    if let Some(group) = &path.target_group {
        let _ = write!(title, " → target group {}", clean(group));
    }
    if let Some(port) = path.node_port {
        let _ = write!(title, " → NodePort {port}");
    }
    if let Some(check) = &path.health_check {
        let _ = write!(
            title,
            " · health check {} :{}",
            clean(&check.protocol),
            check.port
        );
        if let Some(path) = check.path.as_deref().filter(|_| check.protocol != "TCP") {
            title.push_str(&clean(path));
        }
        if check.assumed {
            title.push_str(" (assumed)");
        }
    }
    title
}

fn path_lines(
    out: &mut String,
    document: &Diagnosis,
    path: &Path,
    twin: Option<&Path>,
    look: &Look,
) {
    let _ = writeln!(out, "{}", path_title(path));
    if let Some(twin) = twin {
        let _ = writeln!(out, "      the same hops as :{}", twin.listener);
        return;
    }
    for (index, hop) in path.hops.iter().enumerate() {
        let (symbol, label) = status(&hop.status);
        let text = match hop.status.as_str() {
            "fail" => failing(document, hop),
            "unknown" => unread(document, hop),
            "not-applicable" => "does not apply".to_owned(),
            "expected" => format!("by design{}", prefixed(" · ", &proven(hop))),
            _ => proven(hop),
        };
        let indent = format!("   {} {symbol} {:<HOP_WIDTH$}  ", index + 1, hop.hop);
        let rest = " ".repeat(indent.chars().count());
        let lines = wrap(&clean(&text), look.width, &rest);
        let head = format!(
            "   {} {} {:<HOP_WIDTH$}  ",
            index + 1,
            look.styles.paint(label, symbol),
            hop.hop
        );
        let _ = writeln!(out, "{}", (head + lines.trim_start()).trim_end());
    }
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{prefix}{text}")
    }
}

/// As many proofs as fit on about one line; `-o json` has them all.
fn proven(hop: &Hop) -> String {
    let mut text = String::new();
    for (index, proof) in hop.proofs.iter().enumerate() {
        if index > 0 && text.chars().count() + proof.chars().count() > PROOF_WIDTH {
            let _ = write!(text, "; {} more pass", hop.proofs.len() - index);
            break;
        }
        let _ = write!(text, "{}{proof}", if index == 0 { "" } else { "; " });
    }
    text
}

/// Codes and slugs of what fails, with what works beside it.
fn failing(document: &Diagnosis, hop: &Hop) -> String {
    let named: Vec<String> = hop
        .codes
        .iter()
        .map(|code| {
            let all = document.causes.iter().chain(&document.notes);
            match all.into_iter().find(|finding| finding.code == *code) {
                Some(finding) => format!(
                    "{code} {} ({} of {})",
                    finding.slug,
                    finding.explains.targets,
                    count(finding.explains.of, "target")
                ),
                None => code.clone(),
            }
        })
        .collect();
    named.join(", ")
}

/// What was not read, and what works as far as it was.
fn unread(document: &Diagnosis, hop: &Hop) -> String {
    let mut sources: Vec<String> = document
        .gaps
        .iter()
        .filter(|gap| gap.would_decide.iter().any(|code| hop.codes.contains(code)))
        .map(|gap| gap.source.clone())
        .collect();
    sources.dedup();
    let missing = format!("not read: {}", some(&sources, 4));
    if hop.proofs.is_empty() {
        missing
    } else {
        format!("{missing}; {}", proven(hop))
    }
}

/// Wraps at `width` with `indent` before every line.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let options = textwrap::Options::new(width.max(40))
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

fn totals(document: &Diagnosis) -> String {
    let mut parts = vec![
        count(document.causes.len(), "cause"),
        count(document.notes.len(), "note"),
        format!("{} missing", count(digest::missing(document), "reading")),
    ];
    let calls: u64 = document.run.calls.values().sum();
    if calls > 0 {
        parts.push(format!("{calls} calls in {:.1} s", document.run.seconds));
    }
    if let Some(first) = document.causes.first() {
        parts.push(format!("more: kubectl cilium-lb explain {}", first.code));
    }
    parts.join(" · ")
}
