//! `audit`: every subject of many clusters, and what their findings have in common.

use super::args::AuditArgs;
use super::in_order::in_order;
use super::{output, print, warn};
use crate::audit::{Audit, Reduced, Scope, reduce};
use crate::render::{Format, jsonl};
use crate::report::{Exit, exit_of_list, v1};
use crate::{bundle, parse, render};
use anyhow::bail;
use std::path::{Path, PathBuf};
use std::thread;

/// Bundles that are read at a time: each is held whole until it is reduced.
const AT_A_TIME: usize = 4;

pub(super) fn run(args: &AuditArgs) -> anyhow::Result<Exit> {
    let format = args.output.format_or(Format::Table);
    let mut audit = Audit::default();
    let scope = Scope {
        namespace: args.namespace.clone(),
    };
    let run = v1::Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..v1::Run::default()
    };
    if args.from.is_empty() {
        bail!("this build reads bundles only: give them with --from");
    }
    offline(args, &scope, &run, |reduced| {
        if let Some(error) = &reduced.cluster.error {
            warn(&format!("error: {}: {error}\n", reduced.cluster.name));
        }
        stream(&reduced, &format)?;
        audit.add(reduced);
        Ok(())
    })?;
    let list = audit.finish(run);
    let look = output::look(args.output.color);
    print(&match format {
        Format::Jsonl => jsonl::summary(&list)?,
        whole => render::list(&list, &whole, &look)?,
    })?;
    Ok(exit_of_list(&list, args.fail_on))
}

/// Prints what can be printed before the list is whole.
fn stream(reduced: &Reduced, format: &Format) -> anyhow::Result<()> {
    if *format == Format::Jsonl {
        for item in &reduced.items {
            print(&jsonl::line(item)?)?;
        }
    }
    Ok(())
}

/// Reads and reduces bundles, some at a time, and hands them to `each` in the order of their paths, whatever the order
/// of the arguments.
fn offline(
    args: &AuditArgs,
    scope: &Scope,
    run: &v1::Run,
    each: impl FnMut(Reduced) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut paths: Vec<&PathBuf> = args.from.iter().collect();
    paths.sort();
    let workers = thread::available_parallelism().map_or(1, |n| n.get().min(AT_A_TIME));
    in_order(&paths, workers, |path| one(path, scope, run), each)
}

fn one(path: &Path, scope: &Scope, run: &v1::Run) -> Reduced {
    let file = path.file_name().unwrap_or(path.as_os_str());
    let file = file.to_string_lossy();
    match bundle::read(path) {
        Ok(bundle) => {
            let snapshot = parse::snapshot(&bundle);
            drop(bundle);
            let name = snapshot
                .context
                .clone()
                .unwrap_or_else(|| file.into_owned());
            reduce(&snapshot, &name, scope, run)
        }
        Err(error) => Reduced::failed(&file, format!("cannot read the bundle: {error:#}")),
    }
}
