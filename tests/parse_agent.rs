//! Every captured document of real agents, Envoys and Hubble is read, and says what is known of its state.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A panic is how a test reports.

mod captures;

use captures::documents;
use cilium_lb::model::cilium::{Agent, AgentStatus, Frontend, FrontendKind};
use cilium_lb::model::envoy::EnvoyAdmin;
use cilium_lb::model::hubble::Flow;
use cilium_lb::model::{Reason, Source};
use cilium_lb::parse::{ParseError, cilium, envoy, hubble};
use std::net::IpAddr;

/// What was read of one state.
struct Node {
    agent: Agent,
    envoy: EnvoyAdmin,
    flows: Vec<Flow>,
    errors: Vec<(String, ParseError)>,
}

fn read(state: &str) -> Node {
    let mut node = Node {
        agent: Agent::new("node-1"),
        envoy: EnvoyAdmin::new("node-1"),
        flows: Vec::new(),
        errors: Vec::new(),
    };
    let mut read = 0;
    for document in documents().iter().filter(|found| found.state == state) {
        let (component, name) = document.component();
        let (path, bytes) = (&document.path, &document.bytes);
        let known = match component {
            "cilium" => cilium::document(&mut node.agent, name, path, bytes),
            "envoy" => envoy::document(&mut node.envoy, name, path, bytes),
            _ => hubble::flows(std::str::from_utf8(bytes).unwrap()).map(|flows| {
                node.flows = flows;
                true
            }),
        };
        match known {
            Ok(known) => assert!(known, "{path} is not known"),
            Err(error) => node.errors.push((path.clone(), error)),
        }
        read += 1;
    }
    assert!(read > 0, "no capture {state}");
    cilium::finish(&mut node.agent);
    node
}

impl Node {
    /// The frontend that a packet from outside to `address:port` meets.
    fn frontend(&self, address: &str, port: u16) -> Option<&Frontend> {
        let address: IpAddr = address.parse().unwrap();
        self.agent.bpf.as_ref().unwrap().external_tcp(address, port)
    }

    fn status(&self) -> &AgentStatus {
        self.agent.status.as_ref().unwrap()
    }
}

#[test]
fn every_document_is_read_without_an_unreadable_row() {
    let mut states: Vec<String> = documents().into_iter().map(|found| found.state).collect();
    states.dedup();
    assert_eq!(states.len(), 26);
    for state in states {
        let node = read(&state);
        for (path, error) in &node.errors {
            // The one answer that is no JSON: Envoy could not print a filter it does not know.
            assert!(
                path.ends_with("config_dump.json"),
                "{state}/{path}: {error}"
            );
        }
        if let Ok(bpf) = &node.agent.bpf {
            assert_eq!(bpf.unreadable, Vec::<String>::new(), "{state}");
            assert!(
                bpf.frontends
                    .values()
                    .all(|frontend| frontend.dangling == 0)
            );
        }
    }
}

#[test]
fn the_three_versions_in_numbers() {
    let count = |state: &str| {
        let agent = read(state).agent;
        let bpf = agent.bpf.unwrap();
        assert!(
            bpf.frontends
                .values()
                .all(|frontend| frontend.count.is_some())
        );
        [
            bpf.frontends.len(),
            bpf.frontends.values().filter(|f| f.redirects()).count(),
            agent.services.unwrap().len(),
            agent.frontends.unwrap().len(),
            agent.state_services.unwrap().len(),
            agent.backends.unwrap().len(),
            agent.envoy_resources.unwrap().len(),
            agent.devices.unwrap().len(),
            agent.node_addresses.unwrap().len(),
            agent.endpoints.unwrap().len(),
            agent.tproxy_rules.unwrap().len(),
            agent.running.unwrap().values.len(),
        ]
    };
    assert_eq!(
        count("cilium-1.18/base"),
        [113, 28, 76, 76, 31, 40, 7, 9, 6, 5, 8, 283]
    );
    assert_eq!(
        count("cilium-1.19/base"),
        [148, 34, 76, 76, 28, 37, 9, 9, 7, 5, 10, 249]
    );
    // The group UnsafeDaemonConfigOption adds its ten members to the 226 options.
    assert_eq!(
        count("cilium-1.21/base"),
        [129, 22, 68, 68, 26, 37, 5, 9, 7, 5, 6, 236]
    );
}

