//! When absence from a list proves that something does not exist.

use crate::{only_gap, snapshot};
use cilium_lb::model::{Reason, Snapshot};

/// The namespaces among a, b and "" (all of them) in which absence of a Service is proven.
fn proven(snapshot: &Snapshot) -> Vec<&'static str> {
    ["a", "b", ""]
        .into_iter()
        .filter(|namespace| snapshot.kubernetes.services.all(namespace).is_ok())
        .collect()
}

fn service(namespace: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"s","namespace":"{namespace}"}}}}"#
    )
}

fn list(kind: &str, namespaces: &[&str]) -> String {
    let items: Vec<String> = namespaces
        .iter()
        .map(|namespace| service(namespace))
        .collect();
    format!(
        r#"{{"apiVersion":"v1","kind":"{kind}","items":[{}]}}"#,
        items.join(",")
    )
}

#[test]
fn a_list_proves_what_its_path_and_its_items_show() {
    let (all, none): (&[&str], &[&str]) = (&["a", "b", ""], &[]);
    for (path, text, expected) in [
        ("kubernetes/x.json", service("a"), none),
        ("kubernetes/services.json", service("a"), none),
        // From the API, so it is what its path says.
        ("kubernetes/x.json", list("ServiceList", &["a"]), all),
        ("kubernetes/services.json", list("ServiceList", &[]), all),
        (
            "kubernetes/a/services.json",
            list("ServiceList", &["a"]),
            &["a"],
        ),
        (
            "kubernetes/a/services.json",
            list("ServiceList", &[]),
            &["a"],
        ),
        (
            "kubernetes/a/services.2.json",
            list("ServiceList", &[]),
            none,
        ),
        // A folder that is no namespace, since the items say otherwise.
        (
            "kubernetes/raw/services.json",
            list("ServiceList", &["a", "b"]),
            all,
        ),
        // From kubectl, for one namespace or for all of them.
        ("kubernetes/x.json", list("List", &["a"]), &["a"]),
        ("kubernetes/services.json", list("List", &["a"]), &["a"]),
        ("kubernetes/x.json", list("List", &["a", "b"]), all),
        ("kubernetes/a/services.json", list("List", &["a"]), &["a"]),
        ("kubernetes/services.json", list("List", &[]), all),
        ("kubernetes/b/services.yaml", list("List", &[]), &["b"]),
        ("kubernetes/x.json", list("List", &[]), none),
        ("kubernetes/nodes.json", list("List", &[]), none),
    ] {
        let snapshot = snapshot(&[(path, &text)]);
        assert_eq!(proven(&snapshot), expected, "{path}: {text}");
        assert!(snapshot.gaps.is_empty());
    }
}

#[test]
fn kinds_without_namespaces_are_listed_as_a_whole() {
    let node =
        r#"{"kind":"List","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}]}"#;
    let listed = snapshot(&[("kubernetes/x.json", node)]);
    assert!(listed.kubernetes.nodes.find("", "other").unwrap().is_none());
    let single = snapshot(&[(
        "kubernetes/x.yaml",
        "apiVersion: v1\nkind: Node\nmetadata: {name: n}\n",
    )]);
    assert!(single.kubernetes.nodes.find("", "other").is_err());
}

#[test]
fn lists_of_a_part_of_a_collection_prove_nothing() {
    let snapshot = snapshot(&[
        (
            "kubernetes/grpcroutes.json",
            r#"{"apiVersion":"gateway.networking.k8s.io/v1","kind":"GRPCRouteList","items":[]}"#,
        ),
        (
            "kubernetes/ciliumclusterwideenvoyconfigs.json",
            r#"{"apiVersion":"cilium.io/v2","kind":"CiliumClusterwideEnvoyConfigList","items":[]}"#,
        ),
        (
            "kubernetes/endpoints.json",
            r#"{"apiVersion":"v1","kind":"EndpointsList","items":[]}"#,
        ),
    ]);
    assert!(snapshot.kubernetes.routes.all("").is_err());
    assert!(snapshot.kubernetes.envoy_configs.all("").is_err());
    assert!(snapshot.kubernetes.endpoint_slices.all("").is_err());
}

fn page(namespace: &str, goes_on: bool) -> String {
    let token = if goes_on { "abc" } else { "" };
    format!(
        r#"{{"kind":"ServiceList","metadata":{{"continue":"{token}"}},"items":[{{"metadata":{{"name":"{namespace}","namespace":"{namespace}"}}}}]}}"#
    )
}

#[test]
fn pages_are_complete_together_and_not_alone() {
    let pages = [page("a", true), page("b", true), page("c", false)];
    let names = [
        "kubernetes/services.json",
        "kubernetes/services.2.json",
        "kubernetes/services.3.json",
    ];
    let documents: Vec<(&str, &str)> = names
        .into_iter()
        .zip(pages.iter().map(String::as_str))
        .collect();
    let whole = snapshot(&documents);
    assert_eq!(whole.kubernetes.services.all("").unwrap().len(), 3);
    assert!(whole.gaps.is_empty());
    for missing in 0..3 {
        let mut rest = documents.clone();
        rest.remove(missing);
        let part = snapshot(&rest);
        assert_eq!(part.kubernetes.services.known().count(), 2);
        assert!(proven(&part).is_empty(), "without page {}", missing + 1);
        if missing > 0 {
            let gap = only_gap(&part);
            assert!(
                matches!(&gap.reason, Reason::Partial(text) if text.contains("next page")),
                "{gap}"
            );
            assert_eq!(part.kubernetes.services.find("z", "z").unwrap_err(), *gap);
        }
        // A page that is there and broken is as good as missing.
        let mut broken = documents.clone();
        broken[missing].1 = "{\"kind\":";
        assert!(proven(&snapshot(&broken)).is_empty());
    }
}
