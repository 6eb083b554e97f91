//! `capture`: writes what a diagnosis would read.

use super::args::CaptureArgs;
use super::{print, warn};
use crate::bundle::redact::{Key, Redaction};
use crate::bundle::{self, Bundle};
use crate::path::SubjectRef;
use crate::render::count;
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
        Some(path) => (bundle::read(path)?, false),
        None => live(args, &subjects)?,
    };
    let (bundle, renamed) = if args.redact {
        redacted(&bundle, args, &subjects)
    } else {
        (bundle, String::new())
    };
    bundle::write(&bundle, &args.output, args.overwrite)
        .with_context(|| format!("cannot write the bundle {}", args.output.display()))?;
    print(&format!(
        "{}: {}, {}\n{renamed}",
        args.output.display(),
        count(bundle.iter().count(), "document"),
        count(bundle.manifest.gaps.len(), "gap")
    ))?;
    Ok(if interrupted {
        Exit::Interrupted
    } else {
        Exit::Ok
    })
}

/// The bundle with stand-ins, and what the subjects are called in it, which the bundle itself does not say.
fn redacted(bundle: &Bundle, args: &CaptureArgs, subjects: &[SubjectRef]) -> (Bundle, String) {
    let mut redaction = Redaction::new(bundle, &Key::random());
    let made = redaction.bundle(bundle);
    let mut renamed = String::new();
    for subject in subjects {
        let subject = subject.to_string();
        // The type is no name, whatever an object is called.
        let (kind, name) = match subject.split_once('/') {
            Some((kind, name)) if !subject.starts_with("arn:") => (format!("{kind}/"), name),
            _ => (String::new(), subject.as_str()),
        };
        let namespace = args
            .namespace
            .as_deref()
            .map_or(String::new(), |namespace| {
                format!(" -n {}", redaction.text(namespace))
            });
        let name = redaction.text(name);
        renamed.push_str(&format!("{subject} is {kind}{name}{namespace} in it\n"));
    }
    (made, renamed)
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