#[test]
fn table_and_json_of_the_map_say_the_same() {
    for version in ["1.18", "1.19", "1.21"] {
        let state = format!("cilium-{version}/base");
        let mut found = documents().into_iter().filter(|found| found.state == state);
        let table = found
            .find(|found| found.path.ends_with("bpf-lb-list.txt"))
            .unwrap();
        let mut agent = Agent::new("node-1");
        cilium::document(&mut agent, "bpf-lb-list.txt", &table.path, &table.bytes).unwrap();
        let (table, json) = (agent.bpf.unwrap(), read(&state).agent.bpf.unwrap());
        assert!(json.origin.document.ends_with("bpf-lb-list.json"));
        assert!(table.unreadable.is_empty());
        assert!(
            table.frontends.keys().eq(json.frontends.keys()),
            "{version}"
        );
        for (key, frontend) in &table.frontends {
            let other = &json.frontends[key];
            assert_eq!(frontend.flags, other.flags);
            assert_eq!(frontend.backends, other.backends);
            assert_eq!(frontend.proxy_port, other.proxy_port);
            assert_eq!(frontend.rev_nat, other.rev_nat);
        }
    }
}

#[test]
fn node_ports_of_an_ordinary_service() {
    let node = read("cilium-1.19/base");
    let frontend = node.frontend("10.0.1.10", 30081).unwrap();
    assert_eq!(frontend.flags.kind, FrontendKind::NodePort);
    let words: Vec<&str> = frontend.flags.words.iter().map(|word| &**word).collect();
    assert_eq!(words, ["Local", "two-scopes"]);
    assert_eq!((frontend.backends.len(), frontend.count), (1, Some(1)));
    assert!(!frontend.redirects());
    // A terminating backend has a slot and is not counted.
    let frontend = node.frontend("10.0.1.10", 30090).unwrap();
    assert_eq!((frontend.backends.len(), frontend.backend_count()), (2, 1));
    // No endpoint at all.
    assert_eq!(
        node.frontend("10.0.1.10", 30086).unwrap().backend_count(),
        0
    );
    // Only the surrogate and the node's own address; IPv6 only for the dual-stack service.
    assert!(node.frontend("10.0.2.10", 30081).is_none());
    assert!(node.frontend("fd01::10", 30089).is_some());
}

#[test]
fn the_redirect_is_the_same_in_map_table_rule_and_log() {
    for (state, port, proxy) in [
        ("cilium-1.18/base", 30373, 14605),
        ("cilium-1.19/base", 31307, 10102),
        ("cilium-1.21/base", 31793, 18285),
    ] {
        let node = read(state);
        let frontend = node.frontend("10.0.1.10", port).unwrap();
        assert!(frontend.redirects(), "{state}");
        assert_eq!(
            (frontend.proxy_port, frontend.backend_count()),
            (Some(proxy), 0)
        );
        let agent = &node.agent;
        let service = "gateway/cilium-gateway-shared-gateway";
        let services = agent.state_services.as_ref().unwrap();
        let row = services.iter().find(|row| row.name == service).unwrap();
        assert_eq!(row.redirects, [(proxy, vec![80, 443])], "{state}");
        let resources = agent.envoy_resources.as_ref().unwrap();
        let resource = resources
            .iter()
            .find(|r| r.origin == "cec" && format!("{}/{}", r.namespace, r.name) == service);
        let resource = resource.unwrap();
        assert_eq!(resource.listeners, [format!("{service}/listener")]);
        assert_eq!(resource.status, "Done");
        let rules = agent.tproxy_rules.as_ref().unwrap();
        let rule = rules.iter().find(|r| r.comment.contains(service)).unwrap();
        assert_eq!(rule.port, proxy);
        assert_eq!(rule.mark, u32::from(proxy.swap_bytes()) << 16 | 0x200);
        assert!(
            agent
                .ip_rules
                .as_ref()
                .unwrap()
                .iter()
                .any(|rule| rule.is_proxy_rule())
        );
    }
}

#[test]
fn switches_of_the_agent() {
    let off = read("cilium-1.18/no-envoy-config");
    let running = off.agent.running.as_ref().unwrap();
    assert_eq!(running.get("enable-envoy-config"), Some("false"));
    let bpf = off.agent.bpf.as_ref().unwrap();
    assert!(bpf.frontends.values().all(|frontend| !frontend.redirects()));
    let drift = &off.agent.log.as_ref().unwrap().drift;
    assert_eq!(
        (drift[0].key.as_str(), drift[0].expected.as_str()),
        ("enable-envoy-config", "true")
    );
    // The table printed nothing, and the devices prove that the shell answered.
    assert!(off.agent.envoy_resources.unwrap().is_empty());

    let harmless = read("cilium-1.19/no-gateway-api");
    assert!(harmless.frontend("10.0.1.10", 31307).unwrap().redirects());
    let running = harmless.agent.running.as_ref().unwrap();
    assert_eq!(running.get("enable-envoy-config"), Some("true"));
    assert_eq!(running.get("enable-gateway-api"), None);
    let keys: Vec<&str> = harmless
        .agent
        .log
        .as_ref()
        .unwrap()
        .drift
        .iter()
        .map(|d| d.key.as_str())
        .collect();
    assert_eq!(
        keys,
        ["enable-gateway-api", "enable-gateway-api-secrets-sync"]
    );
}

