//! The table of checks against the files, the pages and the scenarios.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::check::hop::HOPS;
use cilium_lb::check::{CHECKS, View};
use cilium_lb::path::{paths, resolve};
use cilium_lb::{parse, verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use support::diagnosis::asked;
use support::scenario::{self, Part};

const SECTIONS: [&str; 6] = [
    "## What it means",
    "## Impact",
    "## How we know",
    "## Fix",
    "## Prove it",
    "## When it is fine to ignore",
];

#[test]
fn codes_are_sorted_unique_and_in_the_range_of_their_hop() {
    assert!(
        CHECKS.windows(2).all(|pair| pair[0].code < pair[1].code),
        "not sorted by code"
    );
    for check in CHECKS {
        assert_eq!(
            check.code.0 / 1000,
            check.hop as u16,
            "{} {}",
            check.code,
            check.slug
        );
    }
}

#[test]
fn slugs_are_unique_and_kebab_case() {
    let mut seen = BTreeSet::new();
    for check in CHECKS {
        assert!(seen.insert(check.slug), "{} twice", check.slug);
        assert!(
            check.slug.split('-').all(|word| !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())),
            "{}",
            check.slug
        );
        assert!(
            !check.title.ends_with('.') && !check.title.is_empty(),
            "{}",
            check.title
        );
    }
}

#[test]
fn every_page_has_a_check_and_every_check_its_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check");
    let mut pages = BTreeSet::new();
    for folder in fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for file in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if file.extension().is_some_and(|ending| ending == "md") {
                assert!(
                    file.with_extension("rs").exists(),
                    "{} has no check",
                    file.display()
                );
                pages.insert(
                    file.file_stem()
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .replace('_', "-"),
                );
            }
        }
    }
    let slugs: BTreeSet<String> = CHECKS.iter().map(|check| check.slug.to_owned()).collect();
    assert_eq!(pages, slugs);
}

#[test]
fn every_page_has_its_sections_in_order() {
    for check in CHECKS {
        let found: Vec<&str> = check
            .page
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(found, SECTIONS, "{} {}", check.code, check.slug);
    }
}

#[test]
fn every_check_has_a_firing_a_near_and_a_missing_scenario() {
    let mut parts: BTreeMap<String, BTreeSet<Part>> = BTreeMap::new();
    for scenario in scenario::all() {
        for proves in &scenario.spec.proves {
            assert!(
                CHECKS
                    .iter()
                    .any(|check| check.code.to_string() == proves.code),
                "{}: no check {}",
                scenario.name,
                proves.code
            );
            parts
                .entry(proves.code.clone())
                .or_default()
                .insert(proves.part);
        }
    }
    let all = BTreeSet::from([Part::Fires, Part::NearMiss, Part::Unknown]);
    for check in CHECKS {
        let of = parts
            .get(&check.code.to_string())
            .cloned()
            .unwrap_or_default();
        assert_eq!(of, all, "{} {}", check.code, check.slug);
    }
}

#[test]
fn scenarios_prove_what_they_claim() {
    for scenario in scenario::all() {
        let document = support::diagnosis::document(&scenario);
        for proves in &scenario.spec.proves {
            let found = document
                .causes
                .iter()
                .chain(&document.notes)
                .any(|finding| finding.code == proves.code);
            let unknown = document
                .gaps
                .iter()
                .any(|gap| gap.would_decide.contains(&proves.code));
            let holds = match proves.part {
                Part::Fires => found,
                Part::NearMiss => !document
                    .causes
                    .iter()
                    .any(|finding| finding.code == proves.code),
                Part::Unknown => unknown,
            };
            let firing_by_design = proves.part == Part::Fires && !document.by_design.is_empty();
            assert!(
                holds || firing_by_design,
                "{}: {} {:?}",
                scenario.name,
                proves.code,
                proves.part
            );
        }
    }
}

#[test]
fn checks_read_what_they_declare_and_nothing_else() {
    let mut consulted: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for scenario in scenario::all() {
        let snapshot = parse::snapshot(&scenario.bundle);
        let (wanted, namespace) = asked(&scenario.spec.args);
        let subject = resolve(&snapshot, &wanted, &namespace).unwrap();
        let all = paths(&snapshot, &subject);
        let view = View::new(&snapshot, &subject, &all);
        for check in CHECKS {
            view.forget();
            verdict::evaluate::run(&view, check);
            consulted
                .entry(check.slug)
                .or_default()
                .extend(view.consulted());
        }
    }
    let mut wrong = Vec::new();
    for check in CHECKS {
        let declared: BTreeSet<_> = check.needs.iter().copied().collect();
        assert_eq!(
            declared.len(),
            check.needs.len(),
            "{} declares a source twice",
            check.slug
        );
        let read = &consulted[check.slug];
        if *read != declared {
            wrong.push(format!(
                "{} {} reads {:?} and does not declare it, declares {:?} and does not read it",
                check.code,
                check.slug,
                read.difference(&declared).collect::<Vec<_>>(),
                declared.difference(read).collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines that change a Helm release and leave open to which chart: Helm takes the newest then, so that a fix
/// would upgrade Cilium by the way.
fn unpinned(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.contains("helm ") && line.contains(" upgrade "))
        .filter(|line| !line.contains("--version"))
        .collect()
}

#[test]
fn no_fix_upgrades_cilium_by_the_way() {
    let (mut pinned, mut wrong) = (0, Vec::new());
    let mut look = |from: &Path, text: &str| {
        pinned += text.matches("--version <chart version").count();
        let found = unpinned(text).into_iter();
        wrong.extend(found.map(|line| format!("{}: {line}", from.display())));
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for scenario in fs::read_dir(root.join("tests/scenarios")).unwrap() {
        // What was printed; every command is a line of its own.
        let path = scenario.unwrap().path().join("expected.json");
        if let Ok(text) = fs::read_to_string(&path) {
            look(&path, &text);
        }
    }
    for folder in fs::read_dir(root.join("src/check")).unwrap() {
        let folder = folder.unwrap().path();
        for page in fs::read_dir(&folder).into_iter().flatten() {
            let path = page.unwrap().path();
            // Only the pages hold whole commands; the source of one may go on in the next line.
            if path.extension().is_some_and(|kind| kind == "md") {
                look(&path, &fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(pinned > 0, "no fix changes a Helm value any more");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_hop_of_the_path_has_a_check() {
    for hop in HOPS.iter().take(8) {
        assert!(CHECKS.iter().any(|check| check.hop == *hop), "{}", hop.id());
    }
}
