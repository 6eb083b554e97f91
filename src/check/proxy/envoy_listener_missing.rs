//! The datapath hands the packet to a port on which Envoy does not listen.

use super::envoy_down;
use super::requested::{Requested, requested};
use crate::check::datapath::probe::{Entry, Probe, entry};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::envoy::EnvoyListener;
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7102),
    slug: "envoy-listener-missing",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Envoy does not listen on the port of the L7 redirect",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyListeners,
        Source::EnvoyConfigs,
        Source::Pods,
        Source::AgentStatus,
        Source::ConfigMaps,
    ],
    page: include_str!("envoy_listener_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("the Service is served by its own backends, not by Envoy");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend.filter(|frontend| frontend.redirects()) else {
        return not_applicable("there is no redirect to Envoy");
    };
    let port = frontend.proxy_port.ok_or_else(|| {
        Gap::new(
            Source::BpfLb,
            format!("node {}", found.node),
            Reason::Partial("this version does not print the proxy port".to_owned()),
        )
    })?;
    let listeners = view.agent(found.node).envoy_listeners();
    let finding = match &listeners {
        Ok(all) if all.iter().any(|one| one.port == port) => {
            return pass("Envoy listens on the redirect's port");
        }
        Ok(all) => {
            let name = listener_name(view, service, probe);
            let elsewhere = all.iter().find(|one| {
                name.as_ref()
                    .is_some_and(|name| one.name.starts_with(name.as_str()))
            });
            let evidence = Evidence::new(
                Layer::Observed,
                &all.origin,
                format!("Node/{}", found.node),
                "listener_statuses[]",
                listed(all),
            );
            closed(view, service, &found, elsewhere.is_some(), evidence)
        }
        Err(gap) => match envoy_down::proven(view, found.node, gap, "the redirect goes to Envoy") {
            Some(finding) => finding,
            None => return Err(gap.clone()),
        },
    };
    let mut finding = finding;
    finding.evidence.push(Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        format!("{}:{}/TCP", found.address, probe.node_port),
        frontend.raw.as_str(),
    ));
    if probe.of_agent {
        // The agent answers this check and goes on doing so without Envoy; only clients notice.
        finding.message.push_str(
            ": the agent goes on answering the health check, and clients that reach the node fail",
        );
        return Ok(Outcome::Note(finding));
    }
    fail(finding)
}

/// What the listener of the Service's CiliumEnvoyConfig is called, up to its last part.
fn listener_name(view: &View<'_>, service: &Service, probe: Probe) -> Option<String> {
    match requested(view, service, probe.service_port) {
        Ok(Requested::By(config)) => Some(format!(
            "{}/{}/",
            config.metadata.namespace, config.metadata.name
        )),
        _ => None,
    }
}

fn listed(all: &[EnvoyListener]) -> String {
    let mut names: Vec<String> = all
        .iter()
        .map(|one| format!("{}:{}", one.name, one.port))
        .collect();
    names.sort();
    names.join(", ")
}

/// Envoy answers, and not on this port.
fn closed(
    view: &View<'_>,
    service: &Service,
    found: &Entry<'_, '_>,
    elsewhere: bool,
    evidence: Evidence,
) -> Finding {
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let (message, decides) = if elsewhere {
        (
            format!(
                "the redirect of {id} goes to one port and its Envoy listener has another: agent and datapath are out of step"
            ),
            format!("{id} out of step"),
        )
    } else {
        (
            format!(
                "the redirect of {id} goes to a port on which Envoy has no listener, so the packet vanishes"
            ),
            format!("{id} no listener"),
        )
    };
    let mut finding =
        Finding::new(message, decides, vec![evidence]).about([format!("Node/{}", found.node)]);
    let pod = pods::of_node(view, pods::ENVOY, found.node);
    if let Some(pod) = pod {
        finding = finding.about([format!(
            "Pod/{}/{}",
            pod.metadata.namespace, pod.metadata.name
        )]);
        finding.evidence.extend(pod.ready().map(|ready| {
            Evidence::new(
                Layer::Observed,
                &pod.origin,
                format!("Pod/{}/{}", pod.metadata.namespace, pod.metadata.name),
                "status.conditions[Ready]",
                format!("{} {}", ready.status, ready.message).trim_end(),
            )
        }));
    }
    let agent = pods::of_node(view, pods::AGENT, found.node);
    finding.fix(fix(
        found.node,
        pod.or(agent).map(|pod| pod.metadata.name.as_str()),
        elsewhere,
    ))
}

fn fix(node: &str, pod: Option<&str>, elsewhere: bool) -> Fix {
    let pod = pod.unwrap_or("<pod of the node>");
    let (summary, commands) = if elsewhere {
        (
            "restart the agent of the node: it then takes the port and the BPF entries in step"
                .to_owned(),
            vec![format!(
                "kubectl delete -n kube-system {}",
                crate::model::source::agent_pod(node)
            )],
        )
    } else {
        (
            "see why Envoy does not listen there: its own log and state first; restarting it makes it ask the agent \
             for its listeners again"
                .to_owned(),
            vec![
                format!("kubectl -n kube-system describe pod {pod}"),
                format!("kubectl -n kube-system logs {pod} --tail=100"),
                format!("kubectl -n kube-system delete pod {pod}"),
            ],
        )
    };
    Fix {
        summary,
        commands,
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "`cilium-dbg envoy admin listeners` shows the proxy port of the NodePort entry"
            .to_owned(),
    }
}
