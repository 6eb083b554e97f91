//! Facts, with no client types.
//!
//! Everything a check may know is in a [`Snapshot`]. A fact that could not be
//! read is a [`Gap`] that says why, so that "not seen" never becomes "not there".

pub mod aws;
pub mod cilium;
pub mod envoy;
pub mod gap;
pub mod hubble;
pub mod kubernetes;
pub mod naming;
pub mod seen;
pub mod source;

pub use gap::{Gap, Reason};
pub use seen::{Fact, Origin, Seen};
pub use source::Source;

use std::collections::BTreeMap;

/// All facts of one bundle, typed.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When the evidence was collected, RFC 3339, if the bundle says so.
    pub taken_at: Option<String>,
    /// The kubeconfig context the evidence was read with.
    pub context: Option<String>,
    /// Kubernetes objects by kind.
    pub kubernetes: kubernetes::Kubernetes,
    /// AWS documents by account and region.
    pub aws: aws::Aws,
    /// Agent readings by Kubernetes node name.
    pub agents: BTreeMap<String, cilium::Agent>,
    /// Envoy admin readings by Kubernetes node name.
    pub envoys: BTreeMap<String, envoy::EnvoyAdmin>,
    /// Hubble flows by Kubernetes node name.
    pub flows: BTreeMap<String, Seen<Vec<hubble::Flow>>>,
    /// Readings that failed, were denied or could not be parsed, in document order.
    pub gaps: Vec<Gap>,
    /// Documents that the bundle holds and this program does not know.
    pub ignored: Vec<String>,
}

/// Where Cilium lives when nothing that was captured says otherwise.
const USUAL_NAMESPACE: &str = "kube-system";

impl Snapshot {
    /// The namespace of the agents: that of their Pods, or else of cilium-config; `kube-system` where
    /// neither was captured. It makes commands right and proves nothing.
    pub fn agent_namespace(&self) -> &str {
        let pods = self.kubernetes.pods.known();
        let maps = self.kubernetes.config_maps.known();
        let of_pods = pods
            .filter(|pod| pod.is_app("cilium"))
            .map(|pod| pod.metadata.namespace.as_str());
        let of_maps = maps
            .filter(|map| map.metadata.name == "cilium-config")
            .map(|map| map.metadata.namespace.as_str());
        of_pods
            .chain(of_maps)
            .find(|namespace| !namespace.is_empty())
            .unwrap_or(USUAL_NAMESPACE)
    }

    /// The agent of `node`, or a gap that says no reading of it was captured.
    pub fn agent(&self, node: &str) -> Result<&cilium::Agent, Gap> {
        self.agents
            .get(node)
            .ok_or_else(|| Gap::not_collected(Source::BpfLb, format!("node {node}")))
    }

    /// The Envoy admin readings of `node`, or a gap.
    pub fn envoy(&self, node: &str) -> Result<&envoy::EnvoyAdmin, Gap> {
        self.envoys
            .get(node)
            .ok_or_else(|| Gap::not_collected(Source::EnvoyListeners, format!("node {node}")))
    }
}
