//! Where Cilium runs, its Pods and its configuration.

use super::client::Kube;
use super::failure::Failure;
use super::kinds::{CONFIG_MAPS, NODE_CONFIGS, PODS};
use super::lists::{Filter, List, Page};
use super::objects::Found;
use serde_json::Value;

/// The agents and the Envoys, and kube-proxy where it still runs beside them; the labels are the same in
/// every version and chart.
const LABELS: &str = "k8s-app in (cilium,cilium-envoy,kube-proxy)";
/// Where Cilium is in nearly every cluster.
const USUAL: &str = "kube-system";
/// The ConfigMap the agents start with.
const CONFIG: &str = "cilium-config";

/// What was read of Cilium's own objects.
pub(in crate::collect) struct Cilium {
    /// Its namespace, `kube-system` when no Pod says otherwise.
    pub(in crate::collect) namespace: String,
    /// `cilium-config`, unless it was not read.
    pub(in crate::collect) config: Option<Found>,
    /// Lists of its Pods.
    pub(in crate::collect) pods: Vec<Page>,
}

impl Kube<'_> {
    /// Reads Cilium's Pods, `cilium-config` and the CiliumNodeConfigs, in kube-system or wherever its Pods are.
    pub(in crate::collect) async fn cilium(&self) -> Cilium {
        let (pods, config, ()) = futures::future::join3(
            self.cilium_pods(Some(USUAL)),
            self.object(&CONFIG_MAPS, USUAL, CONFIG),
            self.node_configs(USUAL),
        )
        .await;
        // A list that failed has no page and proves nothing; an empty one means: look elsewhere.
        let none_there = !pods.is_empty() && pods.iter().all(|page| page.items.is_empty());
        if none_there {
            let everywhere = self.cilium_pods(None).await;
            if let Some(namespace) = first_namespace(&everywhere) {
                let (config, ()) = futures::future::join(
                    self.object(&CONFIG_MAPS, &namespace, CONFIG),
                    self.node_configs(&namespace),
                )
                .await;
                return Cilium {
                    config: self.keep_config(&namespace, config),
                    namespace,
                    pods: everywhere,
                };
            }
        }
        Cilium {
            config: self.keep_config(USUAL, config),
            namespace: USUAL.to_owned(),
            pods,
        }
    }

    async fn cilium_pods(&self, namespace: Option<&str>) -> Vec<Page> {
        self.list(&List {
            filter: Filter::Whole(LABELS),
            ..List::all(&PODS, namespace)
        })
        .await
    }

    async fn node_configs(&self, namespace: &str) {
        self.list(&List::all(&NODE_CONFIGS, Some(namespace))).await;
    }

    fn keep_config(&self, namespace: &str, config: Result<Value, Failure>) -> Option<Found> {
        match config {
            Ok(object) => Some(self.keep(&CONFIG_MAPS, namespace, CONFIG, object)),
            Err(failure) => {
                self.notebook.gap(CONFIG_MAPS.source(), failure);
                None
            }
        }
    }
}

fn first_namespace(pages: &[Page]) -> Option<String> {
    let namespaces = pages.iter().flat_map(|page| &page.items).filter_map(|pod| {
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str)?;
        (!namespace.is_empty()).then(|| namespace.to_owned())
    });
    namespaces.min()
}
