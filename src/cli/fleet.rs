//! The live half of `audit`: collects the clusters, reduces each as it comes, and hands it on.

use super::args::AuditArgs;
use super::fleet_progress::Progress;
use crate::audit::{Reduced, Scope, reduce};
use crate::collect::{self, CollectError, Collected, Event, Request};
use crate::parse;
use crate::report::v1;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What stands for the current context when it has no name, as in a Pod.
const IN_CLUSTER: &str = "in-cluster";

/// Collects every cluster and hands over what it was reduced to, in the order in which they end. When `each` breaks,
/// nothing more is collected.
///
/// # Errors
/// When the flags or the kubeconfig do not say which clusters.
pub(super) fn run(
    args: &AuditArgs,
    scope: &Scope,
    run: &v1::Run,
    mut each: impl FnMut(usize, Reduced) -> ControlFlow<()>,
) -> anyhow::Result<Totals> {
    let clusters = args
        .fleet
        .requests(args.namespace.as_deref(), args.all_namespaces)?;
    let names: Vec<String> = clusters
        .iter()
        .map(|(context, _)| context.clone().unwrap_or_else(|| IN_CLUSTER.to_owned()))
        .collect();
    let requests: Vec<Request> = clusters
        .into_iter()
        .zip(&names)
        .map(|((_, request), name)| Request {
            slice: scope.shard.map(|shard| (shard, name.clone())),
            ..request
        })
        .collect();
    let progress = Progress::new(&names);
    let mut totals = Totals::default();
    let show = |index: usize, event: Event| progress.show(index, &event);
    let took = collect::fleet(&requests, &show, |index, collected| {
        let reduced = match collected {
            Ok(collected) => {
                totals.add(&collected);
                of(collected, &names[index], args, scope, run)
            }
            Err(error) => {
                totals.interrupted |= matches!(error, CollectError::Interrupted);
                failed(&names[index], &error)
            }
        };
        progress.ended(index, &reduced);
        each(index, reduced)
    })?;
    progress.finish();
    totals.seconds = took.as_secs_f64();
    Ok(totals)
}

/// What all clusters took together.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// Calls by name.
    pub(super) calls: BTreeMap<String, u64>,
    /// Seconds from the start to the end of the last cluster.
    pub(super) seconds: f64,
    /// Whether Ctrl-C ended it.
    pub(super) interrupted: bool,
}

impl Totals {
    fn add(&mut self, collected: &Collected) {
        for (call, count) in &collected.calls {
            *self.calls.entry(call.clone()).or_default() += count;
        }
        self.interrupted |= collected.interrupted;
    }
}

fn of(collected: Collected, name: &str, args: &AuditArgs, scope: &Scope, run: &v1::Run) -> Reduced {
    let run = v1::Run {
        incomplete: collected.interrupted,
        ..run.clone()
    };
    // Without -A and -n, the namespace is the context's, as kubectl has it.
    let namespace = (!args.all_namespaces).then_some(collected.namespace);
    let scope = Scope {
        namespace: scope.namespace.clone().or(namespace),
        ..scope.clone()
    };
    let snapshot = parse::snapshot(&collected.bundle);
    drop(collected.bundle);
    reduce(&snapshot, name, &scope, &run)
}

fn failed(name: &str, error: &CollectError) -> Reduced {
    Reduced::failed(name, error.to_string())
}
