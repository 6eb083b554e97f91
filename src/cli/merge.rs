//! `audit merge`: the documents of several audits as one.

use super::args::MergeArgs;
use super::{output, policy, print, warn};
use crate::audit::{Input, Merged, merge};
use crate::render::{self, Format};
use crate::report::{Exit, exit_of_list};

pub(super) fn run(args: &MergeArgs) -> anyhow::Result<Exit> {
    let merged = match join(args) {
        Ok(merged) => merged,
        Err(error) => {
            warn(&format!("error: {error:#}\n"));
            return Ok(Exit::Usage);
        }
    };
    for warning in &merged.warnings {
        warn(&format!("warning: {warning}\n"));
    }
    let look = output::look(args.output.color);
    let format = args.output.format_or(Format::Table);
    print(&render::list(&merged.list, &format, args.fail_on, &look)?)?;
    Ok(exit_of_list(&merged.list, args.fail_on))
}

fn join(args: &MergeArgs) -> anyhow::Result<Merged> {
    let mut inputs = Vec::new();
    for path in &args.files {
        let text = policy::read_list(path)?;
        inputs.extend(Input::read(&path.display().to_string(), &text)?);
    }
    Ok(merge(inputs)?)
}
