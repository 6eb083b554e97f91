//! The bundle of a capture: what was read, a load balancer for each Service, and, when asked, the readings of
//! the node that the lab did not take.

use super::answers::{self, Answer, Met};
use super::balancer;
use crate::captures::{Document, all};
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::parse;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The node of the captures.
const NODE: &str = "node-1";

/// One capture with its answer sheet.
pub(crate) struct Capture {
    /// `cilium-1.19/base`.
    pub(crate) state: String,
    /// What the client met.
    pub(crate) answers: Vec<Answer>,
    documents: Vec<Document>,
    services: Vec<Value>,
}

/// All captures that have an answer sheet. Agents of one version are one build, so all have the version of `base`.
pub(crate) fn captures() -> Vec<Capture> {
    let mut states: BTreeMap<String, Vec<Document>> = BTreeMap::new();
    for document in all() {
        states
            .entry(document.state.clone())
            .or_default()
            .push(document);
    }
    let versions: BTreeMap<String, Vec<u8>> = states
        .iter()
        .filter_map(|(state, documents)| {
            let cilium = state.strip_suffix("/base")?.to_owned();
            let version = documents
                .iter()
                .find(|one| one.path.ends_with("/version.json"))?;
            Some((cilium, version.bytes.clone()))
        })
        .collect();
    states
        .into_iter()
        .filter_map(|(state, mut documents)| {
            let sheet = documents
                .iter()
                .position(|one| one.path == "observed.txt")?;
            let answers = answers::read(&String::from_utf8(documents.remove(sheet).bytes).unwrap());
            if !documents
                .iter()
                .any(|one| one.path.ends_with("/version.json"))
            {
                documents.push(Document {
                    state: state.clone(),
                    path: format!("cilium/{NODE}/version.json"),
                    bytes: versions[state.split('/').next().unwrap()].clone(),
                });
            }
            Some(Capture {
                services: services(&mut documents),
                state,
                answers,
                documents,
            })
        })
        .collect()
}

/// Gives every Service a load balancer, and returns them.
fn services(documents: &mut [Document]) -> Vec<Value> {
    let objects = documents
        .iter_mut()
        .find(|one| one.path == "kubernetes/objects.json")
        .unwrap();
    let mut list: Value = serde_json::from_slice(&objects.bytes).unwrap();
    let mut all = Vec::new();
    for object in list["items"].as_array_mut().unwrap() {
        if object["kind"] == "Service" {
            let hostname = balancer::hostname(&balancer::id(object));
            object["status"]["loadBalancer"] = json!({"ingress": [{"hostname": hostname}]});
            all.push(object.clone());
        }
    }
    objects.bytes = list.to_string().into_bytes();
    all
}

impl Capture {
    /// The bundle as it was taken, with load balancers that ask for `probes`.
    pub(crate) fn bundle(&self, probes: &[Answer]) -> Bundle {
        let mut bundle = Bundle::default();
        for document in &self.documents {
            bundle.insert(document.path.clone(), document.bytes.clone());
        }
        balancer::add(&mut bundle, &self.services, probes);
        self.add_surroundings(&mut bundle);
        bundle
    }

