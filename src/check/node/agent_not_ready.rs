//! The Cilium agent of the node is not Ready, and this health check needs the agent's process.

use super::server::{self, Server};
use super::setting::Key;
use super::start_failure::{self, StartFailure};
use super::{desired, pods, running, xdp};
use crate::check::datapath::probe::Probe;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Object, Pod, Service};
use crate::model::{Fact, Gap, Reason, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5102),
    slug: "agent-not-ready",
    hop: Hop::Node,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the Cilium agent of the node does not run",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::Pods,
        Source::Nodes,
        Source::HealthCheckNodePort,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::BpfLb,
        Source::NodeList,
        Source::AgentStatus,
    ],
    page: include_str!("agent_not_ready.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    Ok(match judge(view, node)? {
        Outcome::Fail(finding) => Outcome::Fail(xdp::explain(view, node, finding)),
        Outcome::Note(finding) => Outcome::Note(xdp::explain(view, node, finding)),
        other => other,
    })
}

fn judge(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let pod = match pods::required(view, pods::AGENT, node) {
        Ok(pod) => pod,
        Err(gap) => {
            let server = server::of(view, service, node);
            return match (never_ran(view, node, None), server) {
                (Some(finding), Ok(server))
                    if server != Server::KubeProxy
                        && server::beside(view, service, node).is_none() =>
                {
                    fail(server.given(finding))
                }
                _ => Err(gap),
            };
        }
    };
    let ready = pod.ready().ok_or_else(|| {
        Gap::new(
            Source::Pods,
            format!("node {node}"),
            Reason::Partial("the agent's Pod has no Ready condition".to_owned()),
        )
    })?;
    if ready.status == "True" {
        return pass("the agent is Ready");
    }
    let server = server::of(view, service, node);
    if server == Ok(Server::KubeProxy) {
        let mut evidence = vec![state(pod)];
        let off = running::running(view, node, Key::KubeProxyReplacement)
            .or_else(|_| desired::desired(view, node, Key::KubeProxyReplacement));
        evidence.extend(off.into_iter().flat_map(|setting| setting.evidence));
        let finding = left_to_kube_proxy(view, service, node, pod, evidence);
        return Ok(Outcome::Note(finding));
    }
    if let Some(finding) = never_ran(view, node, Some(pod)) {
        // An agent that never ran replaced nothing.
        if server::beside(view, service, node).is_some() {
            let finding = left_to_kube_proxy(view, service, node, pod, finding.evidence);
            return Ok(Outcome::Note(finding));
        }
        return fail(server?.given(finding));
    }
    let server = server?;
    if pods::running(pod, "cilium-agent") {
        return Ok(Outcome::Note(stale(view, node, pod)));
    }
    let failure = start_failure::of(view, node);
    if let Some((failure, line)) = &failure
        && service.is_proxied()
    {
        let (followed, proof) = start_failure::followed_before(view, service, node)?;
        if !followed {
            return fail(never_followed(view, node, pod, *failure, line, proof));
        }
    }
    if needs_health_server(view, service, node) {
        let port = service.spec.health_check_node_port;
        match view.agent(node).health_answer(port) {
            // What answers there is the agent's own process, or kube-proxy if it runs as well.
            Ok(answer) if answer.code.is_some() => {}
            // The question is put inside the agent's Pod, so that nothing is heard of a port which kube-proxy has taken.
            Err(gap) if server::beside(view, service, node).is_some() => return Err(gap),
            _ => {
                let why = "the health check asks the agent's own process";
                return fail(server.given(down(view, node, pod, why)));
            }
        }
    }
    if service.is_proxied() && pods::of_node(view, pods::ENVOY, node).is_none() {
        let external = running::running(view, node, Key::ExternalEnvoy)
            .or_else(|_| desired::desired(view, node, Key::ExternalEnvoy))?;
        if !external.on {
            let mut finding = down(view, node, pod, "Envoy runs inside it");
            finding.evidence.extend(external.evidence);
            return fail(finding);
        }
    }
    let mut finding = stale(view, node, pod);
    finding.evidence.extend(failure.map(|(_, line)| line));
    Ok(Outcome::Note(finding))
}

/// The agent cannot start with the configuration it is given, and none has ever run with it here.
fn never_followed(
    view: &View<'_>,
    node: &str,
    pod: &Fact<Pod>,
    failure: StartFailure,
    line: &Evidence,
    proof: Vec<Evidence>,
) -> Finding {
    let mut evidence = vec![line.clone(), state(pod)];
    evidence.extend(proof);
    let mut fix = look_at(view, node, Some(pod));
    fix.summary = failure.summary().to_owned();
    Finding::new(
        format!(
            "{}, and nothing on the node redirects to Envoy",
            failure.message()
        ),
        failure.message(),
        evidence,
    )
    .about([format!("Node/{node}"), pod.id()])
    .fix(fix)
}

fn needs_health_server(view: &View<'_>, service: &Service, node: &str) -> bool {
    view.paths().iter().any(|path| {
        path.targets
            .iter()
            .filter(|target| target.node.as_deref().is_ok_and(|name| name == node))
            .any(|target| Probe::of(service, path, target).is_ok_and(|probe| probe.of_agent))
    })
}

