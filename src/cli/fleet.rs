//! The live half of `audit`: collects the clusters, reduces each as it comes, and shows how far it is.

use super::args::AuditArgs;
use super::warn;
use crate::audit::{Reduced, Scope, reduce};
use crate::collect::{self, CollectError, Collected, Event, Request};
use crate::parse;
use crate::report::v1;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What stands for the current context when it has no name, as in a Pod.
const IN_CLUSTER: &str = "in-cluster";
/// Waves of a collection.
const WAVES: u8 = 4;

/// Collects every cluster and hands over what it was reduced to, in the order in which they end.
///
/// # Errors
/// When the flags or the kubeconfig do not say which clusters.
pub(super) fn run(
    args: &AuditArgs,
    scope: &Scope,
    run: &v1::Run,
    mut each: impl FnMut(usize, Reduced),
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
    collect::fleet(&requests, &show, |index, collected| {
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
        each(index, reduced);
    })?;
    progress.bar.finish_and_clear();
    Ok(totals)
}

/// What all clusters took together.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// Calls by name.
    pub(super) calls: BTreeMap<String, u64>,
    /// Seconds of the slowest cluster from its own start.
    pub(super) seconds: f64,
    /// Whether Ctrl-C ended it.
    pub(super) interrupted: bool,
}

impl Totals {
    fn add(&mut self, collected: &Collected) {
        for (call, count) in &collected.calls {
            *self.calls.entry(call.clone()).or_default() += count;
        }
        self.seconds = self.seconds.max(collected.seconds);
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

/// A bar on a terminal, lines elsewhere.
struct Progress<'a> {
    names: &'a [String],
    bar: ProgressBar,
    state: Mutex<State>,
}

/// How far each cluster is, as far as it is known.
#[derive(Default)]
struct State {
    clusters: BTreeMap<usize, Reached>,
    ended: usize,
}

/// How far a cluster is: its subjects, and how much of its waves.
#[derive(Default)]
struct Reached {
    subjects: usize,
    wave: u8,
    part: f64,
}

impl Reached {
    /// Subjects that count as done.
    fn done(&self) -> f64 {
        let waves = f64::from(self.wave.saturating_sub(1)) + self.part;
        self.subjects as f64 * (waves / f64::from(WAVES)).min(1.0)
    }
}

impl<'a> Progress<'a> {
    fn new(names: &'a [String]) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = "{spinner} {pos}/{len} subjects, {eta} left · {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            names,
            bar,
            state: Mutex::default(),
        }
    }

    fn show(&self, index: usize, event: &Event) {
        let name = &self.names[index];
        match event {
            Event::Subjects(count) => self.update(index, |reached| reached.subjects = *count),
            Event::Wave { number, what } => {
                self.update(index, |reached| {
                    (reached.wave, reached.part) = (*number, 0.0)
                });
                self.bar.set_message(format!("{name}: {what}"));
            }
            Event::Progress { what, done, total } => {
                let part = *done as f64 / (*total).max(1) as f64;
                self.update(index, |reached| reached.part = part);
                self.bar
                    .set_message(format!("{name}: {what} {done}/{total}"));
            }
            Event::WaitingForCredentials(command) => {
                self.bar
                    .set_message(format!("{name}: waiting for credentials ({command})"));
            }
            // Of hundreds of nodes each can lack something; the documents have it all.
            Event::Gap(_) => {}
        }
    }

    /// A cluster is done.
    fn ended(&self, index: usize, reduced: &Reduced) {
        let subjects = reduced.cluster.subjects;
        self.update(index, |reached| {
            *reached = Reached {
                subjects,
                wave: WAVES,
                part: 1.0,
            };
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended += 1;
        let place = format!(
            "[{}/{}] {}",
            state.ended,
            self.names.len(),
            reduced.cluster.name
        );
        drop(state);
        let line = match &reduced.cluster.error {
            Some(error) => format!("{place}: {error}"),
            None => {
                let sick = reduced
                    .items
                    .iter()
                    .filter(|item| item.verdict != "healthy");
                let (sick, gaps) = (sick.count(), reduced.cluster.gaps);
                format!(
                    "{place}: {sick} of {subjects} subjects not healthy, {gaps} readings missing"
                )
            }
        };
        self.line(&line);
    }

    fn update(&self, index: usize, change: impl FnOnce(&mut Reached)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(state.clusters.entry(index).or_default());
        let all = state.clusters.values();
        let length: usize = all.clone().map(|reached| reached.subjects).sum();
        let done: f64 = all.map(Reached::done).sum();
        drop(state);
        self.bar.set_length(length as u64);
        self.bar.set_position(done as u64);
    }

    /// Above the bar on a terminal; a plain line elsewhere.
    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            warn(&format!("{text}\n"));
        } else {
            self.bar.println(text);
        }
    }
}
