//! `why-unhealthy`.

use super::args::WhyArgs;
use super::{output, print, warn};
use crate::audit::several;
use crate::bundle::{self, Bundle};
use crate::model::Snapshot;
use crate::path::{SubjectKind, SubjectRef, resolve};
use crate::render::{Format, render};
use crate::report::{self, Exit, exit, v1};
use crate::{parse, verdict};
use anyhow::bail;

/// Where the evidence comes from and how it was got.
struct Evidence {
    bundle: Bundle,
    namespace: String,
    run: v1::Run,
    interrupted: bool,
}

pub(super) fn run(args: &WhyArgs) -> anyhow::Result<Exit> {
    let subjects = match subjects(&args.subjects) {
        Ok(subjects) => subjects,
        Err(error) => {
            warn(&format!("error: {error}\n"));
            return Ok(Exit::Usage);
        }
    };
    let evidence = evidence(args, &subjects)?;
    let snapshot = parse::snapshot(&evidence.bundle);
    let mut documents = Vec::new();
    let mut worst = if evidence.interrupted {
        Exit::Interrupted
    } else {
        Exit::Ok
    };
    for subject in &subjects {
        match diagnose(&snapshot, subject, &evidence) {
            Ok(document) => {
                worst = worse(worst, exit(&document, args.fail_on));
                documents.push(document);
            }
            Err(error) => {
                warn(&format!("error: {error:#}\n"));
                worst = worse(worst, Exit::Failed);
            }
        }
    }
    if !documents.is_empty() {
        let look = output::look(args.output.color);
        let format = args.output.format_or(Format::Tree);
        print(&render(&several(documents), &format, args.fail_on, &look)?)?;
    }
    Ok(worst)
}

/// Interrupted beats failed beats findings beats incomplete.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Ok => 0,
        Exit::Incomplete => 1,
        Exit::Findings => 2,
        Exit::Usage => 3,
        Exit::Failed => 4,
        Exit::Interrupted => 5,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// `TYPE NAME…` is kubectl's other spelling of `TYPE/NAME…`.
pub(super) fn subjects(words: &[String]) -> anyhow::Result<Vec<SubjectRef>> {
    if let [kind, names @ ..] = words
        && !names.is_empty()
        && SubjectKind::from_word(kind).is_some()
        && names.iter().all(|name| !name.contains('/'))
    {
        return names
            .iter()
            .map(|name| Ok(format!("{kind}/{name}").parse()?))
            .collect();
    }
    words.iter().map(|word| Ok(word.parse()?)).collect()
}

fn diagnose(
    snapshot: &Snapshot,
    wanted: &SubjectRef,
    evidence: &Evidence,
) -> anyhow::Result<v1::Diagnosis> {
    let subject = resolve(snapshot, wanted, &evidence.namespace)?;
    let verdict = verdict::diagnose(snapshot, &subject);
    Ok(report::diagnosis(snapshot, &verdict, evidence.run.clone()))
}

fn evidence(args: &WhyArgs, subjects: &[SubjectRef]) -> anyhow::Result<Evidence> {
    let run = v1::Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..v1::Run::default()
    };
    if let Some(path) = &args.from {
        let bundle = bundle::read(path)?;
        return Ok(Evidence {
            bundle,
            namespace: args
                .namespace
                .clone()
                .unwrap_or_else(|| "default".to_owned()),
            run,
            interrupted: false,
        });
    }
    live(args, subjects, run)
}

#[cfg(feature = "live")]
fn live(args: &WhyArgs, subjects: &[SubjectRef], run: v1::Run) -> anyhow::Result<Evidence> {
    let request = args
        .connection
        .request(subjects, args.namespace.as_deref())?;
    let collected = super::progress::collect(&request)?;
    if collected.bundle.is_empty() {
        bail!("nothing could be read; see the messages above");
    }
    Ok(Evidence {
        run: v1::Run {
            calls: collected.calls,
            seconds: collected.seconds,
            incomplete: collected.interrupted,
            ..run
        },
        bundle: collected.bundle,
        namespace: collected.namespace,
        interrupted: collected.interrupted,
    })
}

#[cfg(not(feature = "live"))]
fn live(_: &WhyArgs, _: &[SubjectRef], _: v1::Run) -> anyhow::Result<Evidence> {
    bail!("this build reads bundles only: give one with --from, or build with the default features")
}
