//! Proves the cluster double with the real kubectl, so that what the collectors' tests show of the
//! program holds for an API server too. kubectl must be in the PATH, 1.29 or newer.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;
use support::cluster::kubectl::{Cluster, stderr, stdout};
use support::cluster::{ExecAction, ExecFault, Faults, RequestAction, RequestFault, sample};
use tokio::io::AsyncReadExt;

const AGENT: &str = "cilium-x7k2p";

fn forbidden(path: &str) -> RequestFault {
    RequestFault::at(path, RequestAction::answer(403))
}

#[test]
fn get_lists_in_all_namespaces() {
    let cluster = Cluster::start();
    let listed = cluster.ok(&["get", "services", "-A"]);
    let names: Vec<Vec<&str>> = listed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().take(2).collect())
        .collect();
    assert_eq!(
        names,
        [["kube-system", "dns"], ["shop", "api"], ["shop", "web"]]
    );
}

#[test]
fn get_as_yaml_gives_the_object_of_the_bundle() {
    let cluster = Cluster::start();
    let yaml = cluster.ok(&["get", "service", "api", "-n", "shop", "-o", "yaml"]);
    let object: Value = serde_saphyr::from_str(&yaml).expect("YAML of one Service");
    let expected = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": "shop", "labels": {"app": "api", "tier": "back"}, "annotations": {"note": "1.0"}},
        "spec": {"type": "NodePort", "ports": [{"port": 8080, "nodePort": 30866}]},
    });
    assert_eq!(object, expected);
    // Items of a list get the kind back that the API server leaves out of them.
    let list = cluster.ok(&["get", "services", "-n", "shop", "-o", "json"]);
    let list: Value = serde_json::from_str(&list).expect("a JSON list");
    assert_eq!(list["items"][0], expected);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn custom_resources_are_served_in_their_versions_until_their_crd_is_absent() {
    let cluster = Cluster::start();
    let name = [
        "get",
        "gateways.gateway.networking.k8s.io",
        "-n",
        "gateway",
        "-o",
        "name",
    ];
    assert_eq!(
        cluster.ok(&name).trim(),
        "gateway.gateway.networking.k8s.io/shared-gateway"
    );
    let beta = "/apis/gateway.networking.k8s.io/v1beta1/gateways";
    let beta: Value =
        serde_json::from_str(&cluster.ok(&["get", "--raw", beta])).expect("a JSON list");
    assert_eq!(
        beta["items"][0]["apiVersion"],
        "gateway.networking.k8s.io/v1beta1"
    );
    let bindings = ["get", "targetgroupbindings.elbv2.k8s.aws", "-A"];
    assert_eq!(cluster.ok(&bindings), "");
    cluster
        .double
        .without_crd("targetgroupbindings.elbv2.k8s.aws");
    let raw = "/apis/elbv2.k8s.aws/v1beta1/targetgroupbindings";
    let error = cluster.fails(1, &["get", "--raw", raw]);
    assert!(error.contains("(NotFound)"), "{error}");
    let cache = cluster.home.path().join("other-cache");
    let cache = cache.to_str().expect("a UTF-8 path");
    let error = cluster.fails(1, &[&bindings[..], &["--cache-dir", cache]].concat());
    assert!(
        error.contains(r#"the server doesn't have a resource type "targetgroupbindings""#),
        "{error}"
    );
}

#[test]
fn a_missing_object_is_not_found() {
    let cluster = Cluster::start();
    let error = cluster.fails(1, &["get", "service", "absent", "-n", "shop"]);
    assert_eq!(
        error,
        "Error from server (NotFound): services \"absent\" not found\n"
    );
    let gateway = ["get", "gateways.gateway.networking.k8s.io", "absent"];
    let error = cluster.fails(1, &gateway);
    assert!(
        error.contains(r#"gateways.gateway.networking.k8s.io "absent" not found"#),
        "{error}"
    );
}

#[test]
fn lists_come_in_pages_that_can_expire() {
    let cluster = Cluster::start();
    let pages = ["get", "services", "-A", "--chunk-size=1", "-o", "name"];
    assert_eq!(
        cluster.ok(&pages),
        "service/dns\nservice/api\nservice/web\n"
    );
    let asked = cluster.requests("/api/v1/services");
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|page| page.contains("limit=1")));
    assert!(!asked[0].contains("continue=") && asked[2].contains("continue="));
    let page = cluster.ok(&["get", "--raw", "/api/v1/services?limit=2"]);
    let page: Value = serde_json::from_str(&page).expect("a JSON list");
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let expired = RequestFault::at("/api/v1/services", RequestAction::answer(410)).when_continued();
    cluster.double.set_faults(Faults::none().request(expired));
    let error = cluster.fails(1, &pages);
    assert!(error.contains("continue parameter is too old"), "{error}");
}