/// The agent never came up on this node: the operator's taint is still there, and the condition that it
/// sets with the first start (`NetworkUnavailable=False`, reason `CiliumIsUp`) is not.
///
/// The operator sets both, and only while the agent is Ready, so that an agent that ran and was never Ready looks the same:
/// whether its container has run is asked first.
fn never_ran(view: &View<'_>, node: &str, pod: Option<&Fact<Pod>>) -> Option<Finding> {
    let ran = |pod: &Fact<Pod>| {
        let container = pods::container(pod, "cilium-agent");
        pods::running(pod, "cilium-agent") || container.is_some_and(|one| one.restart_count > 0)
    };
    if pod.is_some_and(ran) {
        return None;
    }
    let found = view.nodes().find("", node).ok().flatten()?;
    let taint = found
        .spec
        .taints
        .iter()
        .find(|taint| taint.key == "node.cilium.io/agent-not-ready")?;
    // A Node without conditions was not captured whole.
    found.ready()?;
    let was_up = condition(&found.status.conditions, "NetworkUnavailable")
        .is_some_and(|condition| condition.reason == "CiliumIsUp");
    if was_up || view.agent_nodes().any(|name| name == node) {
        return None;
    }
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &found.origin,
        format!("Node/{node}"),
        "spec.taints",
        format!("{}:{}", taint.key, taint.effect),
    )];
    evidence.extend(pod.map(state));
    Some(
        Finding::new(
            "the agent has never run on this node: the taint node.cilium.io/agent-not-ready is still set \
             and the condition CiliumIsUp is absent, so nothing serves NodePorts",
            "never ran",
            evidence,
        )
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("the operator ran, and sets that taint and that condition")
        .fix(look_at(view, node, pod)),
    )
}

fn down(view: &View<'_>, node: &str, pod: &Fact<Pod>, dependency: &str) -> Finding {
    let waiting = pods::waiting(pod, "cilium-agent");
    let what = waiting.map_or("does not run".to_owned(), |reason| {
        format!("waits ({reason})")
    });
    Finding::new(
        format!("the agent's container {what}, and {dependency}"),
        dependency,
        vec![state(pod)],
    )
    .about([format!("Node/{node}"), pod.id()])
    .confidence(if waiting.is_some() {
        Confidence::High
    } else {
        Confidence::Medium
    })
    .fix(look_at(view, node, Some(pod)))
}

/// The agent is not the one that serves this Service, so that whatever fails here fails for another reason.
fn left_to_kube_proxy(
    view: &View<'_>,
    service: &Service,
    node: &str,
    pod: &Fact<Pod>,
    mut evidence: Vec<Evidence>,
) -> Finding {
    evidence.extend(server::beside(view, service, node).map(|proxy| {
        Evidence::new(
            Layer::Observed,
            &proxy.origin,
            proxy.id(),
            "status.phase",
            proxy.status.phase.as_str(),
        )
    }));
    Finding::new(
        "the agent is not Ready, and it does not serve this Service here: NodePorts and health-check node ports of ordinary \
         Services are left to kube-proxy",
        "left to kube-proxy",
        evidence,
    )
    .about([format!("Node/{node}"), pod.id()])
    .fix(look_at(view, node, Some(pod)))
}

fn stale(view: &View<'_>, node: &str, pod: &Fact<Pod>) -> Finding {
    Finding::new(
        "the agent is not Ready: the datapath serves what it was last told, and later changes do not reach it",
        "stale datapath",
        vec![state(pod)],
    )
    .about([
        format!("Node/{node}"),
        pod.id(),
    ])
    .fix(look_at(view, node, Some(pod)))
}

/// The Pod's own words on why it is not Ready.
fn state(pod: &Fact<Pod>) -> Evidence {
    let ready = pod.ready();
    let container = pods::container(pod, "cilium-agent");
    let detail = container
        .and_then(|status| status.state.waiting.as_ref())
        .map(|waiting| format!("{}: {}", waiting.reason, waiting.message))
        .or_else(|| ready.map(|ready| format!("{}: {}", ready.reason, ready.message)))
        .unwrap_or_default();
    let restarts = container.map_or(0, |status| status.restart_count);
    Evidence::new(
        Layer::Observed,
        &pod.origin,
        pod.id(),
        "status",
        format!(
            "Ready={}, {restarts} restarts, {detail}",
            ready.map_or("?", |one| &one.status)
        ),
    )
}

fn look_at(view: &View<'_>, node: &str, pod: Option<&Fact<Pod>>) -> Fix {
    let namespace = view.agent_namespace();
    let commands = match pod {
        Some(pod) => vec![
            format!("kubectl -n {namespace} describe pod {}", pod.metadata.name),
            format!(
                "kubectl -n {namespace} logs {} -c cilium-agent --previous --tail=50",
                pod.metadata.name
            ),
        ],
        None => vec![
            format!(
                "kubectl -n {namespace} get pods -l k8s-app=cilium --field-selector spec.nodeName={node}"
            ),
            format!("kubectl describe node {node}"),
        ],
    };
    Fix {
        summary: "see why the agent does not come up; its last log lines name the reason"
            .to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the agent's Pod is Ready on every target node".to_owned(),
    }
}
