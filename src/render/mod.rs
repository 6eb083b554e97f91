//! Report to text. Nothing else formats, and nothing here decides.

pub mod json;
pub mod name;
pub mod sanitize;
pub mod style;
pub mod table;
pub mod tree;
mod tree_findings;
pub mod words;
pub mod yaml;

pub use style::Styles;

use crate::report::v1::{Diagnosis, DiagnosisList};
use std::fmt;
use std::str::FromStr;

/// An output format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Verdict first, one line per hop, details where it fails.
    #[default]
    Tree,
    /// Targets × hops.
    Table,
    /// Targets × hops with addresses, zones and reasons.
    Wide,
    /// `kind/name` of what is not healthy.
    Name,
    /// The document.
    Json,
    /// The document.
    Yaml,
}

/// All formats by name.
pub const FORMATS: [(&str, Format); 6] = [
    ("tree", Format::Tree),
    ("table", Format::Table),
    ("wide", Format::Wide),
    ("name", Format::Name),
    ("json", Format::Json),
    ("yaml", Format::Yaml),
];

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        FORMATS
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, format)| *format)
            .ok_or_else(|| {
                let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
                format!(
                    "unknown output format {text:?}: expected one of {}",
                    names.join(", ")
                )
            })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FORMATS.iter().find(|(_, format)| format == self);
        f.write_str(name.map_or("tree", |(name, _)| name))
    }
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Styles by label; all plain without colour.
    pub styles: Styles,
    /// Columns to fill at most.
    pub width: usize,
}

/// Renders documents; several become one text, and one list in `json` and `yaml`.
///
/// # Errors
/// Only if a serialiser cannot print its own value.
pub fn render(documents: &[Diagnosis], format: Format, look: &Look) -> anyhow::Result<String> {
    Ok(match format {
        Format::Tree => each(documents, |document| tree::tree(document, look)),
        Format::Table => each(documents, |document| table::table(document, look, false)),
        Format::Wide => each(documents, |document| table::table(document, look, true)),
        Format::Name => name::names(documents),
        Format::Json => json::json(documents)?,
        Format::Yaml => yaml::yaml(documents)?,
    })
}

fn each(documents: &[Diagnosis], one: impl Fn(&Diagnosis) -> String) -> String {
    documents.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Renders the list of an audit.
///
/// # Errors
/// Only if a serialiser cannot print its own value.
pub fn list(list: &DiagnosisList, format: Format, look: &Look) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => serde_json::to_string_pretty(list)? + "\n",
        Format::Yaml => serde_saphyr::to_string(list)?,
        other => render(&list.items, other, look)?,
    })
}
