//! Envoy rejects a listener of host network mode, so nothing listens on the port of the node.

use super::fixed_address::{checked, is_open};
use super::nack::{self, Nack};
use super::rejected::rejection;
use crate::check::finding::{Confidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7202),
    slug: "host-network-listener-rejected",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Envoy rejects the listener of host network mode",
    since: "0.1.0",
    needs: &[
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
    ],
    page: include_str!("host_network_listener_rejected.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 16, 0), (1, 21, 0))],
        link: "https://github.com/cilium/cilium/issues/48132",
        summary: "a changed listener port is sent as an update in place, which Envoy takes for a duplicate, and no restart \
                  helps (mended on main by pull requests 48712 and 48798; which patch releases carry them is not known)",
        branch: "duplicate address",
    }],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(listener) = checked(view, path, target)? else {
        return not_applicable("the check goes to no listener of host network mode");
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    if !listener.selects(view, node)? {
        return not_applicable("the CiliumEnvoyConfig leaves the node out (CLB7203)");
    }
    if is_open(view, node, &listener) == Some(true) {
        return pass(format!(
            "Envoy listens on port {} of the node",
            listener.port
        ));
    }
    let Some(rejection) = rejection(view, node, listener.config)?.filter(|one| !one.timed_out)
    else {
        return pass("nothing says that Envoy rejected the listener");
    };
    // A rejection may be older than the listener that Envoy has now.
    view.agent(node).envoy_listeners()?;
    let reason = Nack::of(&rejection.reason);
    let mut evidence = vec![rejection.evidence, listener.evidence()];
    if reason == Nack::UnknownExtension {
        evidence.extend(nack::images(view, node));
    }
    let id = &listener.id;
    let mut finding = Finding::new(
        format!(
            "{}, so no Envoy listens on {}",
            reason.message(id),
            listener.bound
        ),
        format!("{id} {}", reason.id()),
        evidence,
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .confidence(if rejection.certain {
        Confidence::High
    } else {
        Confidence::Medium
    })
    .fix(Fix {
        summary: reason.summary().to_owned(),
        commands: commands(
            view,
            reason,
            node,
            &listener.config.metadata.namespace,
            &listener.config.metadata.name,
        ),
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!(
            "`cilium-dbg envoy admin listeners` shows 0.0.0.0:{} on every target node",
            listener.port
        ),
    });
    if reason == Nack::AddressInUse {
        // Whoever has the port may accept the connection, so that the check passes and clients meet a stranger.
        finding = finding
            .confidence(Confidence::Medium)
            .assuming("what has the port does not answer the health check in Envoy's place");
    }
    fail(finding)
}

fn commands(view: &View<'_>, reason: Nack, node: &str, namespace: &str, name: &str) -> Vec<String> {
    let listeners = view.agent_exec(node, "cilium-dbg envoy admin listeners");
    match reason {
        Nack::Permission => vec![
            view.helm_upgrade(
                "--set envoy.securityContext.capabilities.keepCapNetBindService=true \
                 --set 'envoy.securityContext.capabilities.envoy={NET_ADMIN,SYS_ADMIN,NET_BIND_SERVICE}'",
            ),
            view.kubectl("rollout restart ds/cilium-envoy"),
        ],
        Nack::AddressInUse => vec![
            format!("kubectl debug node/{node} -it --image=busybox -- netstat -ltnp"),
            "kubectl get pods -A -o wide --field-selector spec.nodeName=".to_owned() + node,
        ],
        Nack::DuplicateAddress => vec![
            listeners,
            format!("kubectl -n {namespace} get ciliumenvoyconfig {name} -o yaml"),
            "kubectl get gateways -A -o custom-columns='NAMESPACE:.metadata.namespace,NAME:.metadata.name,PORTS:.spec.listeners[*].port'"
                .to_owned(),
        ],
        Nack::DuplicateMatcher | Nack::UnknownExtension | Nack::Other => vec![
            listeners,
            view.kubectl("get ds cilium cilium-envoy -o wide"),
        ],
    }
}
