//! Committed files of every format, in `tests/formats/expected`; `UPDATE=1` writes them anew.

use super::{lists, text};
use cilium_lb::report::{FailOn, exit_of_list};
use std::path::Path;
use std::{env, fs};

/// Format and the file that shows it.
const FILES: [(&str, &str); 14] = [
    ("table", "table.txt"),
    ("wide", "wide.txt"),
    ("tree", "tree.txt"),
    ("name", "name.txt"),
    ("json", "list.json"),
    ("yaml", "list.yaml"),
    ("jsonl", "list.jsonl"),
    ("sarif", "list.sarif"),
    ("junit", "junit.xml"),
    ("markdown", "markdown.md"),
    ("csv", "list.csv"),
    ("prometheus", "prometheus.txt"),
    (
        "jsonpath={range .items[*]}{.subject.name}{\"\\t\"}{.causes[*].code}{\"\\n\"}{end}",
        "jsonpath.txt",
    ),
    (
        "custom-columns=NAME:.subject.name,VERDICT:.verdict,CODES:.causes[*].code",
        "custom-columns.txt",
    ),
];

#[test]
fn every_format_looks_as_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats/expected");
    let list = lists::filled();
    let mut small = list.clone();
    small
        .items
        .retain(|item| item.subject.context.as_deref() == Some("shop"));
    let mut wrong = Vec::new();
    for (format, file) in FILES {
        let path = folder.join(file);
        // Whole documents of every cluster would only be long.
        let whole = ["json", "yaml", "jsonl"].contains(&format);
        let printed = text(if whole { &small } else { &list }, format);
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, &printed).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != printed {
            wrong.push(file);
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong:?} differ: look at them after UPDATE=1 cargo test --no-default-features --test formats"
    );
}

#[test]
fn the_order_in_which_clusters_come_changes_nothing() {
    let clusters = lists::reduced();
    let list = lists::joined(clusters.clone());
    let mut turned = clusters;
    turned.reverse();
    turned.swap(0, 2);
    let turned = lists::joined(turned);
    for (format, _) in FILES {
        assert_eq!(text(&list, format), text(&turned, format), "{format}");
    }
}

#[test]
fn lines_are_short_and_plain() {
    let list = lists::filled();
    for format in ["table", "tree"] {
        let printed = text(&list, format);
        // Rows of subjects never wrap.
        let rows = if format == "table" {
            list.items.len() + 1
        } else {
            0
        };
        for line in printed.lines().skip(rows) {
            // Commands and names are there to be copied whole: only prose is wrapped.
            let copied = line.trim_start();
            let words = copied.split_whitespace().count();
            let command = ["aws ", "kubectl ", "cilium"]
                .iter()
                .any(|start| copied.starts_with(start));
            assert!(
                line.chars().count() <= 100 || command || words <= 2,
                "{format}: {line}"
            );
        }
        assert!(!printed.contains('\u{1b}'), "{format}");
        assert!(!printed.contains("\n\n\n"), "{format}");
    }
}

#[test]
fn an_audit_without_subjects_says_so_in_every_format() {
    let empty = lists::joined(Vec::new());
    assert_eq!(text(&empty, "table"), "0 subjects · 0 problems · 0 notes\n");
    assert_eq!(text(&empty, "name"), "");
    assert!(text(&empty, "junit").contains("tests=\"0\""));
    assert_eq!(text(&empty, "csv").lines().count(), 1);
    assert_eq!(exit_of_list(&empty, FailOn::Error) as u8, 0);
    for (format, _) in FILES {
        text(&empty, format);
    }
}
