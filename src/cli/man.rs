//! `man`: a page of the manual for the program and for each command, in roff.

use super::args::ManArgs;
use super::{command, print, warn};
use crate::report::Exit;
use clap_mangen::Man;

/// The program as a page of the manual calls it; pages of commands add their name.
const PROGRAM: &str = "kubectl-cilium_lb";

pub(super) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut whole = command()
        .display_name(PROGRAM)
        .disable_help_subcommand(true);
    // Names and usage of commands come from the whole.
    whole.build();
    let mut page = &whole;
    for word in &args.of {
        let Some(inner) = page.find_subcommand(word) else {
            warn(&format!("error: no command {word:?}\n"));
            return Ok(Exit::Usage);
        };
        page = inner;
    }
    let mut roff = Vec::new();
    Man::new(page.clone())
        .source(format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION")))
        .manual("kubectl cilium-lb")
        .render(&mut roff)?;
    print(&String::from_utf8(roff)?)?;
    Ok(Exit::Ok)
}
