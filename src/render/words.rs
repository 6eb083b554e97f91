//! Symbols and small phrases that all text formats share.

use super::style::Label;

/// The symbol and label of a hop's status.
pub(super) fn status(status: &str) -> (&'static str, Label) {
    match status {
        "pass" => ("✓", Label::Good),
        "fail" => ("✗", Label::Bad),
        "expected" => ("~", Label::Warning),
        "unknown" => ("?", Label::Warning),
        _ => ("-", Label::Faint),
    }
}

/// The symbol, word and label of a verdict.
pub(super) fn verdict(verdict: &str) -> (&'static str, &'static str, Label) {
    match verdict {
        "healthy" => ("✓", "HEALTHY", Label::Good),
        "degraded" => ("✗", "DEGRADED", Label::Bad),
        "unhealthy" => ("✗", "UNHEALTHY", Label::Bad),
        _ => ("?", "UNKNOWN", Label::Warning),
    }
}

/// `1 target`, `2 targets`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// At most `most` items, then how many more.
pub(super) fn some(items: &[String], most: usize) -> String {
    let shown = items
        .iter()
        .take(most)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match items.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
