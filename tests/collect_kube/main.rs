//! The collector against an API server that pages, refuses, throttles, hangs and cuts.
//!
//! The cluster double counts every request and runs the agents' script for real.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod exec;
mod many;
#[path = "../support/mod.rs"]
mod support;

use cilium_lb::bundle::Bundle;
use cilium_lb::collect::{CollectError, Collected, KubeOptions, Request, collect};
use cilium_lb::parse;
use std::path::Path;
use std::time::{Duration, Instant};
use support::cluster::{ClusterDouble, ExecAction, ExecFault, Faults, RequestAction, RequestFault};
use tempfile::TempDir;

const OBJECTS: &str = "
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop}
  spec: {type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 31753, ports: [{port: 80, nodePort: 30080}]}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: cilium-config, namespace: kube-system, managedFields: [{manager: helm, operation: Update, time: '2026-01-01T00:00:00Z', fieldsV1: {'f:data': {}}}]}
  data: {enable-envoy-config: 'true'}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: aws-load-balancer-controller, namespace: kube-system}
  spec: {template: {spec: {containers: [{name: controller, args: [--load-balancer-class=example.com/lb]}]}}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: coredns, namespace: kube-system}}
- {apiVersion: v1, kind: Node, metadata: {name: node-a}}
- {apiVersion: v1, kind: Node, metadata: {name: node-b}}
- {apiVersion: v1, kind: Node, metadata: {name: node-c}}
";

/// Documents of an agent that the script asks for.
const AGENT: &[(&str, &str)] = &[
    ("version.json", "{\"Client\": {\"Version\": \"1.18.3\"}}"),
    ("status.json", "{\"cilium\": {\"state\": \"Ok\"}}"),
    (
        "bpf-lb-list.json",
        "{\"10.0.1.5:30080/TCP (0)\": [\"0.0.0.0:0 (1) (0) [NodePort]\"]}",
    ),
    ("ip-rule.txt", "0:\tfrom all lookup local\n"),
    ("config-map/enable-envoy-config", "true"),
    ("config-map/identity-allocation-mode", "crd"),
    (
        "health-check-node-port.31753.txt",
        "HTTP/1.1 200 OK\r\n\r\n{\"localEndpoints\":1}",
    ),
    ("agent.log", "level=info msg=started\n"),
];

/// A cluster with `services` further Services and agents on the named nodes.
fn cluster(services: usize, agents: &[&str]) -> (ClusterDouble, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: String, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut objects = OBJECTS.to_owned();
    for number in 0..services {
        objects.push_str(&format!(
            "---\n{{apiVersion: v1, kind: Service, metadata: {{name: s{number:05}, namespace: shop}}}}\n"
        ));
    }
    write("kubernetes/objects.yaml".to_owned(), &objects);
    for node in agents {
        for (name, text) in AGENT {
            write(format!("cilium/{node}/{name}"), text);
        }
        write(
            format!("envoy/{node}/listeners.json"),
            "{\"listener_statuses\": []}",
        );
    }
    (ClusterDouble::start(folder.path()), folder)
}

fn request(cluster: &ClusterDouble, subject: &str) -> Request {
    Request {
        subjects: vec![subject.parse().unwrap()],
        namespace: Some("shop".to_owned()),
        kube: KubeOptions {
            kubeconfig: Some(cluster.kubeconfig()),
            ..KubeOptions::default()
        },
        ..Request::default()
    }
}

fn run(request: &Request) -> Collected {
    collect(request, &|_| {}).unwrap()
}

fn failure(request: &Request) -> CollectError {
    collect(request, &|_| {}).map(|_| ()).unwrap_err()
}

fn gap<'a>(bundle: &'a Bundle, source: &str) -> &'a str {
    let gaps = &bundle.manifest.gaps;
    let found = gaps.iter().find(|gap| gap.source == source);
    &found
        .unwrap_or_else(|| panic!("no gap {source} in {gaps:#?}"))
        .reason
}

fn documents(bundle: &Bundle, prefix: &str) -> Vec<String> {
    let paths = bundle.iter().map(|(path, _)| path.to_owned());
    paths.filter(|path| path.starts_with(prefix)).collect()
}

