//! The contexts of the kubeconfig, for commands that go over several.

use super::kubeconfig;
use crate::collect::error::CollectError;
use crate::collect::request::KubeOptions;

/// A context by name, and the cluster entry it points to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Context {
    /// Name of the context.
    pub name: String,
    /// Name of its cluster entry; empty when it has none.
    pub cluster: String,
    /// Whether it is the current one.
    pub current: bool,
}

/// All contexts by name; none where there is no kubeconfig.
///
/// # Errors
/// When a kubeconfig exists and cannot be read.
pub fn contexts(options: &KubeOptions) -> Result<Vec<Context>, CollectError> {
    let Some((config, _)) = kubeconfig::read(options)? else {
        return Ok(Vec::new());
    };
    let current = config.current_context.as_deref();
    let mut all: Vec<Context> = config
        .contexts
        .iter()
        .map(|named| Context {
            name: named.name.clone(),
            cluster: named
                .context
                .as_ref()
                .map(|context| context.cluster.clone())
                .unwrap_or_default(),
            current: Some(named.name.as_str()) == current,
        })
        .collect();
    all.sort();
    all.dedup_by(|a, b| a.name == b.name);
    Ok(all)
}
