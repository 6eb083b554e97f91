//! Kubernetes objects in every form that kubectl prints.

use crate::{assert_unreadable, only_gap, snapshot};
use cilium_lb::bundle::Bundle;
use cilium_lb::model::{Reason, Source};
use cilium_lb::parse;

#[test]
fn single_objects_streams_and_lists_are_read() {
    let service = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"x"}}"#;
    let yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x}\nspec:\n  type: LoadBalancer\n  ports: [{port: 80, nodePort: 30866}]\n";
    for (path, text) in [
        ("kubernetes/one.json", service.to_owned()),
        ("kubernetes/one.yaml", yaml.to_owned()),
        ("kubernetes/one.yml", format!("# a comment\n---\n{yaml}---\nkind: Deployment\nmetadata: {{name: d}}\n")),
        ("kubernetes/two.json", format!("{service}\n{service}")),
        ("kubernetes/json-in.yaml", service.to_owned()),
        ("kubernetes/list.json", format!(r#"{{"apiVersion":"v1","kind":"List","items":[{service}]}}"#)),
        ("kubernetes/typed.json", r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"x"}}],"kind":"ServiceList"}"#.to_owned()),
        ("kubernetes/deep/er/one.json", service.to_owned()),
    ] {
        let snapshot = snapshot(&[(path, &text)]);
        let found = snapshot.kubernetes.services.find("x", "a").unwrap().unwrap();
        assert_eq!(found.origin.document, path);
        assert_eq!(found.origin.source, Source::Services);
        assert!(snapshot.gaps.is_empty() && snapshot.ignored.is_empty(), "{path}: {snapshot:?}");
    }
    let snapshot = snapshot(&[("kubernetes/one.yaml", yaml)]);
    assert_eq!(
        snapshot
            .kubernetes
            .services
            .find("x", "a")
            .unwrap()
            .unwrap()
            .spec
            .ports[0]
            .node_port,
        30866
    );
}

#[test]
fn kinds_of_other_groups_are_other_kinds() {
    let snapshot = snapshot(&[
        (
            "kubernetes/istio.yaml",
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: x}\n",
        ),
        (
            "kubernetes/knative.yaml",
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a, namespace: x}\n",
        ),
        (
            "kubernetes/istiolist.json",
            r#"{"apiVersion":"networking.istio.io/v1","kind":"GatewayList","items":[]}"#,
        ),
        (
            "kubernetes/gw.yaml",
            "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: Gateway\nmetadata: {name: b, namespace: x}\n",
        ),
    ]);
    assert_eq!(snapshot.kubernetes.gateways.known().count(), 1);
    assert_eq!(snapshot.kubernetes.services.known().count(), 0);
    assert!(
        snapshot.kubernetes.gateways.all("").is_err(),
        "a list of another kind proves nothing"
    );
    assert!(snapshot.gaps.is_empty());
}

#[test]
fn routes_keep_their_kind_and_clusterwide_configs_have_no_namespace() {
    let snapshot = snapshot(&[(
        "kubernetes/all.yaml",
        "kind: HTTPRoute\nmetadata: {name: web, namespace: x}\n---\nkind: TLSRoute\nmetadata: {name: web, namespace: x}\n---\nkind: CiliumClusterwideEnvoyConfig\nmetadata: {name: wide}\n",
    )]);
    let routes = &snapshot.kubernetes.routes;
    assert_eq!(
        routes.find("x", "HTTPRoute/web").unwrap().unwrap().kind,
        "HTTPRoute"
    );
    assert_eq!(
        routes.find("x", "TLSRoute/web").unwrap().unwrap().kind,
        "TLSRoute"
    );
    assert!(
        snapshot
            .kubernetes
            .envoy_configs
            .find("", "wide")
            .unwrap()
            .is_some()
    );
    let typed = crate::snapshot(&[(
        "kubernetes/httproutes.json",
        r#"{"kind":"HTTPRouteList","apiVersion":"gateway.networking.k8s.io/v1","items":[{"metadata":{"name":"web","namespace":"x"}}]}"#,
    )]);
    assert_eq!(
        typed
            .kubernetes
            .routes
            .find("x", "HTTPRoute/web")
            .unwrap()
            .unwrap()
            .kind,
        "HTTPRoute"
    );
}

#[test]
fn one_object_of_the_wrong_shape_costs_only_itself() {
    let json = "{\"kind\":\"ServiceList\",\"items\":[\n{\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"}},\n{\"metadata\":{\"name\":\"bad\",\"namespace\":\"x\"},\"spec\":{\"ports\":[\n{\"port\":\"eighty\"}]}},\n{\"metadata\":{\"name\":\"c\",\"namespace\":\"x\"}}]}";
    let yaml = "kind: List\nitems:\n- kind: Service\n  metadata: {name: a, namespace: x}\n- kind: Service\n  metadata: {name: bad, namespace: x}\n  spec:\n    ports:\n    - port: eighty\n- kind: Service\n  metadata: {name: c, namespace: x}\n";
    for (path, text, line) in [
        ("kubernetes/services.json", json, "line 4"),
        ("kubernetes/services.yaml", yaml, "line 9"),
    ] {
        let snapshot = snapshot(&[(path, text)]);
        let services = &snapshot.kubernetes.services;
        assert_eq!(services.known().count(), 2);
        let gap = only_gap(&snapshot);
        assert_eq!(
            (gap.source, gap.about.as_str()),
            (Source::Services, "x/bad")
        );
        assert_unreadable(gap, &[path, "items[1]", "Service x/bad", "eighty", line]);
        // The broken one may be the one that is asked for.
        assert_eq!(services.find("x", "bad").unwrap_err(), *gap);
        assert_eq!(services.all("x").unwrap_err(), *gap);
    }
}

