//! The agent answers 503 for a Gateway or Ingress that it serves.

use super::annotation::annotate;
use super::probe::{CONNECTS_ONLY, Probe, entry, row_key};
use super::{health_server, kube_proxy_answers_health_check as kube_proxy};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::node::version;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::CiliumVersion;
use crate::model::kubernetes::Service;
use crate::model::{Fact, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6202),
    slug: "health-check-node-port-wrong",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the agent answers 503 on the health-check node port of a Gateway or Ingress that works",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::HealthCheckNodePort,
        Source::AgentVersion,
        Source::AgentLog,
        Source::AgentModules,
        Source::Pods,
    ],
    page: include_str!("health_check_node_port_wrong.md"),
    known_issues: KNOWN,
    run: Run::Target(run),
};

/// The repair of 1.18 and 1.19 came with 1.18.8 and 1.19.2 (their release notes). Which release of 1.16 carries
/// the repair of the first is not established, so that the range holds the one that is sure not to.
const KNOWN: &[KnownIssue] = &[
    KnownIssue {
        component: Component::Cilium,
        ranges: &[
            ((1, 14, 0), (1, 15, 0)),
            ((1, 15, 0), (1, 16, 0)),
            ((1, 16, 0), (1, 16, 1)),
        ],
        link: "https://github.com/cilium/cilium/issues/33038",
        summary: "the health server counts BPF backends, of which a Gateway or Ingress has none, and answers 503",
        branch: "",
    },
    KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 18, 0), (1, 18, 8)), ((1, 19, 0), (1, 19, 2))],
        link: "https://github.com/cilium/cilium/pull/44286",
        summary: "the health server holds a copy of the Service from before its redirect, and answers 503",
        branch: "",
    },
];

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_local() || !service.is_proxied() {
        return not_applicable(
            "only a Gateway or Ingress with externalTrafficPolicy Local is asked this way",
        );
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent && probe.connects_only => return not_applicable(CONNECTS_ONLY),
        Ok(probe) if probe.of_agent => probe,
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    // The agent's answer does not depend on the address, so a redirect on any of the node's shows its mistake.
    let frontend = found.frontend.into_iter();
    let mut frontends = frontend.chain(found.bpf.on_port(probe.node_port));
    let Some(frontend) = frontends.find(|frontend| frontend.redirects()) else {
        return not_applicable("there is no redirect, so 503 would be right");
    };
    let row = Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        row_key(frontend.key.address, probe.node_port),
        frontend.raw.as_str(),
    );
    let agent = view.agent(found.node);
    let version = agent.version();
    let answer = agent.health_answer(service.spec.health_check_node_port);
    match &answer {
        Ok(answer) if answer.by_kube_proxy => {
            not_applicable("kube-proxy answers there, not the agent (CLB6301)")
        }
        Ok(answer) => match answer.code {
            Some(503) => {
                let said = Evidence::new(
                    Layer::Observed,
                    &answer.origin,
                    format!("Node/{}", found.node),
                    format!(
                        "http://{}:{}/healthz",
                        found.address, service.spec.health_check_node_port
                    ),
                    format!(
                        "{} localEndpoints={}",
                        answer.text,
                        answer
                            .local_endpoints
                            .map_or("?".to_owned(), |n| n.to_string())
                    ),
                );
                fail(finding(view, service, found.node, vec![said, row], true))
            }
            Some(_) => pass("the agent answers for the redirect"),
            None => not_applicable("nothing answers on the health-check node port (CLB6203)"),
        },
        Err(gap) => {
            let version = version?;
            match known(version) {
                Some(true) if kube_proxy::refused(view, service, found.node).is_some() => {
                    not_applicable("the agent could not listen on the health-check node port")
                }
                // Which of the two answers would be a guess.
                Some(true)
                    if kube_proxy::running(view, found.node).is_some()
                        && health_server::listens(view, service, found.node).is_none() =>
                {
                    Err(gap.clone())
                }
                Some(true) => {
                    let evidence = vec![said_version(version, found.node), row];
                    fail(
                        finding(view, service, found.node, evidence, false)
                            .confidence(Confidence::Medium)
                            .assuming("the agents have no fix of this issue backported, and began to listen before the redirect was set")
                            // Neither Pods nor a log that were not read would have shown it.
                            .assuming("nothing but the agent, such as kube-proxy, holds the port"),
                    )
                }
                Some(false) => pass("agents of this version answer for the redirect"),
                None => Err(gap.clone()),
            }
        }
    }
}

fn said_version(version: &Fact<CiliumVersion>, node: &str) -> Evidence {
    version::row(node, version)
}

/// Whether agents of a version are known to answer 503 although the redirect is set; `None` where patch
/// releases may differ.
///
/// 1.14, 1.15 and 1.16.0 count BPF backends (issues #33038, #33547). 1.18 before 1.18.8 and 1.19 before 1.19.2 look
/// at the Service as it was when they began to listen (PR #44286 and its backports #44399, #44398), which has no
/// redirect yet: all captured agents answer 503, restarted ones too. 1.17 and 1.20 on are right.
pub fn known(version: &CiliumVersion) -> Option<bool> {
    match (version.major, version.minor, version.patch) {
        (1, 14 | 15, _) | (1, 16, 0) | (1, 18, 0..8) | (1, 19, 0..2) => Some(true),
        (1, 16, _) => None,
        (1, 17.., _) => Some(false),
        _ => None,
    }
}

fn finding(
    view: &View<'_>,
    service: &Service,
    node: &str,
    mut evidence: Vec<Evidence>,
    seen: bool,
) -> Finding {
    let meta = &service.metadata;
    let id = format!("{}/{}", meta.namespace, meta.name);
    if let Ok(version) = view.agent(node).version() {
        evidence.push(said_version(version, node));
    }
    let (message, decides) = if seen {
        (
            format!(
                "the agents answer 503 on health-check node port {} of {id}, although its NodePorts are redirected to Envoy",
                service.spec.health_check_node_port
            ),
            id.clone(),
        )
    } else {
        (
            format!(
                "agents of this version are known to answer 503 on the health-check node port of a Gateway or Ingress, \
                 although the NodePorts of {id} are redirected to Envoy"
            ),
            format!("{id} by version"),
        )
    };
    Finding::new(message, decides, evidence)
    .about([format!("Service/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "check the NodePort itself with TCP, or set externalTrafficPolicy Cluster (Envoy keeps the client's \
                  address either way), or upgrade Cilium to a version that answers for the redirect"
            .to_owned(),
        commands: vec![annotate(
            service,
            &[
                ("service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol", Some("tcp")),
                ("service.beta.kubernetes.io/aws-load-balancer-healthcheck-port", Some("traffic-port")),
            ],
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the target group checks TCP on traffic-port and all nodes turn healthy".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::known;
    use crate::model::cilium::CiliumVersion;

    #[test]
    fn versions_with_and_without_the_issue() {
        let cases = [
            ("1.15.15", Some(true)),
            ("1.16.0", Some(true)),
            ("1.16.5", None),
            ("1.17.2", Some(false)),
            ("1.18.7", Some(true)),
            ("1.18.8", Some(false)),
            ("1.19.0-dev", Some(true)),
            ("1.19.1", Some(true)),
            ("1.19.2", Some(false)),
            ("1.20.0", Some(false)),
        ];
        for (text, expected) in cases {
            assert_eq!(
                known(&CiliumVersion::parse(text).unwrap()),
                expected,
                "{text}"
            );
        }
    }
}
