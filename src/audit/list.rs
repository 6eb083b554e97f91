//! Collects what clusters were reduced to, in any order, and makes one list in a fixed order.

use super::reduce::Reduced;
use super::{accounts, problems};
use crate::report::v1;

/// An audit under way.
#[derive(Debug, Default)]
pub struct Audit {
    items: Vec<v1::Diagnosis>,
    clusters: Vec<v1::Cluster>,
    accounts: Vec<v1::Account>,
}

impl Audit {
    /// Takes over a cluster.
    pub fn add(&mut self, reduced: Reduced) {
        self.items.extend(reduced.items);
        self.clusters.push(reduced.cluster);
        self.accounts.extend(reduced.accounts);
    }

    /// The list; `run` has the calls and the time of everything.
    pub fn finish(mut self, run: v1::Run) -> v1::DiagnosisList {
        self.items.sort_by_cached_key(problems::subject_name);
        self.clusters.sort();
        v1::DiagnosisList {
            api_version: "cilium-lb.dev/v1".to_owned(),
            kind: "DiagnosisList".to_owned(),
            problems: problems::problems(&self.items),
            items: self.items,
            clusters: self.clusters,
            accounts: accounts::join(self.accounts),
            suppressed: Vec::new(),
            stale_suppressions: Vec::new(),
            baseline: None,
            shard: None,
            run,
        }
    }
}
