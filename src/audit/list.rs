//! Collects what clusters were reduced to, in any order, and makes one list in a fixed order.

use super::policy::{Policy, Ruling};
use super::reduce::Reduced;
use super::{accounts, problems};
use crate::path::Shard;
use crate::report::v1;

/// An audit under way.
#[derive(Debug, Default)]
pub struct Audit {
    items: Vec<v1::Diagnosis>,
    clusters: Vec<v1::Cluster>,
    accounts: Vec<v1::Account>,
    ruling: Ruling,
}

impl Audit {
    /// An audit under `policy`, of a slice or of everything; the scope of every cluster's reduction has the same slice.
    pub fn new(shard: Option<Shard>, policy: Policy) -> Self {
        Self {
            ruling: Ruling::new(shard, policy),
            ..Self::default()
        }
    }

    /// Takes over a cluster, and returns its diagnoses with the states of their findings.
    pub fn add(&mut self, mut reduced: Reduced) -> &[v1::Diagnosis] {
        self.ruling.judge(&mut reduced);
        let start = self.items.len();
        self.items.extend(reduced.items);
        self.clusters.push(reduced.cluster);
        self.accounts.extend(reduced.accounts);
        self.items.get(start..).unwrap_or_default()
    }

    /// The list; `run` has the calls and the time of everything.
    pub fn finish(mut self, run: v1::Run) -> v1::DiagnosisList {
        self.items.sort_by_cached_key(v1::SubjectName::of);
        self.clusters.sort();
        let mut list = v1::DiagnosisList {
            problems: problems::problems(&self.items),
            accounts: accounts::join(self.accounts, &self.items),
            clusters: self.clusters,
            run,
            ..v1::DiagnosisList::of(self.items)
        };
        self.ruling.write(&mut list);
        list
    }
}
