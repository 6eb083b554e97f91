//! The bundle of a capture: what was read, and a load balancer for each Service.

use super::answers::{self, Answer};
use super::balancer;
use crate::captures::{Document, all};
use cilium_lb::bundle::Bundle;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The node of the captures.
pub(crate) const NODE: &str = "node-1";

/// One capture with its answer sheet.
pub(crate) struct Capture {
    /// `cilium-1.19/base`.
    pub(crate) state: String,
    /// What the client met.
    pub(crate) answers: Vec<Answer>,
    /// What was read on the node and of the cluster.
    pub(crate) documents: Vec<Document>,
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
    /// A document as text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        let document = self.documents.iter().find(|one| one.path == path)?;
        Some(std::str::from_utf8(&document.bytes).unwrap())
    }

    /// Whether what a NodePort leads to cannot serve: no endpoint of an ordinary Service is ready, or the listener of
    /// a Gateway lacks its certificate.
    pub(crate) fn nothing_behind(&self, answer: &Answer) -> bool {
        let objects = self.text("kubernetes/objects.json").unwrap();
        let list: Value = serde_json::from_str(objects).unwrap();
        let (namespace, name) = &answer.service;
        let of = |kind: &'static str| {
            let items = list["items"].as_array().unwrap().iter();
            items.filter(move |object| {
                object["kind"] == kind && object["metadata"]["namespace"] == namespace.as_str()
            })
        };
        if let Some(gateway) = name.strip_prefix("cilium-gateway-") {
            let unresolved = |listener: &Value| {
                let conditions = listener["conditions"].as_array();
                conditions.is_some_and(|all| {
                    all.iter()
                        .any(|one| one["type"] == "ResolvedRefs" && one["status"] == "False")
                })
            };
            let mut gateways = of("Gateway").filter(|one| one["metadata"]["name"] == gateway);
            return gateways.any(|one| {
                let listeners = one["status"]["listeners"].as_array();
                listeners.is_some_and(|all| all.iter().any(unresolved))
            });
        }
        let ready = of("EndpointSlice")
            .filter(|slice| {
                slice["metadata"]["labels"]["kubernetes.io/service-name"] == name.as_str()
            })
            .filter_map(|slice| slice["endpoints"].as_array())
            .flatten()
            .filter(|endpoint| endpoint["conditions"]["ready"] == true);
        ready.count() == 0
    }

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
