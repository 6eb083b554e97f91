//! Columns of text that never wrap, as in kubectl: a row stays a line for `grep` and `awk`.

use comfy_table::{ContentArrangement, Table, presets};

/// Spaces between columns: one less than in kubectl, so that targets × hops fit into 100 columns.
const GAP: u16 = 2;

/// Header and rows, each a line; cells must be free of line breaks.
pub(super) fn grid(header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.force_no_tty();
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table.trim_fmt() + "\n"
}
