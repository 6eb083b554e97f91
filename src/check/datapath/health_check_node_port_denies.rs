//! The health-check node port says that the node has no endpoint, or nothing sensible, although it has one.

use super::health_server;
use super::port_missing::port_missing;
use super::probe::{CONNECTS_ONLY, Probe, entry, row_key};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::restart_agent;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::workload::endpoints::Endpoints;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::HealthAnswer;
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6204),
    slug: "health-check-node-port-denies",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the health-check node port denies an endpoint that the node has",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::HealthCheckNodePort,
        Source::AgentModules,
        Source::DbServices,
        Source::DbBackends,
        Source::EndpointSlices,
        Source::BpfLb,
        Source::AgentVersion,
        Source::AgentStatus,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbFrontends,
        Source::Nodes,
    ],
    page: include_str!("health_check_node_port_denies.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent && probe.connects_only => return not_applicable(CONNECTS_ONLY),
        Ok(probe) if probe.of_agent => probe,
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let answer = match view
        .agent(node)
        .health_answer(service.spec.health_check_node_port)
    {
        Ok(answer) => answer,
        Err(gap) => return unread(view, service, probe, target, gap),
    };
    let Some(code) = answer.code else {
        return not_applicable("nothing answers on the health-check node port (CLB6203)");
    };
    if code == 200 {
        return pass("the health-check node port answers 200");
    }
    if code != 503 {
        return fail(stranger(service, node, answer, code));
    }
    if let Some((namespace, name)) = &answer.service
        && (*namespace != service.metadata.namespace || *name != service.metadata.name)
    {
        return fail(other_service(
            view,
            service,
            node,
            answer,
            &format!("{namespace}/{name}"),
        ));
    }
    let found = entry(view, target, probe);
    if let Ok(found) = &found
        && service.is_proxied()
        && found.bpf.on_port(probe.node_port).next().is_none()
        && found.unreadable().is_none()
    {
        // Nothing to serve here, and the server says so: why not is the question.
        let finding = port_missing(
            view,
            service,
            probe,
            found,
            vec![said(service, node, answer)],
        );
        return fail(finding);
    }
    if service.is_proxied() {
        return not_applicable(PROXIED);
    }
    let programmed = found
        .ok()
        .and_then(|found| Some((found.frontend?.backend_count(), found.bpf, found.frontend?)));
    if programmed.as_ref().is_some_and(|(count, ..)| *count == 0) {
        return not_applicable("the NodePort entry has no backends either (CLB6103, CLB6201)");
    }
    let on_node = match Endpoints::of(view, service) {
        Ok(endpoints) => endpoints.ready_on(node) > 0,
        // The external entry of a Local Service holds the node's own backends only.
        Err(_) if programmed.is_some() => true,
        Err(gap) => return Err(gap),
    };
    if !on_node {
        return not_applicable("no endpoint on the node is ready, so 503 is right");
    }
    let mut evidence = vec![said(service, node, answer)];
    evidence.extend(programmed.iter().map(|(_, bpf, frontend)| {
        Evidence::new(
            Layer::Programmed,
            &bpf.origin,
            format!("Node/{node}"),
            row_key(frontend.key.address, frontend.key.port),
            frontend.raw.as_str(),
        )
    }));
    let confidence = if programmed.is_some() {
        Confidence::High
    } else {
        Confidence::Medium
    };
    fail(denied(view, service, node, answer, evidence).confidence(confidence))
}

/// Nobody read the answer: the agent's tables are as good, but not against what AWS says.
fn unread(view: &View<'_>, service: &Service, probe: Probe, target: &Target, gap: Gap) -> Checked {
    let node = target.node.as_ref().map_err(Clone::clone)?;
    if target.state() == Some("unhealthy") || health_server::listens(view, service, node).is_none()
    {
        return Err(gap);
    }
    if service.is_proxied() {
        let found = entry(view, target, probe)?;
        return match found.bpf.on_port(probe.node_port).next() {
            Some(_) => not_applicable(PROXIED),
            None => Err(gap),
        };
    }
    match health_server::promises(view, service, node) {
        Some(_) => pass("the agent listens, and counts an active endpoint on the node"),
        None => Err(gap),
    }
}

