//! `checks`: the registry.

use super::args::ChecksArgs;
use super::print;
use crate::check::CHECKS;
use crate::render::Format;
use crate::report::Exit;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    code: String,
    slug: &'static str,
    hop: &'static str,
    severity: &'static str,
    title: &'static str,
    since: &'static str,
    reads: Vec<&'static str>,
}

pub(super) fn run(args: &ChecksArgs) -> anyhow::Result<Exit> {
    let rows: Vec<Row> = CHECKS
        .iter()
        .map(|check| Row {
            code: check.code.to_string(),
            slug: check.slug,
            hop: check.hop.id(),
            severity: check.severity.id(),
            title: check.title,
            since: check.since,
            reads: check.needs.iter().map(|source| source.title()).collect(),
        })
        .collect();
    let text = match args.output {
        Format::Json => serde_json::to_string_pretty(&rows)? + "\n",
        Format::Yaml => serde_saphyr::to_string(&rows)?,
        Format::Name => rows.iter().map(|row| format!("{}\n", row.code)).collect(),
        _ => table(&rows, super::output::look(args.color).width),
    };
    print(&text)?;
    Ok(Exit::Ok)
}

fn table(rows: &[Row], width: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.force_no_tty();
    if let Ok(width) = u16::try_from(width) {
        table.set_width(width);
    }
    table.set_header(["CODE", "SLUG", "HOP", "SEVERITY", "TITLE"]);
    for row in rows {
        table.add_row([
            row.code.as_str(),
            row.slug,
            row.hop,
            row.severity,
            row.title,
        ]);
    }
    // Codes and slugs are there to be copied: only titles wrap.
    for column in table.column_iter_mut().take(4) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt() + "\n"
}
