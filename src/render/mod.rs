//! Report to text. Nothing else formats, and nothing here decides.

mod audit_table;
mod block;
mod csv;
mod custom_columns;
mod digest;
mod format;
mod grid;
mod json;
pub mod jsonl;
mod jsonpath;
mod junit;
mod markdown;
mod markdown_text;
mod name;
mod problems;
mod prometheus;
mod prometheus_text;
mod sanitize;
mod sarif;
mod sarif_model;
pub mod style;
mod table;
mod tree;
mod tree_findings;
mod words;

pub use format::{FORMATS, Format, WITH_ARGUMENT};
pub use style::Styles;
pub(crate) use words::count;

use crate::report::FailOn;
use crate::report::v1::{Diagnosis, DiagnosisList};

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Styles by label; all plain without colour.
    pub styles: Styles,
    /// Columns to fill at most.
    pub width: usize,
}

/// Renders what `why-unhealthy` found: a single diagnosis is its own document, several are a list.
/// Formats that say pass or fail say what the exit code says under `fail_on`.
///
/// # Errors
/// Only if a serialiser cannot print its own value.
pub fn render(
    list: &DiagnosisList,
    format: &Format,
    fail_on: FailOn,
    look: &Look,
) -> anyhow::Result<String> {
    let each = |one: &dyn Fn(&Diagnosis) -> String| {
        let texts: Vec<String> = list.items.iter().map(one).collect();
        texts.join("\n")
    };
    Ok(match (format, list.items.as_slice()) {
        (Format::Tree, _) => each(&|document| tree::tree(document, look)),
        (Format::Table, _) => each(&|document| table::table(document, look, false)),
        (Format::Wide, _) => each(&|document| table::table(document, look, true)),
        (Format::Json, [one]) => json::json(one)?,
        (Format::Yaml, [one]) => json::yaml(one)?,
        (Format::JsonPath(template), [one]) => template.fill(&serde_json::to_value(one)?),
        (other, _) => self::list(list, other, fail_on, look)?,
    })
}

/// Renders the list of an audit; `fail_on` as in [`render`].
///
/// # Errors
/// Only if a serialiser cannot print its own value.
pub fn list(
    list: &DiagnosisList,
    format: &Format,
    fail_on: FailOn,
    look: &Look,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Tree => audit_table::trees(list, look),
        Format::Table => audit_table::table(list, look, false),
        Format::Wide => audit_table::table(list, look, true),
        Format::Name => name::names(&list.items),
        Format::Json => json::json(list)?,
        Format::Yaml => json::yaml(list)?,
        Format::Jsonl => jsonl::whole(list)?,
        Format::Sarif => sarif::sarif(list)?,
        Format::Junit => junit::junit(list, fail_on)?,
        Format::Markdown => markdown::markdown(list),
        Format::Csv => csv::csv(list)?,
        Format::Prometheus => prometheus::prometheus(list),
        Format::JsonPath(template) => template.fill(&serde_json::to_value(list)?),
        Format::CustomColumns(columns) => {
            let items: Result<Vec<_>, _> = list.items.iter().map(serde_json::to_value).collect();
            columns.table(&items?)
        }
    })
}
