//! From the evidence of one cluster to the diagnoses of its subjects.

use super::accounts;
use super::roll::Roll;
use crate::model::Snapshot;
use crate::path::{Shard, audited};
use crate::report::{self, v1};
use crate::verdict;

/// Which subjects of a cluster are audited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only this namespace; all when absent.
    pub namespace: Option<String>,
    /// Only this slice; everything when absent.
    pub shard: Option<Shard>,
}

impl Scope {
    /// Whether the namespace of a subject is inside.
    pub(super) fn has(&self, namespace: &str) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|only| only == namespace)
    }

    /// Whether its slice holds a subject; the arguments are those of [`Shard::holds`].
    pub(super) fn holds(&self, cluster: &str, namespace: &str, name: &str) -> bool {
        self.shard
            .is_none_or(|shard| shard.holds(cluster, namespace, name))
    }
}

/// What is left of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// The cluster itself.
    pub cluster: v1::Cluster,
    /// The accounts and regions that were read for it.
    pub accounts: Vec<v1::Account>,
    /// Its diagnoses by kind, namespace and name.
    pub items: Vec<v1::Diagnosis>,
    /// What it has, in all slices.
    pub roll: Roll,
}

/// Diagnoses every subject of `snapshot` inside `scope`. `name` is what the list calls the cluster.
pub fn reduce(snapshot: &Snapshot, name: &str, scope: &Scope, run: &v1::Run) -> Reduced {
    let mut items = Vec::new();
    let mut roll = Roll::new(snapshot, name, scope);
    for subject in audited(snapshot) {
        if !scope.has(&subject.object.namespace) {
            continue;
        }
        let held = scope
            .shard
            .is_none_or(|shard| shard.holds_subject(name, &subject));
        roll.add(name, &subject, held);
        if !held {
            continue;
        }
        let verdict = verdict::diagnose(snapshot, &subject);
        let mut document = report::diagnosis(snapshot, &verdict, run.clone());
        document.subject.context = Some(name.to_owned());
        items.push(document);
    }
    Reduced {
        cluster: v1::Cluster {
            name: name.to_owned(),
            subjects: items.len(),
            gaps: snapshot.gaps.len(),
            error: None,
            taken_at: snapshot.taken_at.clone(),
        },
        accounts: accounts::of(snapshot),
        items,
        roll,
    }
}

impl Reduced {
    /// A cluster of which nothing could be read.
    pub fn failed(name: &str, error: String) -> Self {
        Self {
            cluster: v1::Cluster {
                name: name.to_owned(),
                error: Some(error),
                ..v1::Cluster::default()
            },
            accounts: Vec::new(),
            items: Vec::new(),
            roll: Roll::default(),
        }
    }
}