#[test]
fn what_the_status_says() {
    let node = read("cilium-1.19/base");
    let status = node.status();
    assert_eq!(status.kube_proxy_replacement, Some(true));
    assert_eq!(
        status.devices[0].addresses.len(),
        3,
        "empty addresses are no addresses"
    );
    let feature = status.node_port.as_ref().unwrap();
    assert_eq!(
        (feature.mode.as_str(), feature.port_min, feature.port_max),
        ("SNAT", 30000, 32767)
    );
    assert_eq!(status.proxy.as_ref().unwrap().envoy_mode, "external");
    assert_eq!(status.host_firewall.as_deref(), Some("Disabled"));

    let off = read("cilium-1.19/kpr-false");
    assert_eq!(off.status().kube_proxy_replacement, Some(false));
    assert_eq!(off.status().node_port, None);
    assert_eq!(
        off.status().devices.len(),
        1,
        "devices are listed all the same"
    );
    assert!(off.frontend("10.0.1.10", 30081).is_none());

    assert_eq!(
        read("cilium-1.19/dsr-native")
            .status()
            .node_port
            .as_ref()
            .unwrap()
            .mode,
        "DSR"
    );
    let cut = read("cilium-1.19/apiserver-unreachable");
    assert_eq!(cut.status().state, "Failure");
    assert_eq!(cut.status().kubernetes.as_deref(), Some("Failure"));
}

#[test]
fn devices_and_addresses() {
    let node = read("cilium-1.19/devices-eth1");
    assert!(node.frontend("10.0.1.10", 30081).is_none());
    assert!(node.frontend("10.0.2.10", 30081).is_some());
    let devices = node.agent.devices.as_ref().unwrap();
    let eth0 = devices.iter().find(|device| device.name == "eth0").unwrap();
    assert!(!eth0.selected);
    assert_eq!(eth0.not_selected_reason, "not matching user filter [eth1]");
    assert!(eth0.addresses.contains(&"10.0.1.10".parse().unwrap()));
    let addresses = node.agent.node_addresses.as_ref().unwrap();
    assert!(
        addresses
            .iter()
            .all(|row| row.address != "10.0.1.10".parse::<IpAddr>().unwrap())
    );
    assert!(
        addresses
            .iter()
            .any(|row| row.node_port && row.device == "eth1")
    );
}

#[test]
fn flags_of_options() {
    let node = read("cilium-1.21/srcrange-all-types");
    assert!(
        node.frontend("10.0.1.10", 31802)
            .unwrap()
            .flags
            .has("check source-range")
    );
    let base = read("cilium-1.21/base");
    assert!(
        !base
            .frontend("10.0.1.10", 31802)
            .unwrap()
            .flags
            .has("check source-range")
    );
    let dsr = read("cilium-1.19/dsr-native");
    assert!(dsr.frontend("10.0.1.10", 30532).unwrap().flags.has("dsr"));
}

#[test]
fn drift_lines_stay_in_the_log_after_the_drift_is_gone() {
    let live = read("cilium-1.19/drift-live").agent;
    let log = live.log.unwrap();
    assert_eq!((log.drift.len(), log.lines), (4, 23));
    let added = log
        .drift
        .iter()
        .find(|line| line.key == "made-up-key")
        .unwrap();
    assert_eq!(
        (added.actual.as_deref(), added.expected.as_str()),
        (None, "x")
    );
    assert_eq!(
        live.metrics.unwrap()["cilium_drift_checker_config_delta"],
        4.0
    );
    let after = read("cilium-1.19/base").agent;
    assert_eq!(after.log.unwrap().drift.len(), 4);
    assert_eq!(
        after.metrics.unwrap()["cilium_drift_checker_config_delta"],
        0.0
    );
}

