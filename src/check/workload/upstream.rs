//! Envoy's clusters of a CiliumEnvoyConfig, and which of them have nobody to ask.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Gap};

/// A cluster without a healthy host.
pub struct Dead {
    /// `<namespace>:<service>:<port>`, as the CiliumEnvoyConfig names it.
    pub name: String,
    /// How many hosts it has, all of them unhealthy.
    pub hosts: usize,
    /// What says so.
    pub evidence: Evidence,
}

/// The clusters of an object that the Envoy of a node has no healthy host for, in order of name.
///
/// Cilium prefixes the names in Envoy with the namespace and name of the object (pkg/envoy resources).
///
/// # Errors
/// The gap when Envoy's clusters were not read.
pub fn dead(
    view: &View<'_>,
    node: &str,
    config: &Fact<CiliumEnvoyConfig>,
) -> Result<Vec<Dead>, Gap> {
    let clusters = view.agent(node).envoy_clusters()?;
    let prefix = format!("{}/{}/", config.metadata.namespace, config.metadata.name);
    let mut found: Vec<Dead> = clusters
        .iter()
        .filter(|cluster| cluster.healthy == 0)
        .filter_map(|cluster| {
            let name = cluster.name.strip_prefix(&prefix)?;
            Some(Dead {
                name: name.to_owned(),
                hosts: cluster.hosts,
                evidence: Evidence::new(
                    Layer::Observed,
                    &clusters.origin,
                    format!("Node/{node}"),
                    format!("cluster {}", cluster.name),
                    format!("{} of {} hosts healthy", cluster.healthy, cluster.hosts),
                ),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The Service of a cluster: `shop:web:80` is `web` in `shop`.
pub fn service(cluster: &str) -> Option<(&str, &str)> {
    let (namespace, rest) = cluster.split_once(':')?;
    let (name, _) = rest.split_once(':')?;
    Some((namespace, name))
}
