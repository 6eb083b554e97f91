//! Labelled paragraphs, as the tree and the audit print findings.

use super::Look;
use super::sanitize::clean;
use super::style::Label;
use super::tree::wrap;
use crate::report::v1::{Evidence, Fix};
use std::fmt::Write as _;

/// Width of the labels on the left.
const LABEL: usize = 9;

/// Labelled paragraphs; a label that repeats is printed once.
pub(super) struct Block<'a> {
    look: &'a Look,
    last: String,
    pub(super) text: String,
}

impl<'a> Block<'a> {
    pub(super) fn new(look: &'a Look) -> Self {
        Self {
            look,
            last: String::new(),
            text: String::new(),
        }
    }

    pub(super) fn item(&mut self, label: &str, text: &str) {
        self.labelled(label, Label::Heading, text);
    }

    pub(super) fn labelled(&mut self, label: &str, style: Label, text: &str) {
        let indent = " ".repeat(LABEL + 1);
        let body = wrap(&clean(text), self.look.width, &indent);
        let shown = if label == self.last { "" } else { label };
        let padded = format!("{shown:<LABEL$} ");
        let _ = writeln!(
            self.text,
            "{}{}",
            self.look.styles.paint(style, shown) + &padded[shown.len()..],
            body.trim_start()
        );
        if !label.is_empty() {
            label.clone_into(&mut self.last);
        }
    }

    /// Commands are never wrapped: they are there to be copied.
    pub(super) fn command(&mut self, command: &str) {
        let _ = writeln!(
            self.text,
            "{}{}",
            " ".repeat(LABEL + 1),
            self.look.styles.paint(Label::Command, &clean(command))
        );
    }

    /// One field with its value and where it was read.
    pub(super) fn evidence(&mut self, evidence: &Evidence) {
        let text = format!(
            "{} {} = {} [{}]",
            evidence.subject, evidence.field, evidence.value, evidence.source
        );
        self.item("evidence", &text);
    }

    /// A fix: what it does, its commands, and how it is known to help.
    pub(super) fn mend(&mut self, fix: &Fix) {
        self.labelled("fix", Label::Good, &fix.summary);
        for command in &fix.commands {
            self.command(command);
        }
        let proof = match fix.verified {
            Some(true) => format!("verified on this evidence: {}", fix.after),
            Some(false) => format!("checked on this evidence: {}", fix.after),
            None => format!("unproven; afterwards: {}", fix.after),
        };
        self.item("", &format!("{} · {proof}", fix.risk));
    }
}
