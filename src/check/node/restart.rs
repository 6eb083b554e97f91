//! The fixes that several checks share: let the agents read their configuration again, or change it first.

use super::setting::Key;
use crate::check::View;
use crate::check::finding::{Fix, Risk};

/// What to look at before agents start with Envoy configuration.
///
/// Each then needs one more address for its ingress IP and does not start without it (daemon/cmd/ipam.go
/// "unable to allocate ingress IPs").
const INGRESS_ADDRESS: &str = "First make sure that every node has one free Pod address for its ingress IP: an \
                               agent that cannot get one does not start. Host network mode is not a fix";

/// The nodes whose agents would not come up again: no address is left, and none is held for the ingress IP.
fn crowded(view: &View<'_>) -> Vec<String> {
    view.agent_nodes()
        .filter(|node| {
            view.agent(node).status().is_ok_and(|status| {
                status
                    .ipam
                    .as_ref()
                    .is_some_and(|ipam| ipam.exhausted().is_some())
            })
        })
        .map(str::to_owned)
        .collect()
}

/// What the restart asks for first, by what is known of the nodes' addresses.
fn precondition(view: &View<'_>) -> String {
    let crowded = crowded(view);
    if crowded.is_empty() {
        return INGRESS_ADDRESS.to_owned();
    }
    format!(
        "First free a Pod address on {}: none is left there for the ingress IP, and the agent would not start again (CLB5202). \
         Host network mode is not a fix",
        crowded.join(", ")
    )
}

/// Restarts agents and operator so that they read what `key` is set to.
pub fn restart(view: &View<'_>, key: Key) -> Fix {
    let mut fix = read_again(view, key.effect());
    if key.concerns_envoy() {
        fix.summary.push_str(". ");
        fix.summary.push_str(&precondition(view));
    }
    fix
}

/// Restarts agents and operator; `after` is what to look at then.
pub fn read_again(view: &View<'_>, after: &str) -> Fix {
    let namespace = view.agent_namespace();
    let summary =
        "restart the agents and the operator so that they read cilium-config again".to_owned();
    Fix {
        summary,
        commands: vec![
            format!("kubectl -n {namespace} rollout restart deploy/cilium-operator"),
            format!("kubectl -n {namespace} rollout restart ds/cilium"),
            format!("kubectl -n {namespace} rollout status ds/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: after.to_owned(),
    }
}

/// The command that restarts the agent of one node.
pub fn restart_agent(view: &View<'_>, node: &str) -> String {
    format!(
        "kubectl -n {} delete pod -l k8s-app=cilium --field-selector spec.nodeName={node}",
        view.agent_namespace()
    )
}

/// Sets a Helm value so that `key` is on, and restarts agents and operator.
pub fn switch_on(view: &View<'_>, key: Key) -> Fix {
    let namespace = view.agent_namespace();
    let mut summary = format!(
        "switch {} on where the configuration is kept, usually the Helm values, and restart the agents",
        key.name()
    );
    if key.concerns_envoy() {
        summary.push_str(". ");
        summary.push_str(&precondition(view));
    }
    Fix {
        summary,
        commands: vec![
            format!("helm -n {namespace} list --filter '^cilium$'"),
            view.helm_upgrade(&format!("--set {}", key.helm_value())),
            format!("kubectl -n {namespace} rollout restart deploy/cilium-operator ds/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: key.effect().to_owned(),
    }
}