#[test]
fn rejections_of_a_stock_envoy() {
    let node = read("cilium-1.19/envoy-stock-nack");
    let log = node.agent.log.as_ref().unwrap();
    let detail = "Didn't find a registered implementation for 'cilium.bpf_metadata'";
    assert!(
        log.nacks.iter().any(|nack| nack.detail.contains(detail)),
        "{:?}",
        log.nacks
    );
    let nack = "cilium_xds_events_count{status=\"nack\",type_url=\"type.googleapis.com/envoy.config.listener.v3.Listener\"}";
    assert_eq!(node.agent.metrics.as_ref().unwrap()[nack], 4.0);
    let resources = node.agent.envoy_resources.as_ref().unwrap();
    let fresh = resources
        .iter()
        .find(|r| r.origin == "cec" && r.name == "cilium-gateway-fresh");
    assert_eq!(fresh.unwrap().status, "Pending");

    let listeners = node.envoy.listeners.as_ref().unwrap();
    assert_eq!(listeners.len(), 4);
    assert!(
        listeners
            .iter()
            .all(|listener| !listener.name.contains("gateway"))
    );
    assert_eq!(node.envoy.server.as_ref().unwrap().state, "LIVE");
    let clusters = node.envoy.clusters.as_ref().unwrap();
    let xds = clusters
        .iter()
        .find(|cluster| cluster.name == "xds-grpc-cilium")
        .unwrap();
    assert_eq!((xds.hosts, xds.healthy), (1, 1));
    let gap = node.envoy.dynamic_listeners.as_ref().unwrap_err();
    assert_eq!(gap.source, Source::EnvoyConfigDump);
    let Reason::Unreadable(why) = &gap.reason else {
        panic!("{gap}")
    };
    assert!(
        why.starts_with("envoy/node-1/config_dump.json: line 1"),
        "{why}"
    );
    assert!(why.contains("Failed to convert protobuf"), "{why}");
}

#[test]
fn drops_are_counted_and_seen() {
    let node = read("cilium-1.19/netpol-deny");
    let counters = node.agent.drop_counters.as_ref().unwrap();
    let packets = |reason: &str| {
        let rows = counters
            .iter()
            .filter(|c| c.reason == reason && c.direction == "ingress");
        rows.map(|row| row.packets).sum::<u64>()
    };
    assert_eq!(packets("Denied by LB src range check"), 30);
    assert!(packets("Policy denied") > 0);
    let denied = |flow: &&Flow| flow.drop_reason.as_deref() == Some("POLICY_DENIED");
    assert_eq!(node.flows.iter().filter(denied).count(), 9);
    assert!(node.flows.iter().all(|flow| flow.verdict == "DROPPED"));
    let flow = node.flows.iter().find(denied).unwrap();
    assert_eq!(
        (flow.source.as_str(), flow.destination_port),
        ("10.0.1.50", Some(8080))
    );
}

#[test]
fn services_and_backends_in_their_shapes() {
    // 1.21 lists the proxy as a backend of the Gateway's service; before there is none.
    let new = read("cilium-1.21/base").agent.services.unwrap();
    let row = new.iter().find(|row| row.frontend.port == 31793).unwrap();
    assert_eq!(row.backends[0].port, 18285);
    assert_eq!(
        row.service.as_ref().unwrap().1,
        "cilium-gateway-shared-gateway"
    );
    let old = read("cilium-1.19/base").agent;
    let services = old.services.as_ref().unwrap();
    let rows = services.iter().filter(|row| row.frontend.port == 31307);
    assert!(rows.clone().count() > 0 && rows.clone().all(|row| row.backends.is_empty()));
    // Maintenance is 4 since 1.19.
    let backends = old.backends.as_ref().unwrap();
    let state = |service: &str| {
        backends
            .iter()
            .find(|b| b.service == service)
            .map(|b| b.state)
    };
    assert_eq!(state("apps/notready"), Some(4));
    let frontends = old.frontends.as_ref().unwrap();
    assert!(frontends.iter().all(|row| row.status == "Done"));
    let dual = frontends
        .iter()
        .filter(|row| row.service == "apps/dual" && row.kind == "NodePort");
    assert!(dual.map(|row| row.backends).eq([2, 2]));
}

#[test]
fn who_the_agent_is() {
    for (version, wanted) in [
        ("1.18", "1.18.0-dev"),
        ("1.19", "1.19.0-dev"),
        ("1.21", "1.21.0-dev"),
    ] {
        let agent = read(&format!("cilium-{version}/base")).agent;
        assert_eq!(agent.version.unwrap().to_string(), wanted);
        let nodes = agent.nodes.unwrap();
        assert_eq!(
            (nodes[0].name.as_str(), nodes[0].address),
            ("node-1", "10.0.1.10".parse().ok())
        );
        assert!(nodes[0].ingress_address.is_some());
        let endpoints = agent.endpoints.unwrap();
        let ingress = endpoints
            .iter()
            .find(|e| e.labels == ["reserved:ingress"])
            .unwrap();
        assert_eq!(
            (ingress.state.as_str(), ingress.pod.as_deref()),
            ("ready", None)
        );
        assert_eq!(nodes[0].ingress_address, ingress.addresses.first().copied());
        // 1.21 prints no pod names any more.
        let named = endpoints
            .iter()
            .filter(|endpoint| endpoint.pod.is_some())
            .count();
        assert_eq!(named, if version == "1.21" { 0 } else { 2 });
    }
}
