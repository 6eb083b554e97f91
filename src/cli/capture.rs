//! `capture`: writes what a diagnosis would read.

use super::args::CaptureArgs;
use super::{print, warn};
use crate::bundle::{self, Bundle};
use crate::path::SubjectRef;
use crate::report::Exit;
use anyhow::Context;

pub(super) fn run(args: &CaptureArgs) -> anyhow::Result<Exit> {
    let subjects = match super::why::subjects(&args.subjects) {
        Ok(subjects) => subjects,
        Err(error) => {
            warn(&format!("error: {error}\n"));
            return Ok(Exit::Usage);
        }
    };
    let (bundle, interrupted) = match &args.from {
        Some(path) => {
            let read = bundle::read(path)
                .with_context(|| format!("cannot read the bundle {}", path.display()))?;
            (read, false)
        }
        None => live(args, &subjects)?,
    };
    bundle::write(&bundle, &args.output, args.overwrite)
        .with_context(|| format!("cannot write the bundle {}", args.output.display()))?;
    print(&format!(
        "{}: {} documents, {} gaps\n",
        args.output.display(),
        bundle.iter().count(),
        bundle.manifest.gaps.len()
    ))?;
    Ok(if interrupted {
        Exit::Interrupted
    } else {
        Exit::Ok
    })
}

#[cfg(feature = "live")]
fn live(args: &CaptureArgs, subjects: &[SubjectRef]) -> anyhow::Result<(Bundle, bool)> {
    let request = args
        .connection
        .request(subjects, args.namespace.as_deref())?;
    let collected = super::progress::collect(&request)?;
    Ok((collected.bundle, collected.interrupted))
}

#[cfg(not(feature = "live"))]
fn live(_: &CaptureArgs, _: &[SubjectRef]) -> anyhow::Result<(Bundle, bool)> {
    anyhow::bail!(
        "this build reads bundles only: give one with --from, or build with the default features"
    )
}
