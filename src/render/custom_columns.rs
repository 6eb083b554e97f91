//! `custom-columns=HEADER:PATH,…` as kubectl has it: one row per diagnosis, `<none>` where nothing is found.

use super::grid::grid;
use super::jsonpath::{Path, text};
use super::sanitize::clean;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Columns that were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    text: String,
    columns: Vec<(String, Path)>,
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(spec: &str) -> Result<Self, Self::Err> {
        let mut columns = Vec::new();
        for part in split(spec) {
            let Some((header, path)) = part.split_once(':') else {
                return Err(format!(
                    "column {} is {part:?}: expected HEADER:PATH, as in NAME:.subject.name",
                    columns.len() + 1
                ));
            };
            if header.is_empty() || path.is_empty() {
                return Err(format!(
                    "column {} is {part:?}: neither header nor path may be empty",
                    columns.len() + 1
                ));
            }
            let path = path
                .parse()
                .map_err(|fault| format!("the path of {header}: {fault}"))?;
            columns.push((header.to_owned(), path));
        }
        Ok(Self {
            text: spec.to_owned(),
            columns,
        })
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Columns {
    /// A row for each of `items`.
    pub(super) fn table(&self, items: &[Value]) -> String {
        let header = self
            .columns
            .iter()
            .map(|(name, _)| clean(name).into_owned());
        let rows = items.iter().map(|item| {
            let cells = self.columns.iter().map(|(_, path)| cell(path, item));
            cells.collect()
        });
        grid(header.collect(), rows.collect())
    }
}

fn cell(path: &Path, item: &Value) -> String {
    let found = path.find(item);
    let shown = found.into_iter().filter(|value| !value.is_null());
    let texts: Vec<String> = shown.map(text).collect();
    let joined = texts.join(",");
    if joined.is_empty() {
        "<none>".to_owned()
    } else {
        joined
    }
}

/// Splits at commas outside quotes and brackets, which may be part of a path.
fn split(spec: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_usize, None);
    for (at, c) in spec.char_indices() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if depth > 0 => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&spec[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&spec[start..]);
    parts
}
