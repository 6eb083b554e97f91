//! Completion: kubectl's protocol, the shells' scripts, and what `completion install` leaves on a disk.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test reports, and what it measured is worth a line"
)]
#![cfg(unix)]

mod install;
#[cfg(feature = "live")]
mod live;
mod protocol;
mod scripts;
#[cfg(feature = "live")]
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-cilium_lb");

/// The program with nothing of the machine's environment but PATH.
fn program(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    bare(&mut command, home);
    command
}

/// Leaves a command nothing of the machine's environment but PATH.
fn bare(command: &mut Command, home: &Path) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home);
}

/// What the program answers for the words after the plugin's name: candidates, descriptions and the directive.
fn answer(command: &mut Command, words: &[&str]) -> (Vec<(String, String)>, String) {
    let ran = command.arg("__complete").args(words).output().unwrap();
    assert!(ran.status.success(), "{words:?}: {ran:?}");
    assert_eq!(
        stderr(&ran),
        "",
        "{words:?}: a prompt is no place for errors"
    );
    split(&stdout(&ran))
}

fn split(text: &str) -> (Vec<(String, String)>, String) {
    let mut lines: Vec<&str> = text.lines().collect();
    let directive = lines.pop().expect("a directive").to_owned();
    let candidates = lines.iter().map(|line| {
        let (value, help) = line.split_once('\t').unwrap_or((line, ""));
        (value.to_owned(), help.to_owned())
    });
    (candidates.collect(), directive)
}

/// The candidates and the directive, without descriptions.
fn values(command: &mut Command, words: &[&str]) -> (Vec<String>, String) {
    let (candidates, directive) = answer(command, words);
    let values = candidates.into_iter().map(|(value, _)| value).collect();
    (values, directive)
}

fn stdout(ran: &Output) -> String {
    String::from_utf8(ran.stdout.clone()).unwrap()
}

fn stderr(ran: &Output) -> String {
    String::from_utf8(ran.stderr.clone()).unwrap()
}
