//! The manual: the pages of the repository are those that the program prints.
//!
//! `UPDATE=1 cargo test --test distribution` writes them anew. Only a build with all features has all flags.

use super::{PROGRAM, ok, root};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Every page by the name of its file.
fn pages() -> BTreeMap<String, String> {
    let command = cilium_lb::cli::command();
    let mut pages = BTreeMap::new();
    let mut add = |words: &[&str]| {
        let ran = Command::new(PROGRAM)
            .arg("man")
            .args(words)
            .output()
            .unwrap();
        let name = [&["kubectl-cilium_lb"], words].concat().join("-");
        pages.insert(format!("{name}.1"), ok(ran));
    };
    add(&[]);
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        add(&[inner.get_name()]);
        for deeper in inner.get_subcommands() {
            add(&[inner.get_name(), deeper.get_name()]);
        }
    }
    pages
}

#[test]
fn the_manual_of_the_repository_is_that_of_the_program() {
    let folder = root("completions/man1");
    let wanted = pages();
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, page) in &wanted {
            fs::write(folder.join(name), page).unwrap();
        }
    }
    let found: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&found),
        names(&wanted),
        "UPDATE=1 cargo test --test distribution"
    );
    for (name, page) in &wanted {
        assert!(
            found[name] == *page,
            "{name} is stale: UPDATE=1 cargo test --test distribution writes it"
        );
    }
}

#[test]
fn pages_refer_to_pages_that_exist() {
    let pages = pages();
    for name in pages.keys().filter(|name| *name != "kubectl-cilium_lb.1") {
        let reference = name.replace(".1", "(1)");
        // A command's own commands are named on its page.
        let parent = name.trim_end_matches(".1").rsplit_once('-');
        let parent = parent.map(|(parent, _)| format!("{parent}.1"));
        let parent = parent.filter(|parent| pages.contains_key(parent));
        let page = &pages[parent.as_deref().unwrap_or("kubectl-cilium_lb.1")];
        assert!(page.replace("\\-", "-").contains(&reference), "{reference}");
    }
    let why = &pages["kubectl-cilium_lb-why-unhealthy.1"];
    assert!(why.contains("\\fB\\-\\-fail\\-on\\fR"), "{why}");
    assert!(
        why.contains(".SH CLUSTER") && why.contains("kubectl cilium\\-lb why\\-unhealthy"),
        "{why}"
    );
    let ran = Command::new(PROGRAM)
        .args(["man", "absent"])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
}
