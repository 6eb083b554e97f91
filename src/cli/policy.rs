//! The flags that say which findings of an audit count, and which slice of the subjects it takes.

use crate::audit::{Policy, policy};
use crate::path::Shard;
use anyhow::{Context, bail};
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The number of a Pod of an Indexed Job, from 0; Kubernetes sets it.
const JOB_INDEX: &str = "JOB_COMPLETION_INDEX";
/// Largest file of suppressions in bytes.
const MAX_SUPPRESSIONS: u64 = 4 << 20;
/// Largest document of an audit in bytes.
const MAX_LIST: u64 = 1 << 30;

/// Flags about what counts.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// A YAML file of findings to live with: `ignore:` with a list of code, match, reason and until.
    #[arg(long, value_name = "FILE")]
    suppressions: Option<PathBuf>,

    /// An earlier audit as json or jsonl: only findings that it does not have count.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Audit one of N slices of all subjects, counted from 1.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// How many slices there are, in a Pod of an Indexed Job, which knows its own from JOB_COMPLETION_INDEX.
    #[arg(long, value_name = "N", env = "CILIUM_LB_SHARDS")]
    shards: Option<u32>,
}

impl PolicyArgs {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with one of them; that is wrong usage.
    pub(super) fn policy(&self) -> anyhow::Result<Policy> {
        let suppressions = match &self.suppressions {
            Some(path) => {
                let text = read(path, MAX_SUPPRESSIONS)?;
                policy::suppressions(&path.display().to_string(), &text)?
            }
            None => Vec::new(),
        };
        let baseline = match &self.baseline {
            Some(path) => {
                let text = read_list(path)?;
                Some(policy::Baseline::read(&path.display().to_string(), &text)?)
            }
            None => None,
        };
        Ok(Policy {
            suppressions,
            baseline,
        })
    }

    /// The slice: that of --shard, or else the Pod's of an Indexed Job; everything without either.
    ///
    /// # Errors
    /// When the flags or the environment name no slice.
    pub(super) fn shard(&self) -> anyhow::Result<Option<Shard>> {
        slice(self.shard, self.shards, std::env::var(JOB_INDEX).ok())
    }
}

fn slice(
    shard: Option<Shard>,
    shards: Option<u32>,
    job: Option<String>,
) -> anyhow::Result<Option<Shard>> {
    match (shard, shards) {
        (Some(shard), Some(total)) if shard.total() != total => {
            bail!("--shard {shard} and --shards {total} disagree: give one of them")
        }
        (Some(shard), _) => Ok(Some(shard)),
        (None, None) => Ok(None),
        (None, Some(total)) => {
            let Some(job) = job else {
                bail!(
                    "--shards {total} needs {JOB_INDEX}, which Kubernetes sets in the Pods of an Indexed Job; \
                     elsewhere give --shard I/{total}"
                );
            };
            let index: u32 = job
                .parse()
                .ok()
                .and_then(|index: u32| index.checked_add(1))
                .with_context(|| format!("{JOB_INDEX} is {job:?}, and no number from 0"))?;
            let shard = Shard::new(index, total).with_context(|| {
                format!("{JOB_INDEX} is {job}: the Job's completions must equal --shards {total}")
            })?;
            Ok(Some(shard))
        }
    }
}

/// Reads an audit's document.
///
/// # Errors
/// Names the file and what is wrong with it.
pub(super) fn read_list(path: &Path) -> anyhow::Result<String> {
    read(path, MAX_LIST)
}

fn read(path: &Path, most: u64) -> anyhow::Result<String> {
    let about = || format!("cannot read {}", path.display());
    let file = std::fs::File::open(path).with_context(about)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(about)?;
    if bytes.len() as u64 > most {
        bail!("{} has more than {} MiB", path.display(), most >> 20);
    }
    String::from_utf8(bytes).with_context(about)
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn the_flag_goes_before_the_job() {
        let shard = |text: &str| Some(text.parse().unwrap());
        let job = |text: &str| Some(text.to_owned());
        let told = |shard, shards, job| match slice(shard, shards, job) {
            Ok(found) => found.map_or("all".to_owned(), |shard| shard.to_string()),
            Err(error) => format!("{error:#}"),
        };
        assert_eq!(told(None, None, job("3")), "all");
        assert_eq!(told(shard("2/4"), None, job("3")), "2/4");
        assert_eq!(told(shard("2/4"), Some(4), job("3")), "2/4");
        assert_eq!(told(None, Some(4), job("3")), "4/4");
        assert_eq!(told(None, Some(4), job("0")), "1/4");
        for (found, said) in [
            (told(shard("2/4"), Some(5), None), "disagree"),
            (told(None, Some(4), None), "give --shard I/4"),
            (
                told(None, Some(4), job("4")),
                "completions must equal --shards 4",
            ),
            (told(None, Some(0), job("0")), "at least 1"),
            (told(None, Some(4), job("x")), "no number from 0"),
            (told(None, Some(4), job("4294967295")), "no number from 0"),
        ] {
            assert!(found.contains(said), "{found}");
        }
    }
}
