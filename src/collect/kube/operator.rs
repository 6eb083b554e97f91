//! cilium-operator: read only where a Gateway has no answer, to say why.

use super::client::Kube;
use super::kinds::{DEPLOYMENTS, PODS};
use super::lists::{Filter, List};
use serde_json::Value;

/// The operator's Pods; the label is the same in every version and chart.
const LABELS: &str = "io.cilium/app=operator";
/// Its Deployment, which has the name of its container.
const NAME: &str = "cilium-operator";

/// A Pod of the operator.
struct OperatorPod<'a> {
    name: &'a str,
    node: &'a str,
    /// Whether its process waits to be started again: then the log of the one before tells why.
    waits: bool,
}

impl Kube<'_> {
    /// Reads the operator's Deployment, its Pods and the beginning of their logs.
    pub(in crate::collect) async fn operator(&self, namespace: &str) {
        let pods = List {
            filter: Filter::Part {
                name: NAME.to_owned(),
                parameter: "labelSelector",
                selector: LABELS.to_owned(),
            },
            ..List::all(&PODS, Some(namespace))
        };
        let (pages, _) =
            futures::future::join(self.list(&pods), self.read(&DEPLOYMENTS, namespace, NAME)).await;
        let pods: Vec<OperatorPod<'_>> = pages
            .iter()
            .flat_map(|page| &page.items)
            .filter_map(operator_pod)
            .collect();
        let logs = pods.iter().map(|pod| self.keep_log(namespace, pod));
        futures::future::join_all(logs).await;
    }

    async fn keep_log(&self, namespace: &str, pod: &OperatorPod<'_>) {
        let path = format!("cilium/{}/operator", pod.node);
        self.notebook.expect(&path, path.as_str());
        match self
            .first_of_log(namespace, pod.name, NAME, pod.waits)
            .await
        {
            Ok(bytes) => self.notebook.document(format!("{path}.log"), bytes),
            Err(failure) => self.notebook.gap(path.as_str(), failure),
        }
        self.notebook.settle(&path);
    }
}

fn operator_pod(pod: &Value) -> Option<OperatorPod<'_>> {
    let text = |pointer: &str| {
        pod.pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let waits = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|status| status.pointer("/state/waiting").is_some());
    Some(OperatorPod {
        name: text("/metadata/name")?,
        node: text("/spec/nodeName")?,
        waits,
    })
}

#[cfg(test)]
mod tests {
    use super::operator_pod;
    use serde_json::json;

    #[test]
    fn a_pod_without_a_node_has_no_log() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}});
        let found = operator_pod(&pod).unwrap();
        assert_eq!((found.name, found.node, found.waits), ("a", "n", true));
        assert!(operator_pod(&json!({"metadata": {"name": "a"}, "spec": {}})).is_none());
    }
}
