//! Reads what this program printed: one diagnosis, a list, or the lines of `jsonl`.

use crate::report::v1::{Diagnosis, DiagnosisList};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The version that is read and written.
pub(super) const VERSION: &str = "cilium-lb.dev/v1";

/// One run's documents.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// All of it; of diagnoses by themselves only the items.
    pub(super) list: DiagnosisList,
    /// Whether it is the whole output of an audit.
    pub(super) whole: bool,
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
    /// `why-unhealthy` prints a list of items alone.
    clusters: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Diagnosis>,
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
            "DiagnosisList" if head.clusters.is_none() => {
                let read: Items = serde_json::from_str(document).map_err(wrong)?;
                parts.push(loose(read.items));
            }
            "DiagnosisList" => parts.push(Part {
                list: serde_json::from_str(document).map_err(wrong)?,
                whole: true,
            }),
            "DiagnosisSummary" => {
                let mut list: DiagnosisList = serde_json::from_str(document).map_err(wrong)?;
                list.kind = "DiagnosisList".to_owned();
                list.items = std::mem::take(&mut single);
                parts.push(Part { list, whole: true });
            }
            other => return Err(DocumentError::Kind(other.to_owned())),
        }
        start = end;
    }
    if !single.is_empty() {
        parts.push(loose(single));
    }
    if parts.is_empty() {
        return Err(DocumentError::Empty);
    }
    Ok(parts)
}

fn loose(items: Vec<Diagnosis>) -> Part {
    Part {
        list: DiagnosisList {
            api_version: VERSION.to_owned(),
            kind: "DiagnosisList".to_owned(),
            items,
            ..DiagnosisList::default()
        },
        whole: false,
    }
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