#[test]
fn selectors_narrow_lists() {
    let cluster = Cluster::start();
    let named = |arguments: &[&str]| {
        let arguments = [&["get", "-A", "-o", "name"], arguments].concat();
        cluster.ok(&arguments).replace('\n', " ")
    };
    assert_eq!(named(&["svc", "-l", "app=web"]), "service/web ");
    assert_eq!(
        named(&["svc", "-l", "app in (web,dns)"]),
        "service/dns service/web "
    );
    assert_eq!(named(&["svc", "-l", "tier,app!=web"]), "service/api ");
    let node = "spec.nodeName=node-a";
    assert_eq!(
        named(&["pods", "--field-selector", node]),
        format!("pod/{AGENT} pod/web-0 ")
    );
    assert_eq!(
        named(&["svc", "--field-selector", "metadata.name!=web"]),
        "service/dns service/api "
    );
    let error = cluster.fails(1, &["get", "svc", "--field-selector", "spec.foo=1"]);
    assert!(
        error.contains("field label not supported: spec.foo"),
        "{error}"
    );
}

#[test]
fn refusals_name_who_asked_and_agree_with_access_reviews() {
    let cluster = Cluster::start();
    cluster
        .double
        .set_faults(Faults::none().request(forbidden("/api/v1/nodes")));
    let list = ["get", "nodes", "--as", "jane", "--as-group", "ops"];
    assert_eq!(
        cluster.fails(1, &list),
        "Error from server (Forbidden): nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope\n"
    );
    let who = cluster.double.identities();
    let who = who.last().expect("a request");
    let header = |name: &str, value: &str| who.contains(&(name.to_owned(), value.to_owned()));
    assert!(
        header("impersonate-user", "jane") && header("impersonate-group", "ops"),
        "{who:?}"
    );
    assert!(
        who.iter().any(|(name, _)| name == "authorization"),
        "{who:?}"
    );
    assert!(!cluster.may("list", "", "nodes", ""));
    assert!(cluster.may("list", "shop", "pods", ""));
}

#[test]
fn a_wrong_token_is_unauthorized() {
    let cluster = Cluster::start();
    let config = std::fs::read_to_string(cluster.double.kubeconfig()).expect("the kubeconfig");
    let mut config: Value = serde_json::from_str(&config).expect("a JSON kubeconfig");
    config["users"][0]["user"]["token"] = "expired".into();
    assert_eq!(config["current-context"], cluster.double.context());
    assert_eq!(cluster.double.context(), "obs-test");
    let path = cluster.home.path().join("config");
    std::fs::write(&path, config.to_string()).expect("a kubeconfig with another token");
    let path = path.to_str().expect("a UTF-8 path");
    let error = cluster.fails(1, &["get", "services", "--kubeconfig", path]);
    assert!(
        error.contains("Unauthorized") || error.contains("logged in"),
        "{error}"
    );
}

#[test]
fn faults_throttle_delay_fail_and_hang() {
    let cluster = Cluster::start();
    let nodes = "/api/v1/nodes";
    let get = ["get", "nodes", "-o", "name"];
    let throttled = RequestAction::Answer {
        code: 429,
        retry_after: Some(1),
    };
    let throttled = RequestFault::at(nodes, throttled).times(1);
    cluster.double.set_faults(Faults::none().request(throttled));
    cluster.ok(&get);
    assert_eq!(
        cluster.requests(nodes).len(),
        2,
        "kubectl tries again after 429"
    );
    let down = RequestFault::at(nodes, RequestAction::answer(503));
    cluster.double.set_faults(Faults::none().request(down));
    let error = cluster.fails(1, &get);
    assert!(error.contains("(ServiceUnavailable)"), "{error}");
    let wait = Duration::from_millis(300);
    let slow = RequestFault::at(nodes, RequestAction::Delay(wait));
    cluster.double.set_faults(Faults::none().request(slow));
    let begun = Instant::now();
    cluster.ok(&get);
    assert!(begun.elapsed() >= wait);
    let hanging = RequestFault::at(nodes, RequestAction::Hang);
    cluster.double.set_faults(Faults::none().request(hanging));
    let error = cluster.fails(1, &[&get[..], &["--request-timeout=1s"]].concat());
    assert!(
        error.contains("deadline exceeded") || error.contains("Client.Timeout exceeded"),
        "{error}"
    );
}

