//! Styles by label, never by colour: the rest of the program says what a text means.

use anstyle::{AnsiColor, Style};

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Works.
    Good,
    /// Fails.
    Bad,
    /// Needs attention.
    Warning,
    /// Not read, or secondary.
    Faint,
    /// A heading.
    Heading,
    /// A command to copy.
    Command,
}

/// Whether labels are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    colour: bool,
}

impl Styles {
    /// Everything plain.
    pub const PLAIN: Self = Self { colour: false };
    /// Labels in colour.
    pub const COLOUR: Self = Self { colour: true };

    /// The text with its label.
    pub fn paint(self, label: Label, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = match label {
            Label::Good => AnsiColor::Green.on_default(),
            Label::Bad => AnsiColor::Red.on_default().bold(),
            Label::Warning => AnsiColor::Yellow.on_default(),
            Label::Faint => Style::new().dimmed(),
            Label::Heading => Style::new().bold(),
            Label::Command => AnsiColor::Cyan.on_default(),
        };
        format!("{style}{text}{style:#}")
    }
}
