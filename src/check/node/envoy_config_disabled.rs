//! Nobody asked the agents to follow CiliumEnvoyConfigs, so a Gateway or Ingress can never be served.

use super::restart::restart_agent;
use super::restart::switch_on;
use super::setting::Key;
use super::{desired, running};
use crate::check::datapath::probe::any_redirect;
use crate::check::datapath::proxied;
use crate::check::finding::{Evidence, Finding};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

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
        Source::AgentMetrics,
        Source::AgentConfig,
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::Pods,
        Source::BpfLb,
        Source::AgentVersion,
    ],
    page: include_str!("envoy_config_disabled.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let service = match proxied::service(view)? {
        Ok(service) => service,
        Err(why) => return not_applicable(why),
    };
    let redirects = any_redirect(view, service, node) == Ok(true);
    for key in [Key::EnvoyConfig, Key::L7Proxy] {
        let actual = running::running(view, node, key);
        let wanted = match (desired::desired(view, node, key), &actual) {
            (Ok(wanted), _) if wanted.on => continue,
            (Ok(wanted), _) => wanted,
            (Err(_), Ok(actual)) if actual.on => continue,
            (Err(gap), Ok(_)) => return Err(gap),
            // The datapath shows that the agent follows CiliumEnvoyConfigs.
            (Err(_), Err(_)) if redirects => continue,
            (Err(_), Err(gap)) => return Err(gap.clone()),
        };
        let (actual, assumptions) = match actual {
            // What the datapath does outranks what is only inferred.
            Ok(actual) if actual.assumption.is_some() && redirects => {
                let evidence = wanted.evidence;
                return Ok(Outcome::Note(finding(view, node, key, evidence, false)));
            }
            Ok(actual) if !actual.on => (
                actual.evidence,
                [wanted.assumption, actual.assumption]
                    .into_iter()
                    .flatten()
                    .collect(),
            ),
            Ok(actual) => {
                let evidence = [wanted.evidence, actual.evidence].concat();
                return Ok(Outcome::Note(finding(view, node, key, evidence, false)));
            }
            Err(_) if redirects => {
                let evidence = wanted.evidence;
                return Ok(Outcome::Note(finding(view, node, key, evidence, false)));
            }
            Err(gap) => return Err(gap),
        };
        let mut finding = finding(view, node, key, [wanted.evidence, actual].concat(), true);
        finding.assumptions = assumptions;
        return fail(finding);
    }
    pass("CiliumEnvoyConfig is enabled")
}

fn finding(
    view: &View<'_>,
    node: &str,
    key: Key,
    evidence: Vec<Evidence>,
    effective: bool,
) -> Finding {
    let namespace = view.agent_namespace();
    let name = key.name();
    let mut fix = switch_on(view, key);
    let by_node = evidence
        .iter()
        .map(|one| one.subject.as_str())
        .find(|subject| subject.starts_with("CiliumNodeConfig/"))
        .map(str::to_owned);
    if let Some(owner) = &by_node {
        fix.commands = vec![
            format!(
                "kubectl -n {namespace} edit ciliumnodeconfig {}   # spec.defaults.{name}",
                owner.trim_start_matches("CiliumNodeConfig/")
            ),
            restart_agent(view, node),
        ];
    }
    let owner = by_node.unwrap_or_else(|| format!("ConfigMap/{namespace}/cilium-config"));
    let message = if effective {
        format!(
            "{name} is false in the configuration and in the agents, and a Gateway or Ingress needs it to be true"
        )
    } else {
        format!(
            "{name} is false in the configuration while the agents still run with true: their next restart takes the Gateway or Ingress away"
        )
    };
    Finding::new(message, format!("{name} {owner}"), evidence)
        .about([format!("Node/{node}"), owner.clone()])
        .fix(fix)
}
