//! `audit`: every subject of many clusters, and what their findings have in common.

use super::args::{AuditArgs, AuditCommand};
#[cfg(feature = "live")]
use super::in_order::InOrder;
use super::in_order::in_order;
use super::{merge, output, print, warn};
use crate::audit::{Audit, Policy, Reduced, Scope, reduce};
use crate::render::{Format, jsonl};
use crate::report::{Exit, exit_of_list, v1};
use crate::{bundle, parse, render};
#[cfg(feature = "live")]
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;

/// Bundles that are read at a time: each is held whole until it is reduced.
const AT_A_TIME: usize = 4;

pub(super) fn run(args: &AuditArgs) -> anyhow::Result<Exit> {
    if let Some(AuditCommand::Merge(args)) = &args.command {
        return merge::run(args);
    }
    let (scope, policy) = match settings(args) {
        Ok(settings) => settings,
        Err(error) => {
            warn(&format!("error: {error:#}\n"));
            return Ok(Exit::Usage);
        }
    };
    let mut out = Out {
        audit: Audit::new(scope.shard, policy),
        format: args.output.format_or(Format::Table),
    };
    let run = v1::Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..v1::Run::default()
    };
    let run = if args.from.is_empty() {
        live(args, &scope, run, &mut out)?
    } else {
        offline(args, &scope, &run, |reduced| {
            if let Some(error) = &reduced.cluster.error {
                warn(&format!("error: {}: {error}\n", reduced.cluster.name));
            }
            out.take(reduced)
        })?;
        run
    };
    let list = out.audit.finish(run);
    let look = output::look(args.output.color);
    print(&match out.format {
        Format::Jsonl => jsonl::summary(&list)?,
        whole => render::list(&list, &whole, args.fail_on, &look)?,
    })?;
    // As everywhere: Ctrl-C beats what was found until then.
    Ok(if list.run.incomplete {
        Exit::Interrupted
    } else {
        exit_of_list(&list, args.fail_on)
    })
}

/// Which subjects are audited, and which findings count.
fn settings(args: &AuditArgs) -> anyhow::Result<(Scope, Policy)> {
    let scope = Scope {
        namespace: args.namespace.clone(),
        shard: args.policy.shard()?,
    };
    Ok((scope, args.policy.policy()?))
}

/// The audit under way, and how it is printed.
struct Out {
    audit: Audit,
    format: Format,
}

impl Out {
    /// Takes over a cluster whose turn it is, and prints what can be printed before the list is whole.
    fn take(&mut self, reduced: Reduced) -> anyhow::Result<()> {
        let items = self.audit.add(reduced);
        if self.format == Format::Jsonl {
            for item in items {
                print(&jsonl::line(item)?)?;
            }
        }
        Ok(())
    }
}

/// Clusters end in any order and are taken over in that of their contexts.
#[cfg(feature = "live")]
fn live(args: &AuditArgs, scope: &Scope, run: v1::Run, out: &mut Out) -> anyhow::Result<v1::Run> {
    let mut order = InOrder::default();
    let mut taken = Ok(());
    let mut take = |ready: Vec<Reduced>| {
        for reduced in ready {
            if taken.is_ok() {
                taken = out.take(reduced);
            }
        }
        // A reader that is gone wants no more to be collected.
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    };
    let totals = super::fleet::run(args, scope, &run, |index, reduced| {
        take(order.push(index, reduced))
    })?;
    // After an interruption some never come, and those after them count all the same.
    let _ = take(order.rest());
    taken?;
    Ok(v1::Run {
        calls: totals.calls,
        seconds: totals.seconds,
        incomplete: totals.interrupted,
        ..run
    })
}

#[cfg(not(feature = "live"))]
fn live(_: &AuditArgs, _: &Scope, _: v1::Run, _: &mut Out) -> anyhow::Result<v1::Run> {
    anyhow::bail!(
        "this build reads bundles only: give them with --from, or build with the default features"
    )
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
        Err(error) => Reduced::failed(&file, format!("{:#}", anyhow::Error::from(error))),
    }
}
