//! From the evidence of one cluster to the diagnoses of its subjects.

use super::accounts;
use crate::model::Snapshot;
use crate::path::audited;
use crate::report::{self, v1};
use crate::verdict;

/// Which subjects of a cluster are audited.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only this namespace; all when absent.
    pub namespace: Option<String>,
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
}

/// Diagnoses every subject of `snapshot` inside `scope`. `name` is what the list calls the cluster.
pub fn reduce(snapshot: &Snapshot, name: &str, scope: &Scope, run: &v1::Run) -> Reduced {
    let mut items = Vec::new();
    for subject in audited(snapshot) {
        let inside = |namespace: &String| subject.object.namespace == *namespace;
        if !scope.namespace.as_ref().is_none_or(inside) {
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
        }
    }
}
