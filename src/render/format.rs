//! The output formats by name, as `-o` takes them.

use super::custom_columns::Columns;
use super::jsonpath::Template;
use std::fmt;
use std::str::FromStr;

/// An output format.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Format {
    /// Verdict first, one line per hop, details where it fails; of an audit what is not healthy.
    #[default]
    Tree,
    /// Targets × hops; of an audit one line per subject and one block per problem.
    Table,
    /// The table with more columns.
    Wide,
    /// `kind/name` of what is not healthy.
    Name,
    /// The document.
    Json,
    /// The document.
    Yaml,
    /// One diagnosis per line, then a summary.
    Jsonl,
    /// Static Analysis Results Interchange Format 2.1.0.
    Sarif,
    /// A test suite per cluster, a test case per subject.
    Junit,
    /// For comments on pull requests and job summaries.
    Markdown,
    /// One row per subject and finding.
    Csv,
    /// Prometheus text exposition format.
    Prometheus,
    /// `jsonpath=TEMPLATE`, as kubectl has it.
    JsonPath(Template),
    /// `custom-columns=SPEC`, as kubectl has it.
    CustomColumns(Columns),
}

/// All formats that take no argument, by name.
pub static FORMATS: [(&str, Format); 12] = [
    ("tree", Format::Tree),
    ("table", Format::Table),
    ("wide", Format::Wide),
    ("name", Format::Name),
    ("json", Format::Json),
    ("yaml", Format::Yaml),
    ("jsonl", Format::Jsonl),
    ("sarif", Format::Sarif),
    ("junit", Format::Junit),
    ("markdown", Format::Markdown),
    ("csv", Format::Csv),
    ("prometheus", Format::Prometheus),
];

/// Formats that take an argument: name, and what the argument is called.
pub const WITH_ARGUMENT: [(&str, &str); 2] = [("jsonpath", "TEMPLATE"), ("custom-columns", "SPEC")];

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let plain = FORMATS.iter().find(|(known, _)| *known == name);
        match (name, argument, plain) {
            ("jsonpath", Some(template), _) => template
                .parse()
                .map(Self::JsonPath)
                .map_err(|error| format!("jsonpath: {error}")),
            ("custom-columns", Some(spec), _) => spec
                .parse()
                .map(Self::CustomColumns)
                .map_err(|error| format!("custom-columns: {error}")),
            ("jsonpath", None, _) => {
                Err("jsonpath needs a template: -o jsonpath='{.verdict}'".to_owned())
            }
            ("custom-columns", None, _) => Err(
                "custom-columns needs columns: -o custom-columns=NAME:.subject.name,VERDICT:.verdict"
                    .to_owned(),
            ),
            (_, None, Some((_, format))) => Ok(format.clone()),
            (_, Some(_), Some(_)) => Err(format!("{name} takes no argument")),
            (_, _, None) => Err(format!(
                "unknown output format {name:?}: expected one of {}",
                names().join(", ")
            )),
        }
    }
}

/// Every format as it is written.
fn names() -> Vec<String> {
    let plain = FORMATS.iter().map(|(name, _)| (*name).to_owned());
    let more = WITH_ARGUMENT
        .iter()
        .map(|(name, argument)| format!("{name}={argument}"));
    plain.chain(more).collect()
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JsonPath(template) => write!(f, "jsonpath={template}"),
            Self::CustomColumns(columns) => write!(f, "custom-columns={columns}"),
            plain => {
                let name = FORMATS.iter().find(|(_, format)| format == plain);
                f.write_str(name.map_or("tree", |(name, _)| name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, Format};

    #[test]
    fn every_format_reads_what_it_prints() {
        for (name, format) in &FORMATS {
            assert_eq!(name.parse::<Format>().as_ref(), Ok(format));
            assert_eq!(format.to_string(), *name);
        }
        for text in ["jsonpath={.a[?(@.b==\"c=d\")]}", "custom-columns=A:.b,C:.d"] {
            let format: Format = text.parse().unwrap();
            assert_eq!(format.to_string(), text);
        }
        for (wrong, said) in [
            (
                "xml",
                "unknown output format \"xml\": expected one of tree, table",
            ),
            ("json=x", "json takes no argument"),
            ("jsonpath", "needs a template"),
            ("custom-columns", "needs columns"),
            ("jsonpath={.a", "column 1"),
        ] {
            let error = wrong.parse::<Format>().unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
