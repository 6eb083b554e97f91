//! Scripts for direct use of `kubectl-cilium_lb`, and the answers to them: clap_complete's own protocol.

use super::{typed, values};
use crate::report::Exit;
use clap_complete::CompleteEnv;
use clap_complete::env::EnvCompleter;
use std::ffi::OsString;

/// The program as a shell finds it on PATH.
const PROGRAM: &str = "kubectl-cilium_lb";
/// Its name in the names of shell functions.
const IDENTIFIER: &str = "kubectl_cilium_lb";
/// The variable that makes the program answer. The default, COMPLETE, is anybody's.
const VARIABLE: &str = "KUBECTL_CILIUM_LB_COMPLETE";
/// Where bash and zsh say which word is completed; the others send nothing after it.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// The script that makes a shell ask this program.
///
/// # Errors
/// Never, as it is written to memory.
pub(super) fn script(shell: &dyn EnvCompleter) -> anyhow::Result<String> {
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, IDENTIFIER, PROGRAM, PROGRAM, &mut script)?;
    // `#compdef` must be the first line of a file that zsh loads.
    let script = String::from_utf8(script)?;
    Ok(format!("{}\n", script.trim()))
}

/// Answers when such a script asks.
pub(super) fn answer() -> Option<Exit> {
    std::env::var_os(VARIABLE)?;
    let args: Vec<OsString> = std::env::args_os().collect();
    let before = before(&args);
    let factory = || values::attach(super::super::command(), &typed::typed(&before), None);
    let directory = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(factory)
        .var(VARIABLE)
        .bin(PROGRAM)
        .try_complete(args.clone(), directory.as_deref());
    match answered {
        Ok(false) => None,
        Ok(true) => Some(Exit::Ok),
        Err(_) => Some(Exit::Failed),
    }
}

/// The words before the one that is completed, without the program: `PROGRAM -- kubectl-cilium_lb WORD… WORD`.
fn before(args: &[OsString]) -> Vec<OsString> {
    let words = args.iter().skip_while(|arg| *arg != "--").skip(1);
    let words: Vec<OsString> = words.cloned().collect();
    let index = std::env::var(INDEX).ok().and_then(|text| text.parse().ok());
    let index = index.unwrap_or(words.len().saturating_sub(1));
    words.into_iter().take(index).skip(1).collect()
}
