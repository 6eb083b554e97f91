//! `-o`, `--color`, and what the terminal can show.

use crate::render::{Format, Look, Styles};
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
    /// Output format: tree, table, wide, name, json or yaml.
    #[arg(short, long, default_value_t = Format::Tree)]
    pub(super) output: Format,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Colour,
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
