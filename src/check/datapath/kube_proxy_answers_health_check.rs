//! kube-proxy holds the health-check node port and answers for a Service that only Cilium serves.

use super::health_server;
use super::probe::Probe;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::HealthAnswer;
use crate::model::kubernetes::{Object, Pod, Service};
use crate::model::{Fact, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6301),
    slug: "kube-proxy-answers-health-check",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "kube-proxy holds the health-check node port of a Gateway or Ingress and answers 503",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::HealthCheckNodePort,
        Source::AgentModules,
        Source::AgentLog,
        Source::Pods,
    ],
    page: include_str!("kube_proxy_answers_health_check.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable(
            "kube-proxy counts the endpoints of ordinary Services as Cilium does",
        );
    }
    match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => {}
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    }
    let port = service.spec.health_check_node_port;
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let refused = refused(view, service, node);
    let pod = running(view, node);
    let answer = match view.agent(node).health_answer(port) {
        Ok(answer) => answer,
        // The agent could not bind, and who else could is known.
        Err(_) if refused.is_some() && pod.is_some() => {
            let evidence = refused.into_iter().collect();
            return fail(
                finding(view, service, node, pod, evidence)
                    .confidence(Confidence::Medium)
                    .assuming("kube-proxy is what holds the port, and it answers 503, as the Service has no endpoint but the placeholder"),
            );
        }
        Err(_) if health_server::listens(view, service, node).is_some() => {
            return pass("the agent itself listens on the health-check node port");
        }
        Err(gap) => return Err(gap),
    };
    if !answer.by_kube_proxy {
        return pass("kube-proxy does not hold the health-check node port");
    }
    if answer.code != Some(503) {
        return pass(
            "kube-proxy holds the health-check node port and answers that the node is healthy",
        );
    }
    let mut evidence = vec![said(answer, node, port)];
    evidence.extend(refused);
    fail(finding(view, service, node, pod, evidence))
}

/// What shows that the agent could not listen on the Service's health-check node port.
pub(super) fn refused(view: &View<'_>, service: &Service, node: &str) -> Option<Evidence> {
    bind_failure(view, node, service.spec.health_check_node_port)
        .or_else(|| health_server::cannot_listen(view, service, node))
}

/// The Pod of kube-proxy that runs on a node.
pub(super) fn running<'a>(view: &View<'a>, node: &str) -> Option<&'a Fact<Pod>> {
    pods::of_node(view, pods::KUBE_PROXY, node).filter(|pod| pods::running(pod, "kube-proxy"))
}

/// The agent's own words on this health-check node port, that it is taken.
///
/// 1.14 to 1.17 log them; later agents try again and show it in the health of their modules only.
fn bind_failure(view: &View<'_>, node: &str, port: u16) -> Option<Evidence> {
    let log = view.agent(node).log().ok()?;
    let line = log
        .notable
        .iter()
        .rev()
        .find(|line| line.contains("ListenAndServe failed") && names(line, port))?;
    Some(Evidence::new(
        Layer::Observed,
        &log.origin,
        format!("Node/{node}"),
        "log",
        line.as_str(),
    ))
}

/// Whether a line has the port as a number of its own; those of other Services end in the same words.
fn names(line: &str, port: u16) -> bool {
    let port = port.to_string();
    line.split(|c: char| !c.is_ascii_digit())
        .any(|number| number == port)
}

fn said(answer: &Fact<HealthAnswer>, node: &str, port: u16) -> Evidence {
    Evidence::new(
        Layer::Observed,
        &answer.origin,
        format!("Node/{node}"),
        format!("http://127.0.0.1:{port}/healthz"),
        format!("{} in kube-proxy's form", answer.text),
    )
}

fn finding(
    view: &View<'_>,
    service: &Service,
    node: &str,
    pod: Option<&Fact<Pod>>,
    mut evidence: Vec<Evidence>,
) -> Finding {
    let meta = &service.metadata;
    let id = format!("{}/{}", meta.namespace, meta.name);
    let mut objects = vec![format!("Service/{id}"), format!("Node/{node}")];
    if let Some(pod) = pod {
        let name = pod.id();
        evidence.push(Evidence::new(
            Layer::Observed,
            &pod.origin,
            name.clone(),
            "status.phase",
            pod.status.phase.as_str(),
        ));
        objects.push(name);
    }
    Finding::new(
        format!(
            "kube-proxy still runs beside Cilium and holds health-check node port {} of {id}: it knows no endpoint of the \
             Service but the placeholder, and answers 503",
            service.spec.health_check_node_port
        ),
        format!("{id} by kube-proxy"),
        evidence,
    )
    .about(objects)
    .fix(remove(view))
}

/// Takes kube-proxy away, so that Cilium alone serves.
pub fn remove(view: &View<'_>) -> Fix {
    let namespace = view.agent_namespace();
    Fix {
        summary: "remove kube-proxy, as Cilium replaces it, and restart the agents so that they take its ports; check \
                  first that every agent has kube-proxy-replacement true and reaches the API server without it"
            .to_owned(),
        commands: vec![
            "kubectl -n kube-system delete daemonset kube-proxy   # EKS: remove the add-on kube-proxy instead".to_owned(),
            format!("kubectl -n {namespace} rollout restart ds/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the health-check node port answers with one line and localEndpoints 1 on every target node".to_owned(),
    }
}
