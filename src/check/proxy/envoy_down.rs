//! Proof that the Envoy of a node does not run, where its admin interface could not be read.

use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::pods;
use crate::model::kubernetes::Pod;
use crate::model::source::agent_pod;
use crate::model::{Fact, Gap, Origin, Reason};

/// The Envoy of `node` does not run: its container waits, its Pod is not there, or it went with the agent.
///
/// `gap` is why its listeners were not read. The socket of the admin interface is closed exactly when Envoy
/// does not run, so a refused connection counts, and so does a socket that was never made; any other failure of
/// the reading does not, as one for want of a permission, which a running Envoy meets as well. `what` says what
/// leads to Envoy, as the start of the message. `None` when nothing proves it.
pub fn proven(view: &View<'_>, node: &str, gap: &Gap, what: &str) -> Option<Finding> {
    match pods::of_node(view, pods::ENVOY, node) {
        Some(pod) => of_pod(node, pod, refused(gap), gap, what),
        None if refused(gap) => Some(without_pod(view, node, gap, what)),
        None => None,
    }
}

/// Whether the agent found nobody behind Envoy's admin socket.
fn refused(gap: &Gap) -> bool {
    match &gap.reason {
        // A document that a person saved may hold the error instead of the answer.
        Reason::Failed(text) | Reason::Unreadable(text) => {
            text.contains("admin.sock")
                && (text.contains("connect: connection refused")
                    || text.contains("connect: no such file or directory"))
        }
        _ => false,
    }
}

fn of_pod(node: &str, pod: &Fact<Pod>, refused: bool, gap: &Gap, what: &str) -> Option<Finding> {
    let name = pod.metadata.name.as_str();
    let ready = pod.ready().map_or("", |ready| ready.status.as_str());
    let (value, confidence) = match pods::waiting(pod, "cilium-envoy") {
        Some(reason) => (
            format!("Ready={ready}, waiting: {reason}"),
            Confidence::High,
        ),
        None if refused && ready == "False" => (
            format!("Ready={ready}, admin interface: {}", gap.reason),
            Confidence::Medium,
        ),
        None => return None,
    };
    Some(
        Finding::new(
            format!("{what}, and the Envoy of the node does not run"),
            "envoy down",
            vec![Evidence::new(
                Layer::Observed,
                &pod.origin,
                format!("Pod/{name}"),
                "status",
                value,
            )],
        )
        .about([
            format!("Node/{node}"),
            format!("Pod/{}/{name}", pod.metadata.namespace),
        ])
        .confidence(confidence)
        .fix(fix(pod)),
    )
}

/// Nobody answers, and no Envoy Pod of the node is known: it runs inside the agent, or was never scheduled.
fn without_pod(view: &View<'_>, node: &str, gap: &Gap, what: &str) -> Finding {
    let status = view.agent(node).status().ok();
    let mode = status.and_then(|status| Some(status.proxy.as_ref()?.envoy_mode.as_str()));
    let others = view.pods().known().any(|pod| pod.is_app(pods::ENVOY));
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &Origin::new(gap.source, format!("envoy/{node}")),
        format!("Node/{node}"),
        "admin interface of Envoy",
        gap.reason.to_string(),
    )];
    if let (Some(status), Some(mode)) = (status, mode) {
        evidence.push(Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{node}"),
            "proxy.envoy-deployment-mode",
            mode,
        ));
    }
    let pods_of_node = view.kubectl(&format!(
        "get pods -l k8s-app=cilium-envoy -o wide --field-selector spec.nodeName={node}"
    ));
    let (message, decides, summary, command) = match mode {
        Some("embedded") => (
            "the Envoy inside the agent does not run",
            "embedded envoy down",
            "see in the agent's log why its Envoy does not stay up; restarting the agent starts it again",
            view.kubectl(&format!(
                "logs {} -c cilium-agent --tail=200",
                agent_pod(view.agent_namespace(), node)
            )),
        ),
        // The Envoys of other nodes were captured by the same list.
        _ if others => (
            "no cilium-envoy Pod runs on the node",
            "envoy not scheduled",
            "see why DaemonSet cilium-envoy has no Pod there: a taint it does not tolerate, its affinity to the agent, or a \
             clash on its host ports 9878 and 9964",
            pods_of_node,
        ),
        _ => (
            "the Envoy of the node does not run",
            "envoy down",
            "see whether DaemonSet cilium-envoy has a Pod there and why it does not stay up",
            pods_of_node,
        ),
    };
    Finding::new(format!("{what}, and {message}"), decides, evidence)
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .fix(Fix {
            summary: summary.to_owned(),
            commands: vec![command],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg envoy admin listeners` answers on every target node".to_owned(),
        })
}

fn fix(pod: &Pod) -> Fix {
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    Fix {
        summary: "see why Envoy does not listen there: its own log and state first; restarting it makes it ask the agent \
                  for its listeners again"
            .to_owned(),
        commands: vec![
            format!("kubectl -n {namespace} describe pod {name}"),
            format!("kubectl -n {namespace} logs {name} --tail=100"),
            format!("kubectl -n {namespace} delete pod {name}"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "`cilium-dbg envoy admin listeners` shows the proxy port of the NodePort entry".to_owned(),
    }
}