fn requests(cluster: &ClusterDouble, part: &str) -> usize {
    cluster
        .requests()
        .iter()
        .filter(|(_, target)| target.contains(part))
        .count()
}

fn at(path: &str, code: u16) -> RequestFault {
    RequestFault::at(path, RequestAction::answer(code))
}

const SERVICES: &str = "/api/v1/namespaces/shop/services";

#[test]
fn a_subject_takes_one_request_a_kind_and_one_exec_an_agent() {
    let (cluster, _folder) = cluster(0, &["node-a", "node-b"]);
    let collected = run(&request(&cluster, "service/web"));
    let bundle = &collected.bundle;
    assert!(!collected.interrupted && collected.seconds > 0.0);
    assert_eq!(collected.context.as_deref(), Some(cluster.context()));
    assert_eq!(collected.namespace, "shop");
    assert_eq!(bundle.manifest.kind, "Bundle");
    assert!(
        bundle
            .manifest
            .taken_at
            .as_deref()
            .is_some_and(|time| time.ends_with('Z'))
    );
    let lists: u64 = collected
        .calls
        .iter()
        .filter(|(call, _)| call.starts_with("kubernetes:list"))
        .map(|(call, count)| {
            // Nobody serves v2 of this kind here, or both versions are tried.
            assert!(*count == 1, "{call}: {count}");
            count
        })
        .sum();
    assert_eq!(lists, 16, "{:#?}", collected.calls);
    assert_eq!(collected.calls["exec"], 2);
    assert_eq!(cluster.execs().len(), 2);
    let total: u64 = collected.calls.values().sum();
    assert_eq!(total as usize, cluster.requests().len());
    assert_eq!(
        documents(bundle, "cilium/node-a/"),
        [
            "cilium/node-a/agent.log",
            "cilium/node-a/bpf-lb-list.json",
            "cilium/node-a/config-map/enable-envoy-config",
            "cilium/node-a/health-check-node-port.31753.txt",
            "cilium/node-a/ip-rule.txt",
            "cilium/node-a/monitor-drop.json",
            "cilium/node-a/status.json",
            "cilium/node-a/version.json",
        ]
    );
    assert_eq!(
        documents(bundle, "envoy/node-a/"),
        ["envoy/node-a/listeners.json"]
    );
    let status = bundle.get("cilium/node-a/status.json").unwrap();
    assert_eq!(status, b"{\"cilium\": {\"state\": \"Ok\"}}");
    assert!(gap(bundle, "cilium/node-a/iptables-save").contains("exit code 1"));
    assert!(gap(bundle, "cilium/node-c").starts_with("NoAgent: "));
    let map = bundle
        .get("kubernetes/kube-system/configmaps/cilium-config.json")
        .unwrap();
    let map: serde_json::Value = serde_json::from_slice(map).unwrap();
    let written = serde_json::json!([{"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z"}]);
    assert_eq!(map["metadata"]["managedFields"], written);
}

#[test]
fn a_service_that_waits_is_held_against_the_flags_of_its_controller() {
    let (cluster, _folder) = cluster(0, &[]);
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let facts = parse::snapshot(&bundle).kubernetes.deployments;
    let flags: Vec<_> = facts
        .known()
        .map(|found| (&*found.metadata.name, found.flag("--load-balancer-class")))
        .collect();
    let controller = "aws-load-balancer-controller";
    assert_eq!(flags, [(controller, Some("example.com/lb"))]);
}

#[test]
fn the_caller_is_told_to_the_server() {
    let (cluster, _folder) = cluster(0, &[]);
    let mut request = request(&cluster, "service/web");
    request.kube.as_user = Some("jane".to_owned());
    request.kube.as_groups = vec!["ops".to_owned()];
    run(&request);
    for headers in cluster.identities() {
        let value = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(value("impersonate-user"), Some("jane"));
        assert_eq!(value("impersonate-group"), Some("ops"));
        assert!(value("user-agent").is_some_and(|agent| agent.starts_with("kubectl-cilium_lb/")));
    }
}

