//! Ctrl-C gives what was read until then. Alone in its file: the signal reaches the whole process.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::collect::{Event, KubeOptions, Request, collect};
use std::process::Command;
use std::time::{Duration, Instant};
use support::cluster::{ClusterDouble, Faults, RequestAction, RequestFault};

#[test]
fn an_interrupted_collection_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("kubernetes")).unwrap();
    std::fs::write(
        folder.path().join("kubernetes/service.yaml"),
        "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}",
    )
    .unwrap();
    let cluster = ClusterDouble::start(folder.path());
    let hang = RequestFault::at("/api/v1/nodes", RequestAction::Hang);
    cluster.set_faults(Faults::none().request(hang));
    let request = Request {
        subjects: vec!["service/web".parse().unwrap()],
        namespace: Some("shop".to_owned()),
        kube: KubeOptions {
            kubeconfig: Some(cluster.kubeconfig()),
            ..KubeOptions::default()
        },
        ..Request::default()
    };
    // The Services were read, so the collection waits for the nodes alone.
    let interrupt = |event: Event| {
        if matches!(event, Event::Progress { what, .. } if what == "kubernetes/shop/services") {
            let pid = std::process::id().to_string();
            let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
            assert!(sent.success());
        }
    };
    let start = Instant::now();
    let collected = collect(&request, &interrupt).unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(collected.interrupted);
    assert!(
        collected
            .bundle
            .get("kubernetes/shop/services.json")
            .is_some()
    );
    let gaps = &collected.bundle.manifest.gaps;
    let nodes = gaps
        .iter()
        .find(|gap| gap.source == "kubernetes/nodes")
        .unwrap();
    assert!(nodes.reason.starts_with("Interrupted: "), "{gaps:#?}");
}