#[test]
fn odd_values_are_named_and_the_rest_is_used() {
    let snapshot = snapshot(&[
        (
            "kubernetes/a.json",
            r#"{"kind":"List","items":[7,{"kind":"Node","metadata":{}},{"kind":"Node","metadata":{"name":"n"}}]}"#,
        ),
        (
            "kubernetes/nodes.json",
            r#"{"kind":"NodeList","items":"none"}"#,
        ),
        ("kubernetes/values.yaml", "replicas: 3\n"),
        ("kubernetes/notes.txt", "hello"),
    ]);
    assert!(snapshot.kubernetes.nodes.find("", "n").unwrap().is_some());
    assert!(
        snapshot.kubernetes.nodes.all("").is_err(),
        "no list is complete"
    );
    assert_eq!(snapshot.gaps.len(), 2, "{:#?}", snapshot.gaps);
    assert_unreadable(&snapshot.gaps[0], &["items[1] Node", "no metadata.name"]);
    assert_unreadable(&snapshot.gaps[1], &["items is not a list"]);
    assert_eq!(
        snapshot.ignored,
        [
            "kubernetes/a.json (items[0] is not an object)",
            "kubernetes/notes.txt",
            "kubernetes/values.yaml (the object has no kind)"
        ]
    );
}

#[test]
fn nulls_unknown_fields_and_unknown_values_do_not_hurt() {
    let snapshot = snapshot(&[(
        "kubernetes/s.yaml",
        "kind: Service\nmetadata: {name: a, namespace: x, labels: null, uid: null, newField: {b: 1}}\nspec:\n  type: FutureType\n  ports: null\n  sessionAffinity:\nstatus: null\n",
    )]);
    let service = snapshot
        .kubernetes
        .services
        .find("x", "a")
        .unwrap()
        .unwrap();
    assert_eq!(service.spec.kind, "FutureType");
    assert!(snapshot.gaps.is_empty());
}

#[test]
fn broken_documents_name_their_position_and_spare_the_others() {
    let snapshot = snapshot(&[
        (
            "kubernetes/good.yaml",
            "kind: Service\nmetadata: {name: a, namespace: x}\n",
        ),
        (
            "kubernetes/mixed.yaml",
            "kind: Service\nmetadata: {name: b, namespace: x}\n---\nkind: Gateway\nmetadata: {name: [\n---\nkind: Node\nmetadata: {name: n}\n",
        ),
        (
            "kubernetes/services.json",
            "{\"kind\":\"ServiceList\",\n\"items\":[{\"metadata\":",
        ),
    ]);
    assert_eq!(snapshot.kubernetes.services.known().count(), 2);
    assert!(snapshot.kubernetes.nodes.find("", "n").unwrap().is_some());
    assert_eq!(snapshot.gaps.len(), 2, "{:#?}", snapshot.gaps);
    assert_eq!(snapshot.gaps[0].source, Source::Gateways);
    assert_unreadable(&snapshot.gaps[0], &["kubernetes/mixed.yaml: line "]);
    assert_unreadable(
        &snapshot.gaps[1],
        &["kubernetes/services.json: line 2", "EOF"],
    );
    assert_eq!(
        snapshot.kubernetes.gateways.find("x", "g").unwrap_err(),
        snapshot.gaps[0]
    );
    assert_eq!(
        snapshot.kubernetes.services.find("x", "z").unwrap_err(),
        snapshot.gaps[1]
    );
}

#[test]
fn a_document_that_names_no_kind_may_have_held_anything() {
    let snapshot = snapshot(&[
        ("kubernetes/dump.yaml", "a: [\n"),
        ("kubernetes/empty.json", ""),
    ]);
    assert!(snapshot.gaps.is_empty());
    assert_eq!(snapshot.ignored.len(), 2);
    assert!(
        snapshot.ignored[0].contains("kubernetes/dump.yaml: line "),
        "{:?}",
        snapshot.ignored
    );
    assert_unreadable(
        &snapshot.kubernetes.events.all("").unwrap_err(),
        &["kubernetes/dump.yaml"],
    );
}

