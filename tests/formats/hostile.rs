//! Names and messages that try to break out of a format: it reads back the same, with the same lines.

use super::{lists, text};
use cilium_lb::report::v1::{DiagnosisList, Finding};
use quick_junit::Report;
use serde_json::Value;

const HOSTILE: [&str; 14] = [
    "a\nb",
    "a\r\nb",
    "\u{1b}[31mred",
    "quote\"and'other",
    "pipe|pipe\\|",
    "back\\slash\\",
    "`tick` ``` fence",
    "<b>&amp;]]>--",
    "=cmd()",
    "@everyone #1 [x](y) <img src=x>",
    "comma,semi;tab\tend",
    "\u{202e}rtl\u{0}nul\u{85}next\u{2028}line",
    "{range}{end}",
    "# heading\n| a | b |",
];

fn bad(finding: &mut Finding, text: &str) {
    text.clone_into(&mut finding.message);
    text.clone_into(&mut finding.title);
    finding.evidence.iter_mut().for_each(|evidence| {
        text.clone_into(&mut evidence.value);
        text.clone_into(&mut evidence.subject);
    });
    if let Some(fix) = &mut finding.fix {
        text.clone_into(&mut fix.summary);
        fix.commands = vec![text.to_owned()];
    }
}

/// The filled list with `text` in everything that comes from other people.
fn hostile(text: &str) -> DiagnosisList {
    let mut list = lists::filled();
    for item in &mut list.items {
        text.clone_into(&mut item.subject.name);
        text.clone_into(&mut item.subject.namespace);
        let findings = item.causes.iter_mut().chain(&mut item.notes);
        findings.for_each(|finding| bad(finding, text));
        item.gaps
            .iter_mut()
            .for_each(|gap| text.clone_into(&mut gap.reason));
    }
    for problem in &mut list.problems {
        text.clone_into(&mut problem.message);
        text.clone_into(&mut problem.title);
        for subject in &mut problem.subjects {
            text.clone_into(&mut subject.name);
            text.clone_into(&mut subject.namespace);
        }
        if let Some(fix) = &mut problem.fix {
            text.clone_into(&mut fix.summary);
            fix.commands = vec![text.to_owned()];
        }
    }
    list.clusters
        .iter_mut()
        .filter(|cluster| cluster.error.is_some())
        .for_each(|cluster| {
            cluster.error = Some(text.to_owned());
        });
    list
}

/// Cells of a row of a Markdown table: pipes that no backslash escapes.
fn pipes(line: &str) -> usize {
    let mut escaped = false;
    line.chars()
        .filter(|c| {
            let counts = *c == '|' && !escaped;
            escaped = *c == '\\' && !escaped;
            counts
        })
        .count()
}

#[test]
fn no_format_lets_a_control_character_through_or_changes_its_lines() {
    // Short and plain, so that only the number of lines is compared and not where prose wraps.
    let plain = hostile("plain");
    for word in HOSTILE {
        let list = hostile(word);
        for format in [
            "table",
            "wide",
            "tree",
            "name",
            "junit",
            "markdown",
            "csv",
            "prometheus",
            "jsonpath={range .items[*]}{.subject.name}{\"\\n\"}{end}",
            "custom-columns=NAME:.subject.name,WHY:.causes[*].message",
        ] {
            let printed = text(&list, format);
            let broken = printed.chars().find(|c| {
                (c.is_control() && !matches!(c, '\n' | '\r'))
                    || matches!(c, '\u{202e}' | '\u{2028}')
            });
            assert_eq!(broken, None, "{word:?} in {format}");
            let rows = |text: &str| text.matches('\n').count();
            // Prose wraps by its words, and equal rows of one family of series are one.
            if !["table", "wide", "tree"].contains(&format) {
                assert_eq!(
                    rows(&printed),
                    rows(&text(&plain, format)),
                    "{word:?} in {format}"
                );
            }
        }
    }
}

#[test]
fn every_reader_reads_it_back() {
    let plain = hostile("plain");
    let plain_report = Report::deserialize_from_str(&text(&plain, "junit")).unwrap();
    for word in HOSTILE {
        let list = hostile(word);
        let whole: DiagnosisList = serde_json::from_str(&text(&list, "json")).unwrap();
        assert_eq!(whole, list, "{word:?}");
        let yaml: DiagnosisList = serde_saphyr::from_str(&text(&list, "yaml")).unwrap();
        assert_eq!(yaml, list, "{word:?}");
        assert_eq!(
            text(&list, "jsonl").lines().count(),
            list.items.len() + 1,
            "{word:?}"
        );
        let sarif: Value = serde_json::from_str(&text(&list, "sarif")).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["message"]["text"], word);
        let report = Report::deserialize_from_str(&text(&list, "junit")).unwrap();
        assert_eq!(
            (report.tests, report.failures, report.skipped),
            (
                plain_report.tests,
                plain_report.failures,
                plain_report.skipped
            )
        );
        let printed = text(&list, "csv");
        let mut csv = csv::Reader::from_reader(printed.as_bytes());
        for row in csv.records() {
            let row = row.unwrap();
            assert!(
                row.iter()
                    .all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])),
                "{row:?}"
            );
        }
        let markdown = text(&list, "markdown");
        for line in markdown.lines().filter(|line| line.starts_with('|')) {
            assert_eq!(pipes(line), 5, "{word:?}: {line}");
        }
        assert!(
            !markdown.contains("@everyone") || markdown.contains("`@everyone"),
            "{markdown}"
        );
        if !word.contains('}') {
            // The parser takes a brace inside a label for the end of the labels, which the format does not say.
            let printed = text(&list, "prometheus");
            let lines = printed.lines().map(|line| Ok(line.to_owned()));
            let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
            let series = printed
                .lines()
                .filter(|line| !line.starts_with('#'))
                .count();
            assert_eq!(scrape.samples.len(), series, "{word:?}");
        }
    }
}
