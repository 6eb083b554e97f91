//! The command line: one file per command, and the only place that prints.

mod args;
mod audit;
mod capture;
mod checks;
mod completion;
#[cfg(feature = "live")]
mod connection;
mod explain;
#[cfg(feature = "live")]
mod fleet;
#[cfg(feature = "live")]
mod fleet_progress;
mod in_order;
mod man;
mod merge;
mod output;
mod permissions;
mod policy;
#[cfg(feature = "live")]
mod progress;
mod schema;
mod version;
mod why;

use crate::report::Exit;
use args::Command;
use clap::{CommandFactory, FromArgMatches};
use std::io::{self, Write};
use std::process::ExitCode;

/// Longest chain of causes that is printed; a longer one would be a loop.
const CAUSES: usize = 16;

/// Runs the program over the process's own arguments and standard streams.
pub fn main() -> ExitCode {
    if let Some(exit) = completion::answer() {
        return ExitCode::from(exit as u8);
    }
    let exit = match parse() {
        Ok(cli) => run(&cli).unwrap_or_else(|error| report(&error)),
        Err(error) => {
            let asked = !error.use_stderr();
            // Help that cannot be printed because the reader left is no failure.
            if error.print().is_err() || asked {
                Exit::Ok
            } else {
                Exit::Usage
            }
        }
    };
    ExitCode::from(exit as u8)
}

/// The clap tree, for help, completion and tests.
pub fn command() -> clap::Command {
    args::Cli::command()
}

/// kubectl runs plugins under their file name; usage must say what people type.
fn parse() -> Result<args::Cli, clap::Error> {
    let matches = command().try_get_matches()?;
    args::Cli::from_arg_matches(&matches)
}

fn run(cli: &args::Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::WhyUnhealthy(args) => why::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Capture(args) => capture::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Checks(args) => checks::run(args),
        Command::Permissions(args) => permissions::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Version(args) => version::run(args),
        Command::Completion(args) => completion::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// A flag that cannot be followed: wrong usage, whatever command it was given to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

/// Prints an error with its causes, each on its own line.
fn report(error: &anyhow::Error) -> Exit {
    if let Some(io) = error.downcast_ref::<io::Error>()
        && io.kind() == io::ErrorKind::BrokenPipe
    {
        return Exit::Ok;
    }
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1).take(CAUSES) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    warn(&text);
    if error.is::<Usage>() {
        Exit::Usage
    } else {
        Exit::Failed
    }
}

/// Writes a result to standard output.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to standard error; a closed standard error is nobody's problem.
fn warn(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
