//! The datapath hands the packet to a port on which Envoy does not listen.

use super::accepting::{ACCEPTED, accepts};
use super::envoy_down;
use super::requested::{Requested, listener, requested};
use super::warming;
use crate::check::datapath::proxied::{Proxied, Redirect};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::node::restart::restart_agent;
use crate::check::outcome::{Checked, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::envoy::EnvoyListener;
use crate::model::kubernetes::Object;
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
        Source::EnvoyConfigDump,
        Source::EnvoyConfigs,
        Source::Pods,
        Source::AgentStatus,
        Source::HubbleFlows,
    ],
    page: include_str!("envoy_listener_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let redirect = match Redirect::of(view, path, target)? {
        Ok(redirect) => redirect,
        Err(why) => return not_applicable(why),
    };
    let node = redirect.entry.node;
    let listeners = view.agent(node).envoy_listeners();
    let mut finding = match &listeners {
        Ok(all) if all.iter().any(|one| one.port == redirect.port) => {
            return pass("Envoy listens on the redirect's port");
        }
        Ok(all) => {
            let name = listener_name(view, &redirect.of);
            let elsewhere = all.iter().any(|one| name.as_ref() == Some(&one.name));
            let evidence = Evidence::new(
                Layer::Observed,
                &all.origin,
                format!("Node/{node}"),
                "listener_statuses[]",
                listed(all),
            );
            let waits = name
                .filter(|_| !elsewhere)
                .and_then(|name| warming::finding(view, &redirect, &name, evidence.clone()));
            waits.unwrap_or_else(|| closed(view, &redirect.of, node, elsewhere, evidence))
        }
        Err(gap) => match envoy_down::proven(view, node, gap, "the redirect goes to Envoy") {
            Some(finding) => finding,
            None if accepts(view, target, &redirect) => return pass(ACCEPTED),
            None => return redirect.unread(gap.clone()),
        },
    };
    finding.evidence.push(redirect.evidence());
    redirect.broken(finding)
}

/// What Envoy calls the listener that the Service's CiliumEnvoyConfig asks for.
fn listener_name(view: &View<'_>, of: &Proxied<'_>) -> Option<String> {
    let port = of.probe.service_port;
    match requested(view, of.service, port) {
        Ok(Requested::By(config)) => listener(config, of.service, port),
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
    of: &Proxied<'_>,
    node: &str,
    elsewhere: bool,
    evidence: Evidence,
) -> Finding {
    let id = of.id();
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
        Finding::new(message, decides, vec![evidence]).about([format!("Node/{node}")]);
    let pod = pods::of_node(view, pods::ENVOY, node);
    if let Some(pod) = pod {
        finding = finding.about([pod.id()]);
        finding.evidence.extend(pod.ready().map(|ready| {
            Evidence::new(
                Layer::Observed,
                &pod.origin,
                pod.id(),
                "status.conditions[Ready]",
                format!("{} {}", ready.status, ready.message).trim_end(),
            )
        }));
    }
    let agent = pods::of_node(view, pods::AGENT, node);
    finding.fix(fix(
        view,
        node,
        pod.or(agent).map(|pod| pod.metadata.name.as_str()),
        elsewhere,
    ))
}

fn fix(view: &View<'_>, node: &str, pod: Option<&str>, elsewhere: bool) -> Fix {
    let pod = pod.unwrap_or("<pod of the node>");
    let (summary, commands) = if elsewhere {
        (
            "restart the agent of the node: it then takes the port and the BPF entries in step"
                .to_owned(),
            vec![restart_agent(view, node)],
        )
    } else {
        (
            "see why Envoy does not listen there: its own log and state first; restarting it makes it ask the agent \
             for its listeners again"
                .to_owned(),
            vec![
                view.kubectl(&format!("describe pod {pod}")),
                view.kubectl(&format!("logs {pod} --tail=100")),
                view.kubectl(&format!("delete pod {pod}")),
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
