//! Nobody asked the agents to follow CiliumEnvoyConfigs, so a Gateway or Ingress can never be served.

use super::setting::Key;
use super::{age, desired, running};
use crate::check::datapath::probe::any_redirect;
use crate::check::finding::{Evidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5105),
    slug: "envoy-config-disabled",
    hop: Hop::Node,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the configuration does not enable CiliumEnvoyConfig",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::DbConfigs,
        Source::AgentLog,
        Source::AgentConfig,
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::AgentVersion,
        Source::Pods,
        Source::BpfLb,
    ],
    page: include_str!("envoy_config_disabled.md"),
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("the Service is served by its own backends, not by Envoy");
    }
    let mut missing: Option<Gap> = None;
    for key in [Key::EnvoyConfig, Key::L7Proxy] {
        let wanted = match desired::desired(view, node, key) {
            Ok(wanted) if wanted.on => continue,
            Ok(wanted) => wanted,
            Err(gap) => {
                missing.get_or_insert(gap);
                continue;
            }
        };
        let actual = match running::running(view, node, key) {
            Ok(actual) => actual,
            // The datapath shows that the agent still follows CiliumEnvoyConfigs.
            Err(_) if any_redirect(view, service, node) == Ok(true) => {
                return Ok(Outcome::Note(finding(
                    view,
                    node,
                    key,
                    vec![wanted.evidence],
                    false,
                )));
            }
            Err(gap) => return Err(gap),
        };
        let evidence = vec![wanted.evidence, actual.evidence];
        if actual.on {
            return Ok(Outcome::Note(finding(view, node, key, evidence, false)));
        }
        let mut finding = finding(view, node, key, evidence, true);
        finding.assumptions = [wanted.assumption, actual.assumption]
            .into_iter()
            .flatten()
            .collect();
        return fail(finding);
    }
    match missing {
        Some(gap) => Err(gap),
        None => pass("the configuration enables CiliumEnvoyConfig"),
    }
}

fn finding(
    view: &View<'_>,
    node: &str,
    key: Key,
    evidence: Vec<Evidence>,
    effective: bool,
) -> Finding {
    let namespace = age::namespace(view);
    let name = key.name();
    let by_node = evidence
        .iter()
        .map(|one| one.subject.as_str())
        .find(|subject| subject.starts_with("CiliumNodeConfig/"))
        .map(str::to_owned);
    let owner = by_node.unwrap_or_else(|| format!("ConfigMap/{namespace}/cilium-config"));
    let message = if effective {
        format!(
            "{name} is false in the configuration and in the agents: nobody asked for Envoy, which a Gateway or Ingress needs to be true"
        )
    } else {
        format!(
            "{name} is false in the configuration while the agents still run with true: their next restart takes the Gateway or Ingress away"
        )
    };
    Finding::new(message, format!("{name} {owner}"), evidence)
        .about([format!("Node/{node}"), owner.clone()])
        .fix(Fix {
            summary: format!(
                "switch it on in the Helm values (gatewayAPI.enabled, ingressController.enabled or envoyConfig.enabled \
                 sets {name}) and restart the agents; first make sure that every node has one free Pod address for \
                 its ingress IP"
            ),
            commands: vec![
                format!("helm -n {namespace} get values cilium"),
                format!(
                    "helm -n {namespace} upgrade cilium cilium/cilium --reuse-values --set {}",
                    if key == Key::L7Proxy { "l7Proxy=true" } else { "envoyConfig.enabled=true" }
                ),
                format!("kubectl -n {namespace} rollout restart deploy/cilium-operator ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg config get` prints true, and the NodePort entries show l7-load-balancer".to_owned(),
        })
}
