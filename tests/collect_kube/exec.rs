//! What agents do to the collector: refusals, streams that die, floods, and which agents are asked.

use super::*;

#[test]
fn a_refused_exec_is_a_gap_of_the_node_and_the_log_is_read() {
    let (cluster, _folder) = cluster(0, &["node-a"]);
    cluster.set_faults(Faults::none().exec(ExecFault::everywhere(ExecAction::Refuse)));
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let reason = gap(&bundle, "cilium/node-a");
    assert!(reason.starts_with("Forbidden: "), "{reason}");
    assert_eq!(gap(&bundle, "envoy/node-a"), reason);
    assert_eq!(
        documents(&bundle, "cilium/node-a"),
        ["cilium/node-a/agent.log"]
    );
    let snapshot = parse::snapshot(&bundle);
    let unread = snapshot.agents["node-a"]
        .status
        .as_ref()
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        unread.permission(),
        Some("create,get pods/exec in kube-system")
    );
}

#[test]
fn a_stream_that_dies_gives_the_documents_before_its_end() {
    let (cluster, _folder) = cluster(0, &["node-a", "node-b"]);
    cluster.set_faults(
        Faults::none()
            .exec(ExecFault::in_pod(
                "cilium-node-a",
                ExecAction::Cut { after: 600 },
            ))
            .exec(ExecFault::in_pod(
                "cilium-node-b",
                ExecAction::Truncate { after: 600 },
            )),
    );
    let start = Instant::now();
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    for node in ["node-a", "node-b"] {
        assert!(
            bundle
                .get(&format!("cilium/{node}/bpf-lb-list.json"))
                .is_some()
        );
        assert!(bundle.get(&format!("cilium/{node}/ip-rule.txt")).is_none());
        let reason = gap(&bundle, &format!("cilium/{node}"));
        assert!(reason.starts_with("Truncated: "), "{reason}");
    }
}

#[test]
fn a_hanging_exec_ends_with_the_deadline() {
    let (cluster, _folder) = cluster(0, &["node-a", "node-b"]);
    cluster.set_faults(Faults::none().exec(ExecFault::in_pod("cilium-node-a", ExecAction::Hang)));
    let mut request = request(&cluster, "service/web");
    request.deadline = Duration::from_secs(4);
    let start = Instant::now();
    let bundle = run(&request).bundle;
    assert!(start.elapsed() < Duration::from_secs(7));
    let reason = gap(&bundle, "cilium/node-a");
    assert_eq!(reason, "Timeout: the command did not end in time");
    assert!(bundle.get("cilium/node-b/status.json").is_some());
}

#[test]
fn a_flood_of_errors_an_old_protocol_and_an_exit_code_cost_nothing() {
    let (cluster, _folder) = cluster(0, &["node-a"]);
    cluster.set_faults(
        Faults::none()
            .exec(ExecFault::everywhere(ExecAction::FloodStderr {
                bytes: 4 << 20,
            }))
            .exec(ExecFault::everywhere(ExecAction::OldProtocol))
            .exec(ExecFault::everywhere(ExecAction::Exit(7))),
    );
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert!(bundle.get("cilium/node-a/status.json").is_some());
    assert!(
        bundle
            .manifest
            .gaps
            .iter()
            .all(|gap| gap.source != "cilium/node-a")
    );
}

#[test]
fn without_leave_nothing_is_run_in_agents() {
    let (cluster, _folder) = cluster(0, &["node-a"]);
    let mut request = request(&cluster, "service/web");
    request.agents = false;
    let bundle = run(&request).bundle;
    assert!(cluster.execs().is_empty());
    assert!(gap(&bundle, "cilium/node-a").starts_with("NotAsked: "));
    assert_eq!(
        documents(&bundle, "cilium/node-a"),
        ["cilium/node-a/agent.log"]
    );
}