#[test]
fn exec_prints_the_documents_of_the_pods_node_byte_for_byte() {
    let cluster = Cluster::start();
    let list = ["cilium-dbg", "bpf", "lb", "list", "-o", "json"];
    let ran = cluster.exec(AGENT, &list);
    assert!(ran.status.success(), "{}", stderr(&ran));
    assert_eq!(stdout(&ran), sample::BPF_LB_LIST);
    let services = ["cilium-dbg", "service", "list", "-o", "json"];
    let services = cluster.exec(AGENT, &services);
    assert!(services.status.success(), "{}", stderr(&services));
    assert!(services.stdout == sample::service_list().into_bytes());
    let execs = cluster.double.execs();
    assert_eq!(
        execs[0],
        (AGENT.to_owned(), list.map(str::to_owned).to_vec())
    );
    assert_eq!(execs.len(), 2);
    let logs = [
        "logs",
        "-n",
        "kube-system",
        AGENT,
        "-c",
        "cilium-agent",
        "--tail=2",
    ];
    assert_eq!(cluster.ok(&logs), "second\nthird\n");
}

#[test]
fn exec_runs_scripts_with_the_nodes_tools_and_files_only() {
    let cluster = Cluster::start();
    let script = "cilium-dbg shell -- db/show -f json frontends\n\
        cilium-dbg envoy admin listeners -o json; cilium-dbg envoy admin config all\n\
        ip rule; hubble observe -o jsonpb --last 5\n\
        cilium-dbg bpf metrics list -o json; cilium-dbg bpf metrics list -o json\n\
        cat \"$CILIUM_LB_ROOT/tmp/cilium/config-map/enable-envoy-config\"; echo\n\
        curl -s http://127.0.0.1:30999/healthz; echo\n\
        curl -si http://127.0.0.1:30998/healthz; echo $?\n\
        ip route show; echo $?; cilium status; echo $?";
    let ran = cluster.exec(AGENT, &["sh", "-c", script]);
    assert_eq!(
        stdout(&ran).lines().collect::<Vec<_>>(),
        [
            r#"{"Address":"10.0.1.10:31163/TCP"}"#,
            r#"{"listener_statuses":[]}"#,
            r#"{"configs":[]}"#,
            "9:\tfrom all fwmark 0x200/0xf00 lookup 2004",
            r#"{"flow":{"verdict":"DROPPED"}}"#,
            "[1]",
            "[2]",
            "true",
            r#"{"service":{"name":"web"},"localEndpoints":0}"#,
            "7",
            "1",
            "127",
        ]
    );
    assert!(
        stderr(&ran).contains("unknown command \"route show\" for \"ip\""),
        "{}",
        stderr(&ran)
    );
    let whole = ["curl", "-si", "http://127.0.0.1:30999/healthz"];
    assert_eq!(stdout(&cluster.exec(AGENT, &whole)), sample::HEALTH_CHECK);
}

