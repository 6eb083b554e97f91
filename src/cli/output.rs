//! `-o`, `--color`, and what the terminal can show.

use crate::render::{Format, Look, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// Widest text, whatever the terminal offers.
const MAX_WIDTH: usize = 100;

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags of commands that print documents.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Output format: tree, table, wide, name, json, yaml, jsonl, sarif, junit, markdown, csv, prometheus,
    /// jsonpath=TEMPLATE or custom-columns=SPEC [default: tree; table for audit].
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Colour,
}

impl OutputArgs {
    /// The format that was asked for, or the command's own.
    pub(super) fn format_or(&self, own: Format) -> Format {
        self.output.clone().unwrap_or(own)
    }
}

/// Reads the formats of a command that prints no diagnosis, and refuses the others by naming these.
pub(super) fn among(names: &'static [&'static str]) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

/// Decides once how text looks: the flag, then NO_COLOR and its kin, then the terminal.
pub(super) fn look(colour: Colour) -> Look {
    let coloured = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
    };
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    Look {
        styles: if coloured {
            Styles::COLOUR
        } else {
            Styles::PLAIN
        },
        width: columns.map_or(MAX_WIDTH, |columns| columns.clamp(60, MAX_WIDTH)),
    }
}