#[test]
fn refusals_of_the_server_are_told_from_broken_documents() {
    for (text, denied) in [
        (
            "Error from server (Forbidden): services is forbidden: User \"x\" cannot list resource",
            true,
        ),
        (
            r#"{"kind":"Status","status":"Failure","reason":"Forbidden","message":"services is forbidden","code":403}"#,
            true,
        ),
        (
            "error: the server doesn't have a resource type \"services\"",
            false,
        ),
        (
            r#"{"kind":"Status","status":"Failure","reason":"NotFound","message":"the server could not find the requested resource","code":404}"#,
            false,
        ),
    ] {
        let snapshot = snapshot(&[("kubernetes/gateway/services.json", text)]);
        let gap = only_gap(&snapshot);
        assert_eq!(
            (gap.source, gap.about.as_str()),
            (Source::Services, "namespace gateway")
        );
        assert_eq!(matches!(gap.reason, Reason::Denied(_)), denied, "{gap:?}");
        assert_eq!(
            snapshot.kubernetes.services.all("gateway").unwrap_err(),
            *gap
        );
    }
}

#[test]
fn texts_that_are_not_utf8_are_read_or_named() {
    let text = "kind: Service\nmetadata: {name: a, namespace: x}\n";
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mut bundle = Bundle::default();
    bundle.insert("kubernetes/wide.yaml", wide);
    bundle.insert(
        "kubernetes/latin.yaml",
        b"kind: Service\nmetadata: {name: caf\xe9}\n".as_slice(),
    );
    let snapshot = parse::snapshot(&bundle);
    assert!(
        snapshot
            .kubernetes
            .services
            .find("x", "a")
            .unwrap()
            .is_some()
    );
    assert_unreadable(
        only_gap(&snapshot),
        &["kubernetes/latin.yaml", "offset 34", "0xe9"],
    );
}

#[test]
fn endpoints_become_slices_unless_slices_are_there() {
    let endpoints = "kind: Endpoints\napiVersion: v1\nmetadata: {name: web, namespace: x, labels: {a: b}}\nsubsets:\n- addresses: [{ip: 10.0.0.1, nodeName: n, targetRef: {kind: Pod, name: p}}]\n  notReadyAddresses: [{ip: 10.0.0.2}]\n  ports: [{name: http, port: 8080, protocol: TCP}]\n- addresses: [{ip: 'fd00::1'}]\n";
    let only = snapshot(&[("kubernetes/e.yaml", endpoints)]);
    let slices: Vec<_> = only.kubernetes.endpoint_slices.known().collect();
    assert_eq!(slices.len(), 2);
    assert!(
        slices
            .iter()
            .all(|slice| slice.service() == Some("web") && slice.metadata.name != "web")
    );
    let ready: Vec<bool> = slices[0]
        .endpoints
        .iter()
        .map(|endpoint| endpoint.is_ready())
        .collect();
    assert_eq!(ready, [true, false]);
    assert_eq!(slices[0].ports[0].port, Some(8080));
    assert_eq!(slices[0].endpoints[0].node_name.as_deref(), Some("n"));
    assert_eq!(slices[1].address_type, "IPv6");
    assert!(
        only.kubernetes.endpoint_slices.all("x").is_err(),
        "Endpoints prove nothing about slices"
    );
    let slice = "kind: EndpointSlice\napiVersion: discovery.k8s.io/v1\nmetadata: {name: web-1, namespace: x, labels: {kubernetes.io/service-name: web}}\nendpoints: [{addresses: [10.0.0.1]}]\n";
    let both = snapshot(&[
        ("kubernetes/e.yaml", endpoints),
        ("kubernetes/s.yaml", slice),
    ]);
    let names: Vec<&str> = both
        .kubernetes
        .endpoint_slices
        .known()
        .map(|slice| slice.metadata.name.as_str())
        .collect();
    assert_eq!(names, ["web-1"], "the same endpoints are not counted twice");
}

#[test]
fn large_documents_are_read_and_bombs_are_not() {
    let mut large = "kind: List\nitems:\n".to_owned();
    let mut count = 0;
    while large.len() < 10 << 20 {
        large.push_str(&format!(
            "- kind: Service\n  metadata:\n    name: s{count}\n    namespace: x{}\n    annotations:\n      text: \"{}\"\n  spec:\n    ports: [{{port: 80}}]\n",
            count % 2,
            "x".repeat(2_000)
        ));
        count += 1;
    }
    let mut bomb = "kind: Service\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            format!("*a{},", level - 1).repeat(9)
        ));
    }
    let deep = format!("{{\"kind\":\"Node\",\"a\":{}", "[".repeat(200_000));
    let snapshot = snapshot(&[
        ("kubernetes/large.yaml", &large),
        ("kubernetes/bomb.yaml", &bomb),
        ("kubernetes/deep.json", &deep),
    ]);
    assert_eq!(snapshot.kubernetes.services.known().count(), count);
    assert_eq!(snapshot.kubernetes.services.all("").unwrap().len(), count);
    assert_eq!(snapshot.gaps.len(), 2, "{:#?}", snapshot.gaps);
    assert_unreadable(&snapshot.gaps[0], &["kubernetes/bomb.yaml: line "]);
    assert_unreadable(
        &snapshot.gaps[1],
        &["kubernetes/deep.json", "recursion limit"],
    );
}
