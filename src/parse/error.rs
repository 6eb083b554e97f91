//! What a parser says of a text it cannot read.

use crate::bundle::text::NotText;
use crate::bundle::yaml::{Document, YamlError};
use std::fmt;

/// Longest quotation of a line, in characters.
const QUOTE: usize = 120;

/// A text that does not follow its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Line, from 1, where known.
    pub line: Option<usize>,
    /// Column, from 1, where known.
    pub column: Option<usize>,
    /// What was expected.
    pub message: String,
    /// The line, cut and freed of control characters.
    pub quote: Option<String>,
}

impl ParseError {
    /// An error without a position.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            message: message.into(),
            quote: None,
        }
    }

    /// An error about the whole of a text, of which the first line is quoted.
    pub fn first_line(text: &str, message: impl Into<String>) -> Self {
        let (index, line) = text
            .lines()
            .enumerate()
            .find(|(_, line)| !line.trim().is_empty())
            .unwrap_or_default();
        Self::at(index + 1, line, message)
    }

    /// An error of a JSON text, with what stands around the position.
    pub fn json(text: &str, error: &serde_json::Error) -> Self {
        let line = error
            .line()
            .checked_sub(1)
            .and_then(|index| text.lines().nth(index))
            .filter(|line| !line.trim().is_empty());
        let start = error.column().saturating_sub(QUOTE / 2);
        Self {
            quote: line.map(|line| quote(line.get(start..).unwrap_or(line).trim())),
            ..Self::from_json(error)
        }
    }

    /// An error of a YAML document, with the line it stands in.
    pub fn yaml(document: &Document<'_>, error: &YamlError) -> Self {
        let line = error
            .line
            .checked_sub(document.line + 1)
            .and_then(|index| document.text.lines().nth(index))
            .filter(|line| !line.trim().is_empty());
        let start = error.column.saturating_sub(QUOTE / 2);
        Self {
            line: Some(error.line).filter(|line| *line > 0),
            column: Some(error.column).filter(|column| *column > 0),
            message: error.message.clone(),
            quote: line.map(|line| quote(line.get(start..).unwrap_or(line).trim())),
        }
    }

    /// Position and message of an error, without the position inside the message.
    fn from_json(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self {
            line: Some(error.line()).filter(|line| *line > 0),
            column: Some(error.column()).filter(|column| *column > 0),
            message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
            quote: None,
        }
    }

    /// An error in a line, which is quoted.
    pub fn at(line: usize, text: &str, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            column: None,
            message: message.into(),
            quote: Some(quote(text)),
        }
    }
}

/// Cuts a line for quotation and drops control characters.
pub fn quote(text: &str) -> String {
    let mut out: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(QUOTE)
        .collect();
    if text.chars().count() > QUOTE {
        out.push('…');
    }
    out
}

impl From<NotText> for ParseError {
    fn from(error: NotText) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_json::Error> for ParseError {
    fn from(error: serde_json::Error) -> Self {
        Self::from_json(&error)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        f.write_str(&self.message)?;
        if let Some(quote) = &self.quote {
            write!(f, ": {quote:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}
