//! Names for the completion of a command line: quick, silent, and nothing rather than late.

use super::deadline::Deadline;
use super::kube::{self, kinds};
use super::names_cache::Cache;
use super::notebook::Notebook;
use super::request::KubeOptions;
use std::time::Duration;

/// How long a person waits for a completion at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// What names are wanted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Namespaces.
    Namespaces,
    /// Gateways.
    Gateways,
    /// Services.
    Services,
    /// Ingresses.
    Ingresses,
    /// TargetGroupBindings.
    TargetGroupBindings,
}

impl Named {
    fn kind(self) -> &'static kinds::Kind {
        match self {
            Self::Namespaces => &kinds::NAMESPACES,
            Self::Gateways => &kinds::GATEWAYS,
            Self::Services => &kinds::SERVICES,
            Self::Ingresses => &kinds::INGRESSES,
            Self::TargetGroupBindings => &kinds::TARGET_GROUP_BINDINGS,
        }
    }
}

/// What a kubeconfig defines beside its contexts, each sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defined {
    /// Clusters.
    pub clusters: Vec<String>,
    /// Users.
    pub users: Vec<String>,
}

/// Clusters and users of the kubeconfig; none when it cannot be read.
pub fn defined(options: &KubeOptions) -> Defined {
    let (clusters, users) = kube::names::defined(options).unwrap_or_default();
    Defined { clusters, users }
}

/// Names of at most 500 objects in a namespace (the context's when absent), sorted.
///
/// One list of metadata within a second, kept for ten. Whatever goes wrong gives no names: there is nobody to
/// tell, because standard error goes into the middle of the person's prompt.
pub fn names(options: &KubeOptions, named: Named, namespace: Option<&str>) -> Vec<String> {
    let namespaced = named != Named::Namespaces;
    let Ok(question) = kube::names::Question::new(options, named.kind(), namespaced, namespace)
    else {
        return Vec::new();
    };
    let cache = Cache::of(&question.key(options));
    if let Some(names) = cache.as_ref().and_then(Cache::read) {
        return names;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return Vec::new();
    };
    let asked = runtime.block_on(async {
        let deadline = Deadline::new(PATIENCE, None);
        let notebook = Notebook::new(&|_| ());
        let work = question.ask(deadline, &notebook);
        tokio::time::timeout_at(deadline.end(), work).await
    });
    // A hanging name resolution must not keep the shell.
    runtime.shutdown_background();
    let Ok(Ok(names)) = asked else {
        return Vec::new();
    };
    if let Some(cache) = cache {
        cache.write(&names);
    }
    names
}
