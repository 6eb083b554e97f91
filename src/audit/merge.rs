//! Joins the documents of several audits into the one that a single audit would have printed.

use super::documents::{self, DocumentError};
use super::problems::problems;
use super::{accounts, policy};
use crate::report::v1::{self, DiagnosisList, SubjectName};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An audit to join.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it was read from.
    pub file: String,
    /// What it says.
    pub list: DiagnosisList,
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Everything; [`v1::Run::incomplete`] when a slice is missing.
    pub list: DiagnosisList,
    /// What is worth knowing, one sentence each.
    pub warnings: Vec<String>,
}

/// Audits that cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// No output of this program.
    #[error("{file} is no audit: {error}; write one with `kubectl cilium-lb audit -o json`")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        error: DocumentError,
    },
    /// Diagnoses without an audit around them.
    #[error(
        "{0} is no whole audit: it has no summary that names its clusters; run that audit again, or give the output of `audit`, not of `why-unhealthy`"
    )]
    Partial(String),
    /// Slices of different sizes, or a slice and everything.
    #[error("{first} is {of_first} and {second} is {of_second}: give the slices of one audit")]
    Mixed {
        /// A file.
        first: String,
        /// Its slice.
        of_first: String,
        /// Another.
        second: String,
        /// Its slice.
        of_second: String,
    },
    /// The same slice twice.
    #[error("{first} and {second} are both shard {shard}: give each once")]
    Twice {
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// Their slice.
        shard: String,
    },
    /// A comparison in one and none, or another, in the other.
    #[error("{first} and {second} were not compared with the same baseline: audit both alike")]
    Baselines {
        /// A file.
        first: String,
        /// Another.
        second: String,
    },
}

impl Input {
    /// Reads the audits of a file, which may be `json` or `jsonl`.
    ///
    /// # Errors
    /// When it holds anything else, or an audit that did not end.
    pub fn read(file: &str, text: &str) -> Result<Vec<Self>, MergeError> {
        let parts = documents::read(text).map_err(|error| MergeError::Unreadable {
            file: file.to_owned(),
            error,
        })?;
        if parts.iter().any(|part| !part.whole) {
            return Err(MergeError::Partial(file.to_owned()));
        }
        Ok(parts
            .into_iter()
            .map(|part| Self {
                file: file.to_owned(),
                list: part.list,
            })
            .collect())
    }
}

/// Joins audits; their order decides nothing.
///
/// # Errors
/// When they are not audits of different things under the same flags.
pub fn merge(mut inputs: Vec<Input>) -> Result<Merged, MergeError> {
    inputs.sort_by_cached_key(|input| (input.list.shard, input.file.clone()));
    let mut warnings = Vec::new();
    let missing = shards(&inputs)?;
    comparable(&inputs, &mut warnings)?;
    if !missing.is_empty() {
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        warnings.push(format!(
            "shard {} is missing: what it holds was not audited",
            missing.join(", ")
        ));
    }
    let mut run = v1::Run {
        incomplete: !missing.is_empty(),
        ..v1::Run::default()
    };
    let mut items: BTreeMap<SubjectName, (String, v1::Diagnosis)> = BTreeMap::new();
    let (mut clusters, mut all_accounts) = (Vec::new(), Vec::new());
    let (mut suppressed, mut stale, mut fixed) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut baseline = None;
    for input in inputs {
        let Input { file, list } = input;
        join_run(&mut run, list.run);
        for item in list.items {
            take(&mut items, &file, item, &mut warnings);
        }
        clusters.extend(list.clusters);
        all_accounts.extend(list.accounts);
        suppressed.extend(list.suppressed);
        stale.extend(list.stale_suppressions);
        if let Some(compared) = list.baseline {
            baseline.get_or_insert(compared.file);
            fixed.extend(compared.fixed);
        }
    }
    let items: Vec<v1::Diagnosis> = items.into_values().map(|(_, item)| item).collect();
    let mut list = DiagnosisList {
        problems: problems(&items),
        accounts: accounts::join(all_accounts, &items),
        clusters: join_clusters(clusters, &items),
        suppressed: suppressed.into_iter().collect(),
        stale_suppressions: stale.into_iter().collect(),
        baseline: baseline.map(|file| v1::Baseline {
            file,
            fixed: fixed.into_iter().collect(),
            ..v1::Baseline::default()
        }),
        run,
        ..DiagnosisList::of(items)
    };
    policy::settle(&mut list);
    warnings.sort();
    Ok(Merged { list, warnings })
}

