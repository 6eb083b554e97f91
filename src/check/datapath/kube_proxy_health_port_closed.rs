//! The check goes to port 10256, kube-proxy's own health port, which Cilium serves only if told to.
//!
//! cloud-provider-aws asks it in its mode `Shared`.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::option::{self, Text};
use crate::check::node::pods;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::HealthAnswer;
use crate::model::kubernetes::node::KUBE_PROXY_HEALTH;
use crate::model::{Fact, Gap, Source};
use crate::path::{Path, Target};
use std::net::{IpAddr, SocketAddr};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6206),
    slug: "kube-proxy-health-port-closed",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the check goes to kube-proxy's health port 10256, and nothing answers there",
    since: "0.1.0",
    needs: &[
        Source::HealthCheckNodePort,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::DbConfigs,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("kube_proxy_health_port_closed.md"),
    known_issues: &[],
    run: Run::Target(run),
};

/// The option that lets the agent answer in kube-proxy's place; empty by default.
const BIND: &str = "kube-proxy-replacement-healthz-bind-address";

/// The option that leaves NodePorts and port 10256 to kube-proxy unless it is `true` (`strict` up to 1.13).
const REPLACEMENT: &str = "kube-proxy-replacement";

fn run(view: &View<'_>, _: &Path, target: &Target) -> Checked {
    if target.check.port != KUBE_PROXY_HEALTH {
        return not_applicable("the check does not go to port 10256");
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let bind = option::text(view, node, BIND, "");
    if let Ok(bind) = &bind
        && is_loopback(&bind.value)
    {
        return fail(finding(
            view,
            node,
            format!(
                "{BIND} is {:?}, so the agents answer on port {KUBE_PROXY_HEALTH} to their own node only",
                bind.value
            ),
            "loopback",
            bind.evidence.clone(),
        ));
    }
    match view.agent(node).health_answer(KUBE_PROXY_HEALTH) {
        Ok(answer) => answered(view, target, node, answer, bind.ok()),
        Err(gap) => match bind {
            Ok(bind) if bind.value.is_empty() => unanswered(view, node, bind, gap),
            _ => Err(gap),
        },
    }
}

fn answered(
    view: &View<'_>,
    target: &Target,
    node: &str,
    answer: &Fact<HealthAnswer>,
    bind: Option<Text>,
) -> Checked {
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &answer.origin,
        format!("Node/{node}"),
        format!("http://127.0.0.1:{KUBE_PROXY_HEALTH}/healthz"),
        answer.text.as_str(),
    )];
    evidence.extend(bind.iter().flat_map(|bind| bind.evidence.clone()));
    match answer.code {
        Some(_) if target.check.protocol == "TCP" => pass("port 10256 accepts connections"),
        Some(200..=399) => pass("port 10256 answers"),
        Some(code) => {
            let mut finding = Finding::new(
                format!(
                    "port {KUBE_PROXY_HEALTH} answers {code}: the agent, or kube-proxy, says that it is not in order itself, and every \
                     Service's check goes there"
                ),
                format!("{KUBE_PROXY_HEALTH} {code}"),
                evidence,
            )
            .about([format!("Node/{node}")]);
            finding = finding.fix(Fix {
                summary: "see what the agent complains about; it answers 503 while it cannot reach the API server and while its \
                          node is being deleted. Check the traffic port instead if that shall not take the node out"
                    .to_owned(),
                commands: vec![view.agent_exec(node, "cilium-dbg status --verbose")],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: format!("`curl http://127.0.0.1:{KUBE_PROXY_HEALTH}/healthz` on the node answers 200"),
            });
            fail(finding)
        }
        None => {
            let (message, decides) = match bind {
                Some(bind) if bind.value.is_empty() => (closed(), BIND),
                Some(_) => (
                    format!("nothing listens on port {KUBE_PROXY_HEALTH}, although {BIND} is set"),
                    "not listening",
                ),
                None => (
                    format!(
                        "the check goes to port {KUBE_PROXY_HEALTH}, kube-proxy's health port, and nothing listens there"
                    ),
                    "not listening",
                ),
            };
            fail(finding(view, node, message, decides, evidence))
        }
    }
}

/// Nobody asked the port: the configuration decides, unless kube-proxy runs or is meant to.
fn unanswered(view: &View<'_>, node: &str, bind: Text, unasked: Gap) -> Checked {
    let pod = pods::of_node(view, "kube-proxy", node);
    if pod.is_some_and(|pod| pods::running(pod, "kube-proxy")) {
        return pass("kube-proxy runs on the node and answers on port 10256");
    }
    let Ok(mode) = option::text(view, node, REPLACEMENT, "false") else {
        return Err(unasked);
    };
    // In every other mode a kube-proxy belongs beside the agent, as a static Pod or a process of the node as well.
    if !matches!(mode.value.as_str(), "true" | "strict") {
        return Err(unasked);
    }
    let evidence = bind.evidence.into_iter().chain(mode.evidence).collect();
    let mut finding = finding(view, node, closed(), BIND, evidence)
        .confidence(Confidence::Medium)
        .assuming("no kube-proxy runs beside Cilium");
    if let Some(assumption) = bind.assumption {
        finding = finding.assuming(assumption);
    }
    fail(finding)
}

fn closed() -> String {
    format!(
        "the check goes to port {KUBE_PROXY_HEALTH}, kube-proxy's health port, and {BIND} is empty, so that the agents do not listen there"
    )
}

fn finding(
    view: &View<'_>,
    node: &str,
    message: String,
    decides: &str,
    evidence: Vec<Evidence>,
) -> Finding {
    let namespace = view.agent_namespace();
    Finding::new(message, decides, evidence)
        .about([
            format!("Node/{node}"),
            format!("ConfigMap/{namespace}/cilium-config"),
        ])
        .fix(Fix {
            summary: "let the agents answer in kube-proxy's place (Helm kubeProxyReplacementHealthzBindAddr), or check the \
                      traffic port of the target group"
                .to_owned(),
            commands: vec![
                format!("helm -n {namespace} list --filter '^cilium$'"),
                view.helm_upgrade(&format!(
                    "--set kubeProxyReplacementHealthzBindAddr=0.0.0.0:{KUBE_PROXY_HEALTH}"
                )),
                format!("kubectl -n {namespace} rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("`curl http://127.0.0.1:{KUBE_PROXY_HEALTH}/healthz` answers 200 on every target node"),
        })
}

/// Whether an address such as `127.0.0.1:10256` or `[::1]:10256` is reached from the node itself only.
fn is_loopback(bind: &str) -> bool {
    bind.parse::<SocketAddr>()
        .map(|address| address.ip())
        .or_else(|_| bind.parse::<IpAddr>())
        .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn addresses_that_the_balancer_cannot_reach() {
        for (bind, expected) in [
            ("127.0.0.1:10256", true),
            ("[::1]:10256", true),
            ("127.0.0.1", true),
            ("0.0.0.0:10256", false),
            ("[::]:10256", false),
            (":10256", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(bind), expected, "{bind}");
        }
    }
}