    /// The lab ran the agent without a kubelet, and no controller that would bind target groups.
    fn add_surroundings(&self, bundle: &mut Bundle) {
        let agent = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "cilium-lab01", "namespace": "kube-system", "labels": {"k8s-app": "cilium"}},
            "spec": {"nodeName": NODE, "hostNetwork": true, "containers": [{"name": "cilium-agent", "image": "cilium"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "cilium-agent", "ready": true, "restartCount": 0, "image": "cilium",
                    "state": {"running": {"startedAt": "2026-11-21T00:00:00Z"}}}]}});
        let mut pods = vec![agent];
        pods.extend(["echo-1", "echo-2"].map(|name| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "apps"},
                "spec": {"nodeName": NODE, "containers": [{"name": "echo", "ports": [{"containerPort": 8080}]}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
        }));
        let bindings: Vec<Value> = self.services.iter().flat_map(binding).collect();
        for (name, items) in [("pods", pods), ("targetgroupbindings", bindings)] {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            bundle.insert(format!("kubernetes/{name}.json"), list.to_string());
        }
    }

    /// Adds what a collector reads on a node and the lab did not: Envoy's listeners, which are known from what
    /// was done to the proxy, the rules that every agent writes for its redirects, and what the agent itself
    /// answers on health-check node ports.
    pub(crate) fn add_missing_readings(&self, bundle: &mut Bundle) {
        let redirects = redirects(&parse::snapshot(bundle));
        let listens = self.proxy_listens();
        let mut add = |path: String, text: String| {
            if bundle.get(&path).is_none() {
                bundle.insert(path, text);
            }
        };
        if !self.has("envoy/node-1/listeners.txt") {
            let listeners: Vec<Value> = redirects
                .iter()
                .filter(|_| listens)
                .map(|port| {
                    json!({"name": format!("listener-{port}"), "local_address":
                        {"socket_address": {"address": "127.0.0.1", "port_value": port}}})
                })
                .collect();
            add(
                format!("envoy/{NODE}/listeners.json"),
                json!({"listener_statuses": listeners}).to_string(),
            );
        }
        let rules: String = redirects
            .iter()
            .map(|port| {
                format!(
                    "-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x{:04x}0200 -j TPROXY --on-port {port} --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff\n",
                    port.swap_bytes()
                )
            })
            .collect();
        add(
            format!("cilium/{NODE}/iptables-save.txt"),
            format!("*mangle\n:CILIUM_PRE_mangle - [0:0]\n{rules}COMMIT\n"),
        );
        add(
            format!("cilium/{NODE}/ip-rule.txt"),
            "9:\tfrom all fwmark 0x200/0xf00 lookup 2004\n100:\tfrom all lookup local\n".to_owned(),
        );
        add(
            format!("cilium/{NODE}/ip-route-2004.txt"),
            "local default dev lo proto kernel scope host\n".to_owned(),
        );
        for answer in self.answers.iter().filter(|one| one.service_port == 0) {
            let text = match &answer.met {
                Met::Answered(lines) => lines.join("\n"),
                _ => format!(
                    "curl: (7) Failed to connect to 127.0.0.1 port {}: Connection refused",
                    answer.port
                ),
            };
            add(
                format!("cilium/{NODE}/health-check-node-port.{}.txt", answer.port),
                text,
            );
        }
    }

    /// Whether the proxy of the state took its listeners; README.md says what was done to it.
    fn proxy_listens(&self) -> bool {
        let state = self.state.split('/').nth(1).unwrap();
        !matches!(state, "base-noenvoy" | "envoy-nack" | "envoy-nack-fresh")
    }

    fn has(&self, path: &str) -> bool {
        self.documents.iter().any(|one| one.path == path)
    }
}

/// What makes the NodePorts of a Service that is no LoadBalancer the targets of a load balancer.
fn binding(service: &Value) -> Vec<Value> {
    if service["spec"]["type"] == "LoadBalancer" {
        return Vec::new();
    }
    let (namespace, name) = balancer::id(service);
    let ports = service["spec"]["ports"].as_array().unwrap();
    let ports = ports.iter().map(|port| {
        json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
            "metadata": {"namespace": namespace, "name": format!("{name}-{}", port["port"])},
            "spec": {"serviceRef": {"name": name, "port": port["port"]}, "targetType": "instance",
                "targetGroupARN": balancer::group_arn(&port["nodePort"])}})
    });
    ports.collect()
}

/// The ports that the datapath redirects to.
fn redirects(snapshot: &Snapshot) -> Vec<u16> {
    let bpf = snapshot.agents[NODE].bpf.as_ref().unwrap();
    let mut ports: Vec<u16> = bpf
        .frontends
        .values()
        .filter(|frontend| frontend.redirects())
        .filter_map(|frontend| frontend.proxy_port)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
