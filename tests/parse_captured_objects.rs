//! The Kubernetes objects of every capture are read, and say what the operator of each version made of the same
//! Gateways.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod captures;

use captures::all;
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::model::kubernetes::meta::condition;
use cilium_lb::parse;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every capture with Kubernetes objects, read.
fn states() -> BTreeMap<String, Snapshot> {
    let mut bundles: BTreeMap<String, Bundle> = BTreeMap::new();
    for document in all() {
        if document.path.starts_with("kubernetes/") {
            let bundle = bundles.entry(document.state).or_default();
            bundle.insert(document.path, document.bytes);
        }
    }
    let read = bundles.into_iter();
    read.map(|(state, bundle)| (state, parse::snapshot(&bundle)))
        .collect()
}

/// Names of a capture's Services, with their types.
fn services(snapshot: &Snapshot) -> Vec<(&str, &str)> {
    let services = snapshot.kubernetes.services.known();
    services
        .map(|service| (service.metadata.name.as_str(), service.spec.kind.as_str()))
        .collect()
}

#[test]
fn no_document_is_refused() {
    let states = states();
    assert_eq!(states.len(), 32);
    for (state, snapshot) in &states {
        let unread: Vec<String> = snapshot
            .gaps
            .iter()
            .map(ToString::to_string)
            .filter(|gap| gap.contains("kubernetes/"))
            .collect();
        assert!(unread.is_empty(), "{state}: {unread:?}");
    }
}

#[test]
fn every_object_is_kept() {
    let states = states();
    let mut items: BTreeMap<(String, String), usize> = BTreeMap::new();
    for document in all() {
        if !document.path.starts_with("kubernetes/") {
            continue;
        }
        let text = std::str::from_utf8(&document.bytes).unwrap();
        let list: Value = serde_saphyr::from_str(text).unwrap();
        for item in list["items"].as_array().into_iter().flatten() {
            let kind = item["kind"].as_str().unwrap().to_owned();
            *items.entry((document.state.clone(), kind)).or_default() += 1;
        }
    }
    for (state, snapshot) in &states {
        let kubernetes = &snapshot.kubernetes;
        for (kind, count) in [
            ("Gateway", kubernetes.gateways.known().count()),
            ("GatewayClass", kubernetes.gateway_classes.known().count()),
            (
                "CiliumGatewayClassConfig",
                kubernetes.gateway_class_configs.known().count(),
            ),
            ("HTTPRoute", kubernetes.routes.known().count()),
            ("Service", kubernetes.services.known().count()),
            (
                "CiliumEnvoyConfig",
                kubernetes.envoy_configs.known().count(),
            ),
            ("Node", kubernetes.nodes.known().count()),
        ] {
            let wanted = items.get(&(state.clone(), kind.to_owned()));
            assert_eq!(count, wanted.copied().unwrap_or_default(), "{state} {kind}");
        }
    }
}

#[test]
fn host_network_mode_of_1_19_makes_the_service_a_cluster_ip() {
    let states = states();
    let of = |state: &str| {
        services(&states[state])
            .into_iter()
            .map(|one| one.1)
            .collect::<Vec<_>>()
    };
    assert!(
        of("cilium-1.19/gw-hostnetwork")
            .iter()
            .all(|kind| *kind == "ClusterIP")
    );
    assert!(
        of("cilium-1.19/gw-programmed")
            .iter()
            .all(|kind| *kind == "LoadBalancer")
    );
}

#[test]
fn a_gateway_without_its_certificate_has_a_service_in_1_18_only() {
    let states = states();
    for (version, has) in [("1.18", true), ("1.19", false), ("1.21", false)] {
        let snapshot = &states[&format!("cilium-{version}/gw-variants")];
        let found = services(snapshot)
            .iter()
            .any(|(name, _)| *name == "cilium-gateway-bad-secret");
        assert_eq!(found, has, "{version}");
    }
}

#[test]
fn a_class_with_a_namespaced_configuration_is_refused_by_1_19_although_it_is_used() {
    let states = states();
    let snapshot = &states["cilium-1.19/gw-variants"];
    let class = snapshot
        .kubernetes
        .gateway_classes
        .find("", "cilium-nlb")
        .unwrap()
        .unwrap();
    let accepted = condition(&class.status.conditions, "Accepted").unwrap();
    assert_eq!(
        (accepted.status.as_str(), accepted.reason.as_str()),
        ("False", "InvalidParameters")
    );
    let local = snapshot
        .kubernetes
        .services
        .find("gateway", "cilium-gateway-local-gateway")
        .unwrap()
        .unwrap();
    assert!(local.is_local());
}