/// Checks that all are slices of one whole, or none is a slice, and returns the numbers of those that are missing.
fn shards(inputs: &[Input]) -> Result<Vec<u32>, MergeError> {
    let slice = |input: &Input| match input.list.shard {
        Some(shard) => format!("shard {}/{}", shard.index, shard.total),
        None => "of everything".to_owned(),
    };
    let Some(first) = inputs.first() else {
        return Ok(Vec::new());
    };
    let total = first.list.shard.map(|shard| shard.total);
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for input in inputs {
        if input.list.shard.map(|shard| shard.total) != total {
            return Err(MergeError::Mixed {
                first: first.file.clone(),
                of_first: slice(first),
                second: input.file.clone(),
                of_second: slice(input),
            });
        }
        if let Some(shard) = input.list.shard
            && let Some(other) = seen.insert(shard.index, &input.file)
        {
            return Err(MergeError::Twice {
                first: other.to_owned(),
                second: input.file.clone(),
                shard: format!("{}/{}", shard.index, shard.total),
            });
        }
    }
    let all = 1..=total.unwrap_or(0);
    Ok(all.filter(|index| !seen.contains_key(index)).collect())
}

/// Checks that the audits were made under the same flags, as far as they tell.
fn comparable(inputs: &[Input], warnings: &mut Vec<String>) -> Result<(), MergeError> {
    for pair in inputs.windows(2) {
        let [a, b] = pair else { continue };
        let file = |input: &Input| input.list.baseline.as_ref().map(|of| of.file.clone());
        if file(a) != file(b) {
            return Err(MergeError::Baselines {
                first: a.file.clone(),
                second: b.file.clone(),
            });
        }
        let (old, new) = (&a.list.run.version, &b.list.run.version);
        if old != new {
            warnings.push(format!(
                "{} was written by version {old} and {} by {new}: they may judge differently",
                a.file, b.file
            ));
        }
    }
    Ok(())
}

/// Takes over a diagnosis; of two of one subject that differ, the later one.
fn take(
    items: &mut BTreeMap<SubjectName, (String, v1::Diagnosis)>,
    file: &str,
    item: v1::Diagnosis,
    warnings: &mut Vec<String>,
) {
    let subject = SubjectName::of(&item);
    let Some((other, known)) = items.get_mut(&subject) else {
        items.insert(subject, (file.to_owned(), item));
        return;
    };
    if *known == item {
        return;
    }
    let of = |item: &v1::Diagnosis| item.run.taken_at.as_deref().and_then(moment);
    let later = of(&item) > of(known);
    let kept = if later { file } else { other.as_str() };
    warnings.push(format!(
        "{other} and {file} say different things of {subject}: that of {kept} is kept"
    ));
    if later {
        (*other, *known) = (file.to_owned(), item);
    }
}

/// One cluster of each name, with the subjects that were kept. Its slices read the same objects, so gaps do not add up.
/// What one slice could not read at all is missing, whatever the others read.
fn join_clusters(all: Vec<v1::Cluster>, items: &[v1::Diagnosis]) -> Vec<v1::Cluster> {
    let mut joined: BTreeMap<String, (v1::Cluster, BTreeSet<String>)> = BTreeMap::new();
    for next in all {
        let (cluster, errors) = joined.entry(next.name.clone()).or_default();
        cluster.gaps = cluster.gaps.max(next.gaps);
        cluster.taken_at = earliest(cluster.taken_at.take(), next.taken_at);
        errors.extend(next.error);
    }
    joined
        .into_iter()
        .map(|(name, (cluster, errors))| {
            let of_it = |item: &&v1::Diagnosis| item.subject.context.as_ref() == Some(&name);
            let errors: Vec<String> = errors.into_iter().collect();
            v1::Cluster {
                subjects: items.iter().filter(of_it).count(),
                error: (!errors.is_empty()).then(|| errors.join("; ")),
                name,
                ..cluster
            }
        })
        .collect()
}

fn earliest(a: Option<String>, b: Option<String>) -> Option<String> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if moment(&b) < moment(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// A time that can be compared; what is none comes first.
fn moment(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}

fn join_run(run: &mut v1::Run, next: v1::Run) {
    for (call, times) in next.calls {
        *run.calls.entry(call).or_default() += times;
    }
    // Slices and clusters are audited side by side, so all of it took as long as the longest.
    run.seconds = run.seconds.max(next.seconds);
    run.version = run.version.clone().max(next.version);
    run.taken_at = earliest(run.taken_at.take(), next.taken_at);
    run.incomplete |= next.incomplete;
}