#[test]
fn long_lists_come_in_pages() {
    let (cluster, _folder) = cluster(1100, &[]);
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert_eq!(
        documents(&bundle, "kubernetes/shop/services"),
        [
            "kubernetes/shop/services.2.json",
            "kubernetes/shop/services.3.json",
            "kubernetes/shop/services.json",
        ]
    );
    let services = parse::snapshot(&bundle).kubernetes.services;
    assert_eq!(services.all("shop").unwrap().len(), 1101);
}

#[test]
fn a_list_that_breaks_off_proves_nothing_and_gives_what_it_has() {
    let (cluster, _folder) = cluster(600, &[]);
    cluster.set_faults(Faults::none().request(at(SERVICES, 500).when_continued()));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let reason = gap(&bundle, "kubernetes/services");
    assert!(reason.starts_with("InternalError: "), "{reason}");
    assert!(reason.ends_with("(after 1 pages of 500)"), "{reason}");
    let services = parse::snapshot(&bundle).kubernetes.services;
    assert!(services.all("shop").is_err());
    assert_eq!(services.known().count(), 500);
}

#[test]
fn an_expired_list_is_read_again_from_the_beginning_once() {
    let (cluster, _folder) = cluster(600, &[]);
    let gone = at(SERVICES, 410).when_continued();
    cluster.set_faults(Faults::none().request(gone.clone().times(1)));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let services = parse::snapshot(&bundle).kubernetes.services;
    assert_eq!(services.all("shop").unwrap().len(), 601);
    assert_eq!(requests(&cluster, SERVICES), 4);
    cluster.set_faults(Faults::none().request(gone));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert!(gap(&bundle, "kubernetes/services").starts_with("Expired: "));
    assert_eq!(requests(&cluster, SERVICES), 8);
}

#[test]
fn who_may_not_list_still_gets_the_object() {
    let (cluster, _folder) = cluster(0, &[]);
    // Below the collection's path is the object's, so the refusal counts only once.
    cluster.set_faults(Faults::none().request(at(SERVICES, 403).times(1)));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let reason = gap(&bundle, "kubernetes/services");
    assert!(
        reason.starts_with("Forbidden: services is forbidden: User "),
        "{reason}"
    );
    assert_eq!(
        documents(&bundle, "kubernetes/shop/services"),
        ["kubernetes/shop/services/web.json"]
    );
    let services = parse::snapshot(&bundle).kubernetes.services;
    assert!(matches!(services.find("shop", "web"), Ok(Some(_))));
    assert!(services.find("shop", "other").is_err());
}

#[test]
fn a_missing_crd_proves_absence_and_a_refusal_does_not() {
    let (cluster, _folder) = cluster(0, &[]);
    let bindings = |bundle: &Bundle| {
        parse::snapshot(bundle)
            .kubernetes
            .target_group_bindings
            .find("shop", "x")
            .map(|found| found.is_some())
    };
    cluster.without_crd("targetgroupbindings.elbv2.k8s.aws");
    cluster.without_crd("gateways.gateway.networking.k8s.io");
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert!(!bindings(&bundle).unwrap());
    assert_eq!(requests(&cluster, "/gateways"), 2, "v1, then v1beta1");
    cluster.set_faults(Faults::none().request(at(
        "/apis/elbv2.k8s.aws/v1beta1/namespaces/shop/targetgroupbindings",
        403,
    )));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert!(bindings(&bundle).unwrap_err().permission().is_some());
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let (cluster, _folder) = cluster(0, &[]);
    let busy = |code| RequestAction::Answer {
        code,
        retry_after: Some(1),
    };
    cluster.set_faults(
        Faults::none()
            .request(RequestFault::at(SERVICES, busy(429)).times(1))
            .request(RequestFault::at("/api/v1/nodes", busy(503))),
    );
    let start = Instant::now();
    let collected = run(&request(&cluster, "service/web"));
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(collected.calls["kubernetes:list services"], 2);
    assert!(
        collected
            .bundle
            .get("kubernetes/shop/services.json")
            .is_some()
    );
    assert_eq!(collected.calls["kubernetes:list nodes"], 3);
    let reason = gap(&collected.bundle, "kubernetes/nodes");
    assert!(reason.starts_with("ServiceUnavailable: "), "{reason}");
}

