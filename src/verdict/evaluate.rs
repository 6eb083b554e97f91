//! Runs every check over every subject it asks for.

use crate::check::{Bearing, CHECKS, Check, Checked, Outcome, Run, View};
use std::collections::{BTreeMap, BTreeSet};

/// One check with what it said.
pub type Result = (&'static Check, Checked);

/// What every check said, by the granularity of its subject.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Checks of the whole subject.
    pub subject: Vec<Result>,
    /// Checks of each path, in the order of the paths.
    pub paths: Vec<Vec<Result>>,
    /// Checks of each node that is a target.
    pub nodes: BTreeMap<String, Vec<Result>>,
    /// Checks of each target, in the order of paths and targets.
    pub targets: Vec<Vec<Vec<Result>>>,
    /// The node of each target, where it is known.
    nodes_of: Vec<Vec<Option<String>>>,
}

/// Runs all checks.
pub fn evaluate(view: &View<'_>) -> Evaluation {
    let mut evaluation = Evaluation::default();
    let paths = view.paths();
    for path in paths {
        evaluation.paths.push(Vec::new());
        evaluation
            .targets
            .push(vec![Vec::new(); path.targets.len()]);
        evaluation.nodes_of.push(
            path.targets
                .iter()
                .map(|target| target.node.clone().ok())
                .collect(),
        );
    }
    for check in CHECKS.iter().copied() {
        let mut said = run(view, check).into_iter();
        match check.run {
            Run::Subject(_) => evaluation
                .subject
                .extend(said.map(|checked| (check, checked))),
            Run::Path(_) => {
                for (results, checked) in evaluation.paths.iter_mut().zip(said) {
                    results.push((check, checked));
                }
            }
            Run::Node(_) => {
                for (node, checked) in target_nodes(view).into_iter().zip(said) {
                    evaluation
                        .nodes
                        .entry(node.clone())
                        .or_default()
                        .push((check, checked));
                }
            }
            Run::Target(_) => {
                for results in evaluation.targets.iter_mut().flatten() {
                    results.extend(said.next().map(|checked| (check, checked)));
                }
            }
        }
    }
    evaluation
}

/// Runs one check over every subject it asks for, and returns what it said in order.
pub fn run(view: &View<'_>, check: &'static Check) -> Vec<Checked> {
    let paths = view.paths();
    match check.run {
        Run::Subject(run) => vec![run(view)],
        Run::Path(run) => paths.iter().map(|path| run(view, path)).collect(),
        Run::Node(run) => target_nodes(view)
            .into_iter()
            .map(|node| run(view, node))
            .collect(),
        Run::Target(run) => paths
            .iter()
            .flat_map(|path| {
                path.targets
                    .iter()
                    .map(move |target| run(view, path, target))
            })
            .collect(),
    }
}

/// The nodes that are targets, in order of name.
fn target_nodes<'a>(view: &View<'a>) -> BTreeSet<&'a String> {
    view.paths()
        .iter()
        .flat_map(|path| {
            path.targets
                .iter()
                .filter_map(|target| target.node.as_ref().ok())
        })
        .collect()
}

impl Evaluation {
    /// Everything that concerns one target, in order of code.
    pub fn of_target(&self, path: usize, target: usize) -> Vec<&Result> {
        let node = self.nodes_of[path][target].as_ref();
        let mut all: Vec<&Result> = self
            .subject
            .iter()
            .chain(&self.paths[path])
            .chain(
                node.and_then(|node| self.nodes.get(node))
                    .into_iter()
                    .flatten(),
            )
            .chain(&self.targets[path][target])
            .collect();
        all.sort_by_key(|(check, _)| check.code);
        all
    }

    /// Everything that concerns a path as a whole: the subject's checks and its own.
    pub fn of_path(&self, path: usize) -> impl Iterator<Item = &Result> {
        self.subject.iter().chain(&self.paths[path])
    }

    /// Every result there is.
    pub fn all(&self) -> impl Iterator<Item = &Result> {
        self.subject
            .iter()
            .chain(self.paths.iter().flatten())
            .chain(self.nodes.values().flatten())
            .chain(self.targets.iter().flatten().flatten())
    }

    /// The texts of everything that fails by design, once each, in order of code.
    pub fn expected(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        for (check, outcome) in self.all() {
            if let (Ok(Outcome::Expected(why)), Bearing::Health) = (outcome, check.bearing) {
                seen.insert((check.code, why.clone()));
            }
        }
        seen.into_iter().map(|(_, why)| why).collect()
    }
}
