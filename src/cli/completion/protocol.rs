//! The protocol by which kubectl asks plugins for candidates: that of cobra's `__complete`.
//!
//! kubectl (1.26 and newer, `pkg/cmd/plugin_completion.go`) gives the words after the plugin's name, of which the
//! last is being completed, empty if need be. It wants one candidate a line, with a description after a tab, and a
//! last line `:N` with directives as bits. It does not filter by prefix, and a failure makes it ignore everything.

use super::typed;
use super::values::{self, Paths};
use clap_complete::engine::{CompletionCandidate, complete};
use std::ffi::OsString;
use std::fmt::Write as _;

/// What makes the program answer.
pub(super) const COMMAND: &str = "__complete";

/// No space after the candidate: more is to follow.
const NO_SPACE: u8 = 2;
/// Do not offer files when there is no candidate.
const NO_FILES: u8 = 4;
/// Offer directories only.
const DIRECTORIES: u8 = 16;

/// The answer for the words after the plugin's name.
pub(super) fn answer(mut words: Vec<OsString>) -> String {
    let current = words.pop().unwrap_or_default();
    let current = current.to_string_lossy().into_owned();
    let paths = Paths::default();
    let typed = typed::typed(&words);
    let mut command = values::attach(super::super::command(), &typed, Some(&paths));
    let mut args = vec![OsString::from("kubectl-cilium_lb")];
    args.append(&mut words);
    args.push(current.clone().into());
    let index = args.len() - 1;
    let candidates = complete(&mut command, args, index, None).unwrap_or_default();
    let lines: Vec<String> = candidates
        .iter()
        .filter(|candidate| !candidate.is_hide_set())
        .filter_map(|candidate| line(candidate, &current))
        .collect();
    let directive = match paths.asked() {
        // The flags of an unfinished flag are the answer, whatever positional argument could stand there.
        _ if current.starts_with('-') && !current.contains('=') => NO_FILES,
        Some(true) => DIRECTORIES,
        Some(false) => 0,
        None if !lines.is_empty() && lines.iter().all(|line| value(line).ends_with('/')) => {
            NO_SPACE | NO_FILES
        }
        None => NO_FILES,
    };
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, ":{directive}");
    text
}

fn value(line: &str) -> &str {
    line.split('\t').next().unwrap_or(line)
}

/// A candidate as a line; `None` when it is not asked for, or would break the line.
fn line(candidate: &CompletionCandidate, current: &str) -> Option<String> {
    let mut value = candidate.get_value().to_str()?;
    // As in cobra, flags are offered once a dash is typed.
    if value.starts_with('-') && !current.starts_with('-') {
        return None;
    }
    // Shells replace what stands after the `=` only.
    if current.starts_with('-')
        && let Some((flag, _)) = current.split_once('=')
    {
        value = value.strip_prefix(flag)?.strip_prefix('=')?;
    }
    if value.is_empty() || value.contains(char::is_control) {
        return None;
    }
    let help = candidate.get_help().map(ToString::to_string);
    let help = help.as_deref().and_then(|help| help.lines().next());
    Some(match help.map(|help| help.replace(char::is_control, " ")) {
        Some(help) if !help.is_empty() => format!("{value}\t{help}"),
        _ => value.to_owned(),
    })
}
