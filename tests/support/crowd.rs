//! A cluster double with very many agents, each with a few documents.

use super::cluster::ClusterDouble;
use cilium_lb::collect::{KubeOptions, Request};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// More than hundreds of shells take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);

/// `count` nodes with an agent each, and Service `shop/web` on all of them.
pub(crate) fn start(count: usize) -> (ClusterDouble, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
    });
    let nodes = (0..count).map(
        |number| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node(number)}}),
    );
    let items: Vec<Value> = std::iter::once(service).chain(nodes).collect();
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let write = |path: String, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("kubernetes/objects.yaml".to_owned(), &objects);
    for number in 0..count {
        let node = node(number);
        let row = format!(
            "{{\"10.0.{}.{}:30080/TCP (0)\": [\"0.0.0.0:0 (1) (0) [NodePort]\"]}}",
            number / 250,
            number % 250
        );
        write(format!("cilium/{node}/bpf-lb-list.json"), &row);
        write(
            format!("cilium/{node}/version.json"),
            "{\"Client\": {\"Version\": \"1.18.3\"}}",
        );
    }
    (ClusterDouble::start(folder.path()), folder)
}

/// The name of a node.
pub(crate) fn node(number: usize) -> String {
    format!("node-{number:04}")
}

/// A collection that reads every agent.
pub(crate) fn request(cluster: &ClusterDouble) -> Request {
    Request {
        subjects: vec!["service/web".parse().unwrap()],
        namespace: Some("shop".to_owned()),
        kube: KubeOptions {
            kubeconfig: Some(cluster.kubeconfig()),
            ..KubeOptions::default()
        },
        all_nodes: true,
        deadline: PATIENCE,
        request_timeout: Some(PATIENCE),
        ..Request::default()
    }
}