/// For a Gateway or Ingress the agent is right or wrong in its own way.
const PROXIED: &str = "Envoy serves the Service, and CLB6202 judges the answer";

fn id(service: &Service) -> String {
    format!("{}/{}", service.metadata.namespace, service.metadata.name)
}

fn said(service: &Service, node: &str, answer: &Fact<HealthAnswer>) -> Evidence {
    let count = answer
        .local_endpoints
        .map_or("?".to_owned(), |count| count.to_string());
    Evidence::new(
        Layer::Observed,
        &answer.origin,
        format!("Node/{node}"),
        format!(
            "http://127.0.0.1:{}/healthz",
            service.spec.health_check_node_port
        ),
        format!("{} localEndpoints={count}", answer.text),
    )
}

/// 503 with an endpoint on the node: of kube-proxy, or of an agent that is behind.
fn denied(
    view: &View<'_>,
    service: &Service,
    node: &str,
    answer: &HealthAnswer,
    evidence: Vec<Evidence>,
) -> Finding {
    let id = id(service);
    let port = service.spec.health_check_node_port;
    let (who, decides, summary, commands, risk) = if answer.by_kube_proxy {
        (
            "kube-proxy answers 503",
            "kube-proxy",
            "kube-proxy still runs beside Cilium and holds the port: remove it, as Cilium replaces it, and restart the agent",
            vec![
                "kubectl -n kube-system get daemonset kube-proxy".to_owned(),
                restart_agent(view, node),
            ],
            Risk::Disruptive,
        )
    } else {
        (
            "the agents answer 503",
            "agent",
            "the agent's server does not know the endpoint: look for backends without a node name or with another one, and \
             restart the agent",
            vec![
                view.agent_exec(node, "cilium-dbg shell -- db/show backends"),
                restart_agent(view, node),
            ],
            Risk::Disruptive,
        )
    };
    Finding::new(
        format!("{who} on health-check node port {port} of {id}, although an endpoint on the node is ready"),
        format!("{id} {decides}"),
        evidence,
    )
    .about([format!("Service/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: summary.to_owned(),
        commands,
        risk,
        changes: Vec::new(),
        after: format!("`curl http://127.0.0.1:{port}/healthz` on a node with an endpoint answers 200"),
    })
}

/// The body names another Service.
fn other_service(
    view: &View<'_>,
    service: &Service,
    node: &str,
    answer: &Fact<HealthAnswer>,
    other: &str,
) -> Finding {
    let id = id(service);
    let port = service.spec.health_check_node_port;
    Finding::new(
        format!("health-check node port {port} of {id} answers 503 for another Service, {other}"),
        format!("{id} {other}"),
        vec![
            said(service, node, answer),
            Evidence::new(
                Layer::Observed,
                &answer.origin,
                format!("Node/{node}"),
                "service of the answer",
                other,
            ),
        ],
    )
    .about([
        format!("Service/{id}"),
        format!("Service/{other}"),
        format!("Node/{node}"),
    ])
    .fix(Fix {
        summary: "the agent still serves the port of before: restart it".to_owned(),
        commands: vec![format!(
            "kubectl get service -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,HC:.spec.healthCheckNodePort | grep {port}"
        ), restart_agent(view, node)],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("the answer of port {port} names {id}"),
    })
}

/// Neither 200 nor 503: Cilium and kube-proxy answer nothing else.
fn stranger(service: &Service, node: &str, answer: &Fact<HealthAnswer>, code: u16) -> Finding {
    let id = id(service);
    let port = service.spec.health_check_node_port;
    Finding::new(
        format!(
            "health-check node port {port} of {id} answers {code}, which neither Cilium nor kube-proxy does: another process \
             holds the port"
        ),
        format!("{id} {code}"),
        vec![said(service, node, answer)],
    )
    .about([format!("Service/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "find the process that listens there and move it, or give the Service another healthCheckNodePort by making it anew"
            .to_owned(),
        commands: vec![format!("kubectl debug node/{node} -it --image=busybox -- chroot /host ss -ltnp 'sport = :{port}'")],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("`curl http://127.0.0.1:{port}/healthz` on the node answers 200 or 503 with localEndpoints"),
    })
}
