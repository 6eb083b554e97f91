//! IPsec keeps Cilium up to 1.15 from serving NodePorts.

use super::option;
use super::server::{self, Server};
use super::version;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::cilium::FrontendKind;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5403),
    slug: "ipsec-without-node-port",
    hop: Hop::Node,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "IPsec keeps Cilium up to 1.15 from serving NodePorts",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::AgentVersion,
        Source::AgentLog,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
        Source::BpfLb,
        Source::AgentMetrics,
        Source::AgentStatus,
    ],
    page: include_str!("ipsec_without_node_port.md"),
    known_issues: &[],
    run: Run::Node(run),
};

/// What the agent says before it stops (daemon/cmd/kube_proxy_replacement.go of 1.14 and 1.15).
const FATAL: &str = "IPSec cannot be used with BPF NodePort";

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let agent = view.agent(node);
    let version = agent.version();
    if version
        .as_ref()
        .is_ok_and(|version| version.at_least(1, 16))
    {
        return not_applicable("from 1.16 on IPsec and NodePorts go together");
    }
    // An agent that stops leaves them to it as well.
    if server::beside(view, service, node).is_some()
        || server::of(view, service, node) == Ok(Server::KubeProxy)
    {
        return not_applicable("kube-proxy serves the NodePorts of ordinary Services");
    }
    let line = agent.log().ok().and_then(|log| {
        let line = log.notable.iter().rev().find(|line| line.contains(FATAL))?;
        Some(Evidence::new(
            Layer::Observed,
            &log.origin,
            format!("Node/{node}"),
            "log",
            line.as_str(),
        ))
    });
    if let Some(line) = line {
        return fail(finding(
            view,
            node,
            "the agents stop because enable-ipsec is on together with kube-proxy-replacement, which this version cannot do",
            "stops",
            vec![line],
        ));
    }
    let option = option::text(view, node, "enable-ipsec", "false");
    if option.as_ref().is_ok_and(|option| option.value != "true") {
        return not_applicable("IPsec is off");
    }
    // An option that nobody asks for leaves nothing open where the version is unknown as well.
    let is_asked_for = || {
        option::declared(view, node, "enable-ipsec", "false").is_ok_and(|one| one.value == "true")
    };
    if version.is_err() && option.is_err() && !is_asked_for() {
        return not_applicable("nothing says that IPsec is on");
    }
    // An agent that runs with IPsec does not replace kube-proxy, so that rows of ordinary Services are missing for that,
    // and that it stopped instead is in its log alone.
    if !service.is_proxied() {
        agent.log()?;
        return not_applicable(
            "the agent did not stop over IPsec, and one that runs with it replaces no kube-proxy",
        );
    }
    let version = version?;
    let bpf = agent.bpf()?;
    if bpf
        .frontends
        .values()
        .any(|frontend| frontend.flags.kind == FrontendKind::NodePort)
    {
        return pass("Cilium serves NodePorts");
    }
    let mut evidence = option?.evidence;
    evidence.extend([
        version::row(node, version),
        Evidence::new(
            Layer::Programmed,
            &bpf.origin,
            format!("Node/{node}"),
            "entries of type NodePort",
            "none",
        ),
    ]);
    fail(finding(
        view,
        node,
        "enable-ipsec is true, and agents up to 1.15 do not switch NodePorts on with it: there is no entry of type NodePort",
        "off",
        evidence,
    ))
}

fn finding(
    view: &View<'_>,
    node: &str,
    message: &str,
    decides: &str,
    evidence: Vec<Evidence>,
) -> Finding {
    let namespace = view.agent_namespace();
    Finding::new(message, format!("enable-ipsec {decides}"), evidence)
        .about([
            format!("Node/{node}"),
            format!("ConfigMap/{namespace}/cilium-config"),
        ])
        .fix(Fix {
            summary: "upgrade Cilium to 1.16 or later, or encrypt with WireGuard instead, or leave NodePorts to kube-proxy; a Gateway or \
                      Ingress needs Cilium for them"
                .to_owned(),
            commands: vec![
                format!("helm -n {namespace} list --filter '^cilium$'"),
                format!("helm -n {namespace} get values cilium -o yaml | grep -A5 encryption"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg bpf lb list` shows entries of type NodePort on every target node".to_owned(),
        })
}
