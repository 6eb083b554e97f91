//! `audit`: every subject of many clusters, and what their findings have in common.

use super::args::AuditArgs;
use super::{output, print, warn};
use crate::audit::{Audit, Reduced, Scope, reduce};
use crate::report::{Exit, exit_of_list, v1};
use crate::{bundle, parse, render};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Bundles that are read at a time: each is held whole until it is reduced.
const AT_A_TIME: usize = 4;

pub(super) fn run(args: &AuditArgs) -> anyhow::Result<Exit> {
    let mut audit = Audit::default();
    let scope = Scope {
        namespace: args.namespace.clone(),
    };
    let run = v1::Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..v1::Run::default()
    };
    let run = if args.from.is_empty() {
        live(args, &scope, run, &mut audit)?
    } else {
        for reduced in offline(args, &scope, &run) {
            if let Some(error) = &reduced.cluster.error {
                warn(&format!("error: {}: {error}\n", reduced.cluster.name));
            }
            audit.add(reduced);
        }
        run
    };
    let list = audit.finish(run);
    let look = output::look(args.output.color);
    print(&render::list(&list, args.output.output, &look)?)?;
    // As everywhere: Ctrl-C beats what was found until then.
    Ok(if list.run.incomplete {
        Exit::Interrupted
    } else {
        exit_of_list(&list, args.fail_on)
    })
}

#[cfg(feature = "live")]
fn live(
    args: &AuditArgs,
    scope: &Scope,
    run: v1::Run,
    audit: &mut Audit,
) -> anyhow::Result<v1::Run> {
    let totals = super::fleet::run(args, scope, &run, |_, reduced| audit.add(reduced))?;
    Ok(v1::Run {
        calls: totals.calls,
        seconds: totals.seconds,
        incomplete: totals.interrupted,
        ..run
    })
}

#[cfg(not(feature = "live"))]
fn live(_: &AuditArgs, _: &Scope, _: v1::Run, _: &mut Audit) -> anyhow::Result<v1::Run> {
    anyhow::bail!(
        "this build reads bundles only: give them with --from, or build with the default features"
    )
}

/// Reads and reduces bundles, some at a time; the result has their order.
fn offline(args: &AuditArgs, scope: &Scope, run: &v1::Run) -> Vec<Reduced> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Reduced)>> = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, |n| n.get().min(AT_A_TIME));
    thread::scope(|threads| {
        for _ in 0..workers {
            threads.spawn(|| {
                while let Some(path) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    args.from.get(index).map(|path| (index, path))
                } {
                    let reduced = one(path.1, scope, run);
                    let mut done = done.lock().unwrap_or_else(|poison| poison.into_inner());
                    done.push((path.0, reduced));
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, reduced)| reduced).collect()
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