#[test]
fn every_agent_has_a_pod_and_the_tool_of_its_version() {
    let cluster = Cluster::start();
    let old = cluster.exec("cilium-old", &["cilium", "status", "-o", "json"]);
    assert_eq!(stdout(&old), "{\"cilium\":{\"state\":\"Ok\"}}\n");
    let absent = cluster.exec("cilium-old", &["cilium-dbg", "status", "-o", "json"]);
    assert!(
        stderr(&absent).contains("executable file not found in $PATH"),
        "{absent:?}"
    );
    let made = cluster.exec("cilium-node-c", &["cilium-dbg", "status", "-o", "json"]);
    assert_eq!(stdout(&made), "{\"cilium\":{\"state\":\"Failure\"}}\n");
    let pods = [
        "get",
        "pods",
        "-n",
        "kube-system",
        "-l",
        "k8s-app=cilium",
        "-o",
        "name",
    ];
    assert_eq!(
        cluster.ok(&pods),
        "pod/cilium-node-c\npod/cilium-old\npod/cilium-x7k2p\n"
    );
    let error = cluster.fails(1, &["exec", "-n", "shop", "web-0", "--", "true"]);
    assert!(error.contains("container not found"), "{error}");
    let error = cluster.fails(1, &["exec", "-n", "shop", "gone", "--", "true"]);
    assert!(error.contains(r#"pods "gone" not found"#), "{error}");
}

#[test]
fn exec_reports_exit_codes_and_refusals() {
    let cluster = Cluster::start();
    let ran = cluster.exec(AGENT, &["sh", "-c", "echo out; echo err >&2; exit 3"]);
    assert_eq!(
        (ran.status.code(), stdout(&ran).as_str()),
        (Some(3), "out\n")
    );
    assert!(stderr(&ran).starts_with("err\n"), "{}", stderr(&ran));
    let seven = ExecFault::in_pod(AGENT, ExecAction::Exit(7)).times(1);
    cluster.double.set_faults(Faults::none().exec(seven));
    assert_eq!(cluster.exec(AGENT, &["true"]).status.code(), Some(7));
    assert_eq!(cluster.exec(AGENT, &["true"]).status.code(), Some(0));
    let refused = ExecFault::everywhere(ExecAction::Refuse);
    cluster.double.set_faults(Faults::none().exec(refused));
    let ran = cluster.exec(AGENT, &["true"]);
    assert!(
        stderr(&ran).contains(
            r#"cannot create resource "pods/exec" in API group "" in the namespace "kube-system""#
        ),
        "{}",
        stderr(&ran)
    );
    assert!(!cluster.may("create", "kube-system", "pods", "exec"));
    assert!(cluster.may("get", "kube-system", "pods", "log"));
}

#[test]
fn exec_streams_can_flood_and_break() {
    let cluster = Cluster::start();
    let list = ["cilium-dbg", "bpf", "lb", "list", "-o", "json"];
    let flood = ExecFault::everywhere(ExecAction::FloodStderr { bytes: 1 << 20 });
    cluster.double.set_faults(Faults::none().exec(flood));
    let ran = cluster.exec(AGENT, &list);
    assert_eq!(
        (ran.stderr.len(), stdout(&ran).as_str()),
        (1 << 20, sample::BPF_LB_LIST)
    );
    let cut = ExecFault::everywhere(ExecAction::Cut { after: 10 });
    cluster.double.set_faults(Faults::none().exec(cut));
    let ran = cluster.exec(AGENT, &list);
    assert_eq!(stdout(&ran), sample::BPF_LB_LIST[..10]);
    assert!(!ran.status.success(), "{ran:?}");
    let truncate = ExecFault::everywhere(ExecAction::Truncate { after: 20 });
    cluster.double.set_faults(Faults::none().exec(truncate));
    assert_eq!(
        stdout(&cluster.exec(AGENT, &list)),
        sample::BPF_LB_LIST[..20]
    );
}

/// kubectl speaks v5 only; kube takes the older protocol when the server does.
#[test]
fn exec_speaks_the_older_protocol_and_many_streams_at_once() {
    let cluster = Cluster::start();
    let old = ExecFault::in_pod("cilium-old", ExecAction::OldProtocol);
    cluster.double.set_faults(Faults::none().exec(old));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outputs = runtime.block_on(async {
        let config = kube::config::Kubeconfig::read_from(cluster.double.kubeconfig());
        let config = config.expect("the kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(config, &Default::default()).await;
        let client = kube::Client::try_from(config.expect("a configuration"));
        let pods: kube::Api<Pod> = kube::Api::namespaced(client.expect("a client"), "kube-system");
        let execs = (0..24).map(|number| {
            let pods = pods.clone();
            async move {
                let (pod, tool) = match number % 3 {
                    0 => ("cilium-old", "cilium"),
                    _ => ("cilium-node-c", "cilium-dbg"),
                };
                let command = [tool, "status", "-o", "json"];
                let streams = kube::api::AttachParams::default().stderr(false);
                let mut exec = pods.exec(pod, command, &streams).await.expect("an exec");
                let mut output = String::new();
                let mut stdout = exec.stdout().expect("a stream");
                let status = exec.take_status().expect("a status");
                let (_, status) = tokio::join!(stdout.read_to_string(&mut output), status);
                (output, status.and_then(|status| status.status))
            }
        });
        futures::future::join_all(execs).await
    });
    for (number, (output, status)) in outputs.into_iter().enumerate() {
        let state = if number % 3 == 0 { "Ok" } else { "Failure" };
        assert_eq!(
            output,
            format!("{{\"cilium\":{{\"state\":\"{state}\"}}}}\n")
        );
        assert_eq!(status.as_deref(), Some("Success"));
    }
}

#[test]
fn dropping_the_double_ends_hanging_execs_and_their_processes() {
    let cluster = Cluster::start();
    let script = "sleep 600 & echo $!; wait";
    let arguments = ["exec", "-n", "kube-system", AGENT, "--", "sh", "-c", script];
    let mut running = cluster
        .kubectl(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("kubectl is in the PATH");
    let mut printed = std::io::BufReader::new(running.stdout.take().expect("a pipe"));
    let mut pid = String::new();
    std::io::BufRead::read_line(&mut printed, &mut pid).expect("the process number");
    let process = std::path::PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(process.join("cmdline").exists(), "{process:?}");
    let begun = Instant::now();
    drop(cluster);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let ended = running.wait().expect("kubectl ends with its connection");
    assert!(!ended.success());
    // A killed orphan stays until its new parent has waited for it.
    let gone = || match std::fs::read_to_string(process.join("stat")) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    while !gone() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{process:?} lives on"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