#[test]
fn what_hangs_is_a_gap_and_the_rest_is_read() {
    let (cluster, _folder) = cluster(0, &["node-a"]);
    cluster
        .set_faults(Faults::none().request(RequestFault::at("/api/v1/nodes", RequestAction::Hang)));
    let mut request = request(&cluster, "service/web");
    request.request_timeout = Some(Duration::from_secs(1));
    let bundle = run(&request).bundle;
    assert_eq!(
        gap(&bundle, "kubernetes/nodes"),
        "Timeout: no answer within 1 s"
    );
    assert!(bundle.get("kubernetes/shop/services.json").is_some());
}

#[test]
fn the_deadline_ends_everything_and_names_what_is_missing() {
    let (cluster, _folder) = cluster(0, &["node-a"]);
    cluster
        .set_faults(Faults::none().request(RequestFault::at("/api/v1/nodes", RequestAction::Hang)));
    let mut request = request(&cluster, "service/web");
    request.request_timeout = None;
    request.deadline = Duration::from_secs(2);
    let start = Instant::now();
    let collected = run(&request);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(!collected.interrupted);
    assert_eq!(
        gap(&collected.bundle, "kubernetes/nodes"),
        "Deadline: not read within 2 s"
    );
    assert!(
        collected
            .bundle
            .get("kubernetes/shop/services.json")
            .is_some()
    );
}

#[test]
fn refused_credentials_and_dead_servers_are_errors() {
    let (cluster, _folder) = cluster(0, &[]);
    cluster.set_faults(Faults::none().request(at("/", 401)));
    let error = failure(&request(&cluster, "service/web"));
    assert!(
        matches!(error, CollectError::Unauthorized { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(cluster.url()), "{error}");

    cluster.set_faults(Faults::none());
    let mut elsewhere = request(&cluster, "service/web");
    elsewhere.kube.server = Some("https://127.0.0.1:1".to_owned());
    let error = failure(&elsewhere);
    assert!(matches!(error, CollectError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");

    let mut untrusted = request(&cluster, "service/web");
    untrusted.kube.kubeconfig = Some(without_authority(&cluster));
    let error = failure(&untrusted);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    untrusted.kube.insecure_skip_tls_verify = true;
    assert!(
        run(&untrusted)
            .bundle
            .get("kubernetes/nodes.json")
            .is_some()
    );

    let mut silent = request(&cluster, "service/web");
    cluster.set_faults(Faults::none().request(RequestFault::at("/", RequestAction::Hang)));
    silent.request_timeout = Some(Duration::from_millis(500));
    let error = failure(&silent);
    assert!(
        error
            .to_string()
            .contains("Timeout: no answer within 0.5 s"),
        "{error}"
    );
}

/// The double's kubeconfig without its certificate authority, beside it.
fn without_authority(cluster: &ClusterDouble) -> std::path::PathBuf {
    let path = cluster.kubeconfig();
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let fields = config["clusters"][0]["cluster"].as_object_mut().unwrap();
    assert!(fields.remove("certificate-authority-data").is_some());
    let copy = Path::new(&path).with_file_name("untrusted");
    std::fs::write(&copy, config.to_string()).unwrap();
    copy
}

#[test]
fn an_unknown_context_names_those_that_exist() {
    let (cluster, _folder) = cluster(0, &[]);
    let mut request = request(&cluster, "service/web");
    request.kube.context = Some("nowhere".to_owned());
    let error = failure(&request).to_string();
    assert!(
        error.contains("no context \"nowhere\"") && error.contains(cluster.context()),
        "{error}"
    );
    assert!(cluster.requests().is_empty());
}

#[test]
fn all_namespaces_are_read_in_one_list_a_kind() {
    let (cluster, _folder) = cluster(0, &[]);
    let mut request = request(&cluster, "service/web");
    request.subjects.clear();
    request.all_namespaces = true;
    let bundle = run(&request).bundle;
    assert!(bundle.get("kubernetes/services.json").is_some());
    let services = parse::snapshot(&bundle).kubernetes.services;
    assert_eq!(services.all("").unwrap().len(), 1);
    assert_eq!(requests(&cluster, "/namespaces/shop/"), 0);
}
