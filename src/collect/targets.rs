//! From what AWS reports to the agents that are worth reading.

use super::first::Cluster;
use super::kube::agents::Agent;
use super::notebook::Notebook;
use super::request::Request;
use super::sample::{Candidate, sample};
use crate::model::aws::{ClassicLoadBalancer, InstanceHealth, TargetHealthDescription};
use crate::model::kubernetes::endpoints::Endpoint;
use crate::model::kubernetes::node::KUBE_PROXY_HEALTH;
use crate::model::kubernetes::{Node, Pod};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A document of `elbv2 describe-target-health`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    target_health_descriptions: Vec<TargetHealthDescription>,
}

/// A document of `elb describe-instance-health`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Instances {
    instance_states: Vec<InstanceHealth>,
}

/// A document of `elb describe-load-balancers`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Classic {
    load_balancer_descriptions: Vec<ClassicLoadBalancer>,
}

/// The agents to read and the health-check node ports to ask; the nodes left out become gaps.
pub(super) fn agents(
    cluster: &Cluster,
    request: &Request,
    namespace: &str,
    notebook: &Notebook<'_>,
) -> (Vec<Agent>, Vec<u16>) {
    let services = cluster.wanted(request, namespace);
    let reported = notebook.reported();
    let ports: BTreeSet<u16> = services
        .iter()
        .filter_map(|(namespace, name)| cluster.facts.service(namespace, name))
        .map(|service| service.spec.health_check_node_port)
        .filter(|port| *port != 0)
        .chain(reported.kube_proxy.then_some(KUBE_PROXY_HEALTH))
        .collect();
    let pods: BTreeMap<&str, &Pod> = cluster
        .facts
        .agents()
        .map(|pod| (pod.spec.node_name.as_str(), pod))
        .collect();
    let local = local_nodes(cluster, &services);
    let by_hand = named_by_hand(cluster, &services);
    let candidates: Vec<Candidate> = cluster
        .facts
        .nodes()
        .filter_map(|node| candidate(node, &reported.states, &pods, &local))
        .collect();
    let (chosen, left) = sample(&candidates, request.all_nodes);
    for node in left {
        for half in ["cilium", "envoy"] {
            notebook.gap(
                format!("{half}/{node}"),
                "not sampled: --all-nodes reads it",
            );
        }
    }
    let mut agents = Vec::new();
    for node in chosen {
        match pods.get(node) {
            Some(pod) => agents.push(agent(node, pod, by_hand.contains(node))),
            None => {
                for half in ["cilium", "envoy"] {
                    let reason =
                        "NoAgent: no Pod with the label k8s-app=cilium was seen on this node";
                    notebook.gap(format!("{half}/{node}"), reason);
                }
            }
        }
    }
    (agents, ports.into_iter().collect())
}

fn candidate(
    node: &Node,
    reported: &BTreeMap<String, BTreeSet<String>>,
    pods: &BTreeMap<&str, &Pod>,
    local: &BTreeSet<&str>,
) -> Option<Candidate> {
    let name = node.metadata.name.as_str();
    let mut states: BTreeSet<&String> = BTreeSet::new();
    let addresses = node.internal_ips().map(|ip| ip.to_string());
    for id in node
        .instance_id()
        .map(str::to_owned)
        .into_iter()
        .chain(addresses)
    {
        states.extend(reported.get(&id).into_iter().flatten());
    }
    // Targets that are addresses of Pods belong to the nodes of those Pods.
    let by_endpoint = states.is_empty() && local.contains(name);
    if !reported.is_empty() && states.is_empty() && !by_endpoint {
        return None;
    }
    let images = pods
        .get(name)
        .into_iter()
        .flat_map(|pod| &pod.spec.containers);
    let image = images
        .filter(|container| container.name == "cilium-agent")
        .map(|c| &c.image)
        .next();
    Some(Candidate {
        node: name.to_owned(),
        states: states.into_iter().cloned().collect(),
        zone: node.zone().unwrap_or_default().to_owned(),
        image: image.cloned().unwrap_or_default(),
        local_endpoint: local.contains(name),
    })
}

/// Nodes with a ready endpoint of the Services.
fn local_nodes<'a>(
    cluster: &'a Cluster,
    services: &BTreeSet<(String, String)>,
) -> BTreeSet<&'a str> {
    endpoints(cluster, services)
        .filter(|endpoint| endpoint.conditions.ready != Some(false))
        .filter_map(|endpoint| endpoint.node_name.as_deref())
        .collect()
}

/// Nodes that an endpoint of the Services names without a Pod: only their agents tell whether it is there.
fn named_by_hand<'a>(
    cluster: &'a Cluster,
    services: &BTreeSet<(String, String)>,
) -> BTreeSet<&'a str> {
    endpoints(cluster, services)
        .filter(|endpoint| endpoint.pod().is_none())
        .filter_map(|endpoint| endpoint.node_name.as_deref())
        .collect()
}

fn endpoints<'a>(
    cluster: &'a Cluster,
    services: &BTreeSet<(String, String)>,
) -> impl Iterator<Item = &'a Endpoint> {
    cluster
        .facts
        .slices()
        .filter(|slice| {
            slice.service().is_some_and(|name| {
                services.contains(&(slice.metadata.namespace.clone(), name.to_owned()))
            })
        })
        .flat_map(|slice| &slice.endpoints)
}

