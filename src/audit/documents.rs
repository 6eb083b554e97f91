//! Reads what this program printed: one diagnosis, a list, or the lines of `jsonl`.

use crate::report::v1::{Diagnosis, DiagnosisList, VERSION};
use serde::Deserialize;

/// One run's documents.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// All of it; of diagnoses by themselves only the items.
    pub(super) list: DiagnosisList,
    /// Whether it is the whole output of an audit.
    pub(super) whole: bool,
}

impl Part {
    /// A list with its summary: an audit names its clusters, and `why-unhealthy` has none.
    fn ended(list: DiagnosisList) -> Self {
        Self {
            whole: !list.clusters.is_empty(),
            list,
        }
    }

    /// Diagnoses without a summary.
    fn loose(items: Vec<Diagnosis>) -> Self {
        Self {
            list: DiagnosisList::of(items),
            whole: false,
        }
    }
}

/// A text that is no output of this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No JSON, or not of the shape that its kind has.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Another version of the document, or none of this program's.
    #[error("its apiVersion is {0:?}, and this program reads {VERSION:?}")]
    Version(String),
    /// Another kind of document.
    #[error("its kind is {0:?}, and an audit is a DiagnosisList")]
    Kind(String),
}

/// What every document begins with.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    api_version: String,
    kind: String,
}

/// Reads every document of `text`.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn read(text: &str) -> Result<Vec<Part>, DocumentError> {
    let mut parts = Vec::new();
    let mut single: Vec<Diagnosis> = Vec::new();
    let mut heads = serde_json::Deserializer::from_str(text).into_iter::<Head>();
    let mut start = 0;
    while let Some(head) = heads.next() {
        let head = head.map_err(|error| shape(&error, text, 0))?;
        let end = heads.byte_offset();
        let document = &text[start..end];
        if head.api_version != VERSION {
            return Err(DocumentError::Version(head.api_version));
        }
        let wrong = |error: serde_json::Error| shape(&error, text, start);
        match head.kind.as_str() {
            "Diagnosis" => single.push(serde_json::from_str(document).map_err(wrong)?),
            "DiagnosisList" => {
                parts.push(Part::ended(serde_json::from_str(document).map_err(wrong)?));
            }
            "DiagnosisSummary" => {
                let summary: DiagnosisList = serde_json::from_str(document).map_err(wrong)?;
                parts.push(Part::ended(DiagnosisList {
                    kind: "DiagnosisList".to_owned(),
                    items: std::mem::take(&mut single),
                    ..summary
                }));
            }
            other => return Err(DocumentError::Kind(other.to_owned())),
        }
        start = end;
    }
    if !single.is_empty() {
        parts.push(Part::loose(single));
    }
    if parts.is_empty() {
        return Err(DocumentError::Empty);
    }
    Ok(parts)
}

/// The error with its place in the whole text, of which the document begins at byte `start`.
fn shape(error: &serde_json::Error, text: &str, start: usize) -> DocumentError {
    let before = &text[..start];
    let lines = before.matches('\n').count();
    let column = match error.line() {
        1 => before.len() - before.rfind('\n').map_or(0, |at| at + 1),
        _ => 0,
    };
    let told = error.to_string();
    let message = told.split(" at line ").next().unwrap_or_default();
    DocumentError::Json {
        line: lines + error.line(),
        column: column + error.column(),
        message: message.to_owned(),
    }
}