#[test]
fn agents_are_sampled_unless_all_are_wanted() {
    let names: Vec<String> = (0..12).map(|number| format!("node-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (cluster, folder) = cluster(0, &names);
    drop(cluster);
    let nodes: String = names
        .iter()
        .map(|name| format!("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}}}\n"))
        .collect();
    std::fs::write(folder.path().join("kubernetes/objects.yaml"), nodes).unwrap();
    let cluster = ClusterDouble::start(folder.path());
    let mut request = request(&cluster, "service/web");
    let bundle = run(&request).bundle;
    assert_eq!(cluster.execs().len(), 2, "all nodes are of one class");
    assert_eq!(
        gap(&bundle, "cilium/node-02"),
        "not sampled: --all-nodes reads it"
    );
    request.all_nodes = true;
    run(&request);
    assert_eq!(cluster.execs().len(), 2 + 12);
}

#[test]
fn what_was_seen_dropped_comes_in_the_same_exec() {
    let (cluster, folder) = cluster(0, &["node-a", "node-b"]);
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "hubble/node-a/flows.json",
        "{\"flow\":{\"verdict\":\"DROPPED\",\"IP\":{\"source\":\"10.0.0.9\",\"destination\":\"10.0.1.5\"},\"destination\":{\"pod_name\":\"payroll-0\"}}}\n",
    );
    write(
        "cilium/node-b/monitor-drop.json",
        "{\"type\":\"drop\",\"reason\":\"Policy denied\",\"summary\":{\"l3\":{\"src\":\"10.0.0.9\",\"dst\":\"10.0.1.5\"}}}\n",
    );
    write(
        "cilium/node-b/statedb-dump.json",
        "{\"devices\":[{\"Name\":\"eth0\",\"Selected\":true}],\"routes\":[]}\n",
    );
    let bundle = run(&request(&cluster, "service/web")).bundle;
    assert_eq!(cluster.execs().len(), 2);
    let text = |path: &str| String::from_utf8(bundle.get(path).unwrap().to_vec()).unwrap();
    let flows = text("hubble/node-a/flows.json");
    assert!(
        flows.contains("10.0.1.5") && !flows.contains("payroll"),
        "{flows}"
    );
    assert_eq!(
        text("cilium/node-b/statedb-dump.json"),
        "{\"devices\":[{\"Name\":\"eth0\",\"Selected\":true}]}\n"
    );
    let snapshot = parse::snapshot(&bundle);
    assert!(!snapshot.flows["node-a"].as_ref().unwrap().is_empty());
    assert!(snapshot.agents["node-a"].drop_events.is_err());
    let node_b = &snapshot.agents["node-b"];
    assert_eq!(
        node_b.drop_events.as_ref().unwrap()[0].reason,
        "Policy denied"
    );
    assert_eq!(node_b.devices.as_ref().unwrap()[0].name, "eth0");
}

#[test]
fn long_lists_are_asked_for_where_they_decide() {
    let (cluster, folder) = cluster(0, &["node-a", "node-b"]);
    let slice = "
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {addresses: [10.244.0.9], nodeName: node-a, targetRef: {kind: Pod, name: web-0}}
- {addresses: [10.244.1.9], nodeName: node-b}
";
    std::fs::write(
        folder.path().join("kubernetes/objects.yaml"),
        format!("{OBJECTS}{slice}"),
    )
    .unwrap();
    let listed = |pod: &str, ip: &str| {
        format!(
            "[{{\"id\": 1, \"spec\": {{}}, \"status\": {{\"external-identifiers\": {{\"pod-name\": \"{pod}\"}}, \"networking\": {{\"addressing\": [{{\"ipv4\": \"{ip}\"}}]}}, \"log\": []}}}}]"
        )
    };
    for (node, ip) in [("node-a", "10.244.0.9"), ("node-b", "10.244.1.7")] {
        let agent = folder.path().join("cilium").join(node);
        std::fs::write(agent.join("endpoint-list.json"), listed("shop/x", ip)).unwrap();
        std::fs::write(agent.join("node-list.json"), "[]").unwrap();
    }
    drop(cluster);
    let cluster = ClusterDouble::start(folder.path());
    let bundle = run(&request(&cluster, "service/web")).bundle;
    let lists = |node: &str| {
        let folder = format!("cilium/{node}");
        let mut lists = documents(&bundle, &folder);
        lists.retain(|path| {
            path.ends_with("endpoint-list.json") || path.ends_with("node-list.json")
        });
        lists
    };
    assert_eq!(lists("node-a"), ["cilium/node-a/node-list.json"]);
    assert_eq!(lists("node-b"), ["cilium/node-b/endpoint-list.json"]);
    let list = bundle.get("cilium/node-b/endpoint-list.json").unwrap();
    let list = String::from_utf8_lossy(list);
    assert!(
        list.contains("10.244.1.7") && !list.contains("log"),
        "{list}"
    );
}
