//! From what AWS reports to the agents that are worth reading.

use super::first::Cluster;
use super::kube::agents::Agent;
use super::notebook::Notebook;
use super::request::Request;
use super::sample::{Candidate, sample};
use crate::model::aws::TargetHealthDescription;
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
            Some(pod) => agents.push(agent(node, pod)),
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
    cluster
        .facts
        .slices()
        .filter(|slice| {
            slice.service().is_some_and(|name| {
                services.contains(&(slice.metadata.namespace.clone(), name.to_owned()))
            })
        })
        .flat_map(|slice| &slice.endpoints)
        .filter(|endpoint| endpoint.conditions.ready != Some(false))
        .filter_map(|endpoint| endpoint.node_name.as_deref())
        .collect()
}

fn agent(node: &str, pod: &Pod) -> Agent {
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

impl Notebook<'_> {
    /// What the health documents say.
    fn reported(&self) -> Reported {
        let mut reported = Reported::default();
        let kube_proxy = KUBE_PROXY_HEALTH.to_string();
        self.each_document(|path, bytes| {
            if !path.contains("/elbv2-describe-target-health.") {
                return;
            }
            let health: Health = serde_json::from_slice(bytes).unwrap_or_default();
            for target in health.target_health_descriptions {
                reported.kube_proxy |= target.health_check_port.as_ref() == Some(&kube_proxy);
                reported
                    .states
                    .entry(target.target.id)
                    .or_default()
                    .insert(target.target_health.state);
            }
        });
        reported
    }
}

#[cfg(test)]
mod tests {
    use super::{agent, candidate};
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
    fn a_pod_that_does_not_run_is_not_asked() {
        let pod = serde_json::from_value(json!({
            "metadata": {"name": "cilium-x", "namespace": "kube-system"}, "status": {"phase": "Pending"},
        }))
        .unwrap();
        let agent = agent("n", &pod);
        assert_eq!(
            agent.running.unwrap_err(),
            "AgentNotRunning: Pod kube-system/cilium-x is Pending"
        );
    }
}
