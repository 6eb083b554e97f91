//! Nothing of Envoy listens on the node's port that host network mode promises.

use super::envoy_down;
use super::fixed_address::{HostListener, checked, is_open};
use super::rejected::rejection;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::restart;
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7203),
    slug: "host-network-listener-missing",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Envoy does not listen on the node's port of host network mode",
    since: "0.1.0",
    needs: &[
        Source::AgentMetrics,
        Source::DbEnvoyConfigs,
        Source::AgentVersion,
        Source::Services,
        Source::EnvoyConfigs,
        Source::Nodes,
        Source::Pods,
        Source::EnvoyListeners,
        Source::DbEnvoyResources,
        Source::EnvoyConfigDump,
        Source::AgentLog,
        Source::AgentStatus,
        Source::AgentConfig,
        Source::TargetGroups,
    ],
    page: include_str!("host_network_listener_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(listener) = checked(view, path, target)? else {
        return not_applicable("the check goes to no listener of host network mode");
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    if !listener.selects(view, node)? {
        return fail(left_out(view, &listener, path, target, node));
    }
    if is_open(view, node, &listener) == Some(true) {
        return pass(format!(
            "Envoy listens on port {} of the node",
            listener.port
        ));
    }
    if let Ok(Some(rejection)) = rejection(view, node, listener.config)
        && !rejection.timed_out
    {
        return not_applicable("Envoy rejects the listener (CLB7202)");
    }
    match view.agent(node).envoy_listeners() {
        Ok(all) => {
            let mut names: Vec<String> = all
                .iter()
                .map(|one| format!("{}:{}", one.name, one.port))
                .collect();
            names.sort();
            let evidence = Evidence::new(
                Layer::Observed,
                &all.origin,
                format!("Node/{node}"),
                "listener_statuses[]",
                names.join(", "),
            );
            fail(closed(view, &listener, node, evidence))
        }
        Err(gap) => match envoy_down::proven(view, node, &gap, "the check goes to Envoy") {
            Some(finding) => fail(finding),
            None => unfollowed(view, &listener, node, gap),
        },
    }
}

/// Envoy was not asked; an agent that follows no CiliumEnvoyConfig proves it nevertheless.
fn unfollowed(view: &View<'_>, listener: &HostListener<'_>, node: &str, gap: Gap) -> Checked {
    match running::running(view, node, Key::EnvoyConfig) {
        Ok(setting) if !setting.on => fail(drifted(view, listener, node, setting.evidence)),
        _ => Err(gap),
    }
}

fn closed(view: &View<'_>, listener: &HostListener<'_>, node: &str, evidence: Evidence) -> Finding {
    if let Ok(setting) = running::running(view, node, Key::EnvoyConfig)
        && !setting.on
    {
        let mut all = setting.evidence;
        all.push(evidence);
        return drifted(view, listener, node, all);
    }
    let id = &listener.id;
    Finding::new(
        format!(
            "{id} asks for a listener on {} of the node, and Envoy has none there",
            listener.bound
        ),
        format!("{id} not listening"),
        vec![evidence, listener.evidence()],
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "see whether the agent gave the listener to Envoy, and what Envoy said".to_owned(),
        commands: vec![view.agent_exec(node, "cilium-dbg shell -- db/show envoy-resources")],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!(
            "`cilium-dbg envoy admin listeners` shows 0.0.0.0:{}",
            listener.port
        ),
    })
}

/// The operator has moved to host network mode, and the agent follows no CiliumEnvoyConfig.
fn drifted(
    view: &View<'_>,
    listener: &HostListener<'_>,
    node: &str,
    mut evidence: Vec<Evidence>,
) -> Finding {
    let id = &listener.id;
    evidence.push(listener.evidence());
    Finding::new(
        format!(
            "{id} asks for a listener on {} of the node, and the agents run with enable-envoy-config false, so they give \
             Envoy nothing: host network mode needs it as well",
            listener.bound
        ),
        format!("{id} enable-envoy-config"),
        evidence,
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .fix(restart(view, Key::EnvoyConfig))
}

/// The command that takes a target out of its group, where AWS has the group.
fn deregister(view: &View<'_>, path: &Path, target: &Target) -> Option<String> {
    let group = path.target_group.found()?;
    let region = view.region(group, Source::TargetGroups).ok()?;
    let arn = &region.target_group(&group.name).ok()?.target_group_arn;
    Some(format!(
        "aws elbv2 deregister-targets --region {} --target-group-arn {arn} --targets Id={},Port={}",
        group.region.1, target.id, target.port
    ))
}

/// The node is a target, and host network mode was restricted to other nodes.
fn left_out(
    view: &View<'_>,
    listener: &HostListener<'_>,
    path: &Path,
    target: &Target,
    node: &str,
) -> Finding {
    let id = &listener.id;
    let selector = listener.config.spec.node_selector.as_ref();
    let labels = selector.map_or_else(String::new, ToString::to_string);
    let mut commands = vec![format!("kubectl get nodes -l '{labels}' -o wide")];
    commands.extend(deregister(view, path, target));
    Finding::new(
        format!(
            "{id} has a listener only on nodes that `{labels}` selects, and the target group also has nodes that it leaves out"
        ),
        format!("{id} nodeSelector"),
        vec![Evidence::new(
            Layer::Declared,
            &listener.config.origin,
            format!("CiliumEnvoyConfig/{id}"),
            "spec.nodeSelector",
            labels.as_str(),
        )],
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "register only the nodes that host network mode selects, or widen its node labels \
                  (gatewayAPI or ingressController, hostNetwork.nodes.matchLabels)"
            .to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "every target of the group is a node that the CiliumEnvoyConfig selects".to_owned(),
    })
}
