//! The agents' Pods: every node with an agent half has one, whether or not the bundle shows it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::objects::{Objects, text};

/// The namespace Cilium is installed in.
const NAMESPACE: &str = "kube-system";

/// Adds a running `cilium-<node>` Pod for every node folder of `cilium/`, `envoy/` and `hubble/`
/// that no agent Pod of the bundle runs on.
pub(super) fn add_missing_pods(objects: &mut Objects, bundle: &Path) {
    let present: BTreeSet<String> = objects
        .of("", "Pod")
        .filter(|pod| text(pod, "/metadata/labels/k8s-app") == "cilium")
        .map(|pod| text(pod, "/spec/nodeName").to_owned())
        .collect();
    for node in nodes(bundle).difference(&present) {
        objects.insert(pod(node));
    }
}

fn nodes(bundle: &Path) -> BTreeSet<String> {
    let folders = ["cilium", "envoy", "hubble"].map(|half| bundle.join(half).read_dir());
    let entries = folders.into_iter().flatten().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Without times, so that the same bundle always gives the same object.
fn pod(node: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("cilium-{node}"),
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/name": "cilium-agent", "app.kubernetes.io/part-of": "cilium", "k8s-app": "cilium"},
        },
        "spec": {
            "nodeName": node,
            "hostNetwork": true,
            "containers": [{"name": "cilium-agent", "image": "quay.io/cilium/cilium"}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "cilium-agent",
                "image": "quay.io/cilium/cilium",
                "imageID": "",
                "ready": true,
                "started": true,
                "restartCount": 0,
                "state": {"running": {}},
            }],
        },
    })
}