fn agent(node: &str, pod: &Pod, endpoints: bool) -> Agent {
    let id = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
    let running = match pod.status.phase.as_str() {
        // A Pod without a status was not created by a kubelet; the exec will tell.
        "Running" | "" => Ok(()),
        phase => Err(format!("AgentNotRunning: Pod {id} is {phase}")),
    };
    Agent {
        node: node.to_owned(),
        namespace: pod.metadata.namespace.clone(),
        pod: pod.metadata.name.clone(),
        running,
        endpoints,
    }
}

/// What AWS reports of all targets.
#[derive(Default)]
struct Reported {
    /// States by target id.
    states: BTreeMap<String, BTreeSet<String>>,
    /// Whether a health check goes to kube-proxy's health port; AWS tells the resolved number.
    kube_proxy: bool,
}

impl Reported {
    /// Adds what a document says, if it is one of health.
    fn document(&mut self, path: &str, bytes: &[u8]) {
        if path.contains("/elbv2-describe-target-health.") {
            let health: Health = serde_json::from_slice(bytes).unwrap_or_default();
            for target in health.target_health_descriptions {
                let port = target.health_check_port.as_deref();
                self.kube_proxy |=
                    port.and_then(|text| text.parse().ok()) == Some(KUBE_PROXY_HEALTH);
                self.state(target.target.id, target.target_health.state);
            }
        } else if path.contains("/elb-describe-instance-health.") {
            let health: Instances = serde_json::from_slice(bytes).unwrap_or_default();
            for instance in health.instance_states {
                self.state(instance.instance_id, instance.state);
            }
        } else if path.contains("/elb-describe-load-balancers.") {
            let classic: Classic = serde_json::from_slice(bytes).unwrap_or_default();
            let checks = classic.load_balancer_descriptions.iter();
            let mut checks = checks.filter_map(|one| one.health_check.as_ref()?.parts());
            self.kube_proxy |= checks.any(|check| check.port == KUBE_PROXY_HEALTH);
        }
    }

    fn state(&mut self, id: String, state: String) {
        self.states.entry(id).or_default().insert(state);
    }
}

impl Notebook<'_> {
    /// What the health documents say.
    fn reported(&self) -> Reported {
        let mut reported = Reported::default();
        self.each_document(|path, bytes| reported.document(path, bytes));
        reported
    }
}

#[cfg(test)]
mod tests {
    use super::{Reported, agent, candidate};
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_node_is_a_target_by_instance_or_address() {
        let node = serde_json::from_value(json!({
            "metadata": {"name": "n", "labels": {"topology.kubernetes.io/zone": "a"}},
            "spec": {"providerID": "aws:///a/i-1"},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
        }))
        .unwrap();
        let pods = BTreeMap::new();
        let none = BTreeSet::new();
        let states =
            |id: &str| BTreeMap::from([(id.to_owned(), BTreeSet::from(["unhealthy".to_owned()]))]);
        for id in ["i-1", "10.0.0.1"] {
            let found = candidate(&node, &states(id), &pods, &none).unwrap();
            assert_eq!(
                (found.states.as_slice(), found.zone.as_str()),
                (&["unhealthy".to_owned()][..], "a")
            );
        }
        assert_eq!(candidate(&node, &states("i-2"), &pods, &none), None);
        let unread = candidate(&node, &BTreeMap::new(), &pods, &none).unwrap();
        assert!(
            unread.states.is_empty(),
            "without AWS every node may be a target"
        );
        let pod_target = candidate(&node, &states("10.9.9.9"), &pods, &BTreeSet::from(["n"]));
        assert!(pod_target.unwrap().local_endpoint);
    }

    #[test]
    fn both_versions_of_load_balancers_tell_states_and_where_the_check_goes() {
        let mut reported = Reported::default();
        let region = "aws/1/r";
        reported.document(
            &format!("{region}/elbv2-describe-target-health.web.json"),
            br#"{"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}, "HealthCheckPort": "30080", "TargetHealth": {"State": "healthy"}}]}"#,
        );
        reported.document(
            &format!("{region}/elb-describe-instance-health.a43b.json"),
            br#"{"InstanceStates": [{"InstanceId": "i-2", "State": "OutOfService"}]}"#,
        );
        let state = |id: &str| reported.states.get(id).and_then(|all| all.first().cloned());
        assert_eq!(state("i-1").as_deref(), Some("healthy"));
        assert_eq!(state("i-2").as_deref(), Some("OutOfService"));
        assert!(!reported.kube_proxy);
        reported.document(
            &format!("{region}/elb-describe-load-balancers.json"),
            br#"{"LoadBalancerDescriptions": [{"HealthCheck": {"Target": "HTTP:10256/healthz"}}]}"#,
        );
        assert!(reported.kube_proxy);
    }

    #[test]
    fn a_pod_that_does_not_run_is_not_asked() {
        let pod = serde_json::from_value(json!({
            "metadata": {"name": "cilium-x", "namespace": "kube-system"}, "status": {"phase": "Pending"},
        }))
        .unwrap();
        let agent = agent("n", &pod, false);
        assert_eq!(
            agent.running.unwrap_err(),
            "AgentNotRunning: Pod kube-system/cilium-x is Pending"
        );
    }
}
