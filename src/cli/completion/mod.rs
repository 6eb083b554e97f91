//! Completion: the answers, and what has to be installed so that a shell asks for them.
//!
//! Two ways lead to the same candidates. kubectl completes plugins by running `kubectl_complete-cilium_lb` (the
//! protocol of cobra); a shell's own script, for those who call `kubectl-cilium_lb` directly, is clap_complete's.
//! The scripts hold no commands or flags: they ask the program, so they never fall behind it.

#[cfg(feature = "live")]
mod profiles;
mod protocol;
mod scripts;
mod shim;
mod typed;
mod values;

use super::args::{CompletionAction, CompletionArgs};
use super::{print, warn};
use crate::report::Exit;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use std::ffi::OsString;
use std::path::Path;

/// Answers a shell or kubectl that asks for candidates; `None` when a person runs the program.
///
/// This comes before anything is parsed: the words are unfinished.
pub(super) fn answer() -> Option<Exit> {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    let mut words: Vec<OsString> = args.collect();
    let stem = Path::new(&name).file_stem().unwrap_or_default();
    if stem != shim::NAME {
        if words.first().is_none_or(|word| word != protocol::COMMAND) {
            return scripts::answer();
        }
        words.remove(0);
    }
    // A shell that stopped reading wants no more.
    let _ = print(&protocol::answer(words));
    Some(Exit::Ok)
}

pub(super) fn run(args: &CompletionArgs) -> anyhow::Result<Exit> {
    let shell: &dyn EnvCompleter = match args.action {
        CompletionAction::Bash => &Bash,
        CompletionAction::Zsh => &Zsh,
        CompletionAction::Fish => &Fish,
        CompletionAction::Powershell => &Powershell,
        CompletionAction::Install => return shim::install(args.dir.as_deref()),
        CompletionAction::Uninstall => return shim::uninstall(args.dir.as_deref()),
    };
    if args.dir.is_some() {
        warn("error: --dir goes with install and uninstall; a script is printed\n");
        return Ok(Exit::Usage);
    }
    print(&scripts::script(shell)?)?;
    Ok(Exit::Ok)
}
