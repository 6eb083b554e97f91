//! The agent could not use the CiliumEnvoyConfig and left it out, so Envoy was never asked.

use super::requested::{Requested, requested, selects};
use super::skipped::{Skipped, Taken, taken};
use crate::check::datapath::proxied::{Proxied, of_frontend};
use crate::check::finding::{Confidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::version;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7105),
    slug: "envoy-config-skipped",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the agent left out the CiliumEnvoyConfig because it cannot use it",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyConfigs,
        Source::DbEnvoyConfigs,
        Source::AgentVersion,
        Source::AgentLog,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("envoy_config_skipped.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let of = match Proxied::of(view, path, target)? {
        Ok(of) => of,
        Err(why) => return not_applicable(why),
    };
    let entry = of.entry(view, target)?;
    if let Some(frontend) = entry.frontend {
        if frontend.redirects() {
            return pass("the redirect is in place");
        }
        if frontend.backend_count() > 0 {
            return not_applicable("the port has backends of its own (L4 route)");
        }
    }
    let Requested::By(config) = requested(view, of.service, of.probe.service_port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    if !selects(view, config, entry.node)? {
        return not_applicable("the CiliumEnvoyConfig leaves this node out (CLB7101)");
    }
    let skipped = match taken(view, entry.node, config)? {
        Taken::Yes => return pass("the agent has taken the CiliumEnvoyConfig"),
        Taken::NotFollowing => {
            return not_applicable("the agent follows no CiliumEnvoyConfigs (hop node says why)");
        }
        Taken::NoTable => {
            return not_applicable("before 1.18 agents keep no table of CiliumEnvoyConfigs");
        }
        Taken::Skipped(skipped) => skipped,
    };
    let mut finding = finding(view, config, entry.node, skipped);
    finding.evidence.extend(
        entry
            .frontend
            .map(|frontend| of_frontend(&entry, of.probe, frontend)),
    );
    fail(finding)
}

fn finding(view: &View<'_>, config: &CiliumEnvoyConfig, node: &str, skipped: Skipped) -> Finding {
    let meta = &config.metadata;
    let id = format!("{}/{}", meta.namespace, meta.name);
    let mut evidence = skipped.evidence;
    evidence.extend(
        view.agent(node)
            .version()
            .ok()
            .map(|version| version::row(node, version)),
    );
    let message = if skipped.reason.is_some() {
        format!("CiliumEnvoyConfig {id} exists, and the agents skip it because they cannot use it")
    } else {
        format!("CiliumEnvoyConfig {id} exists, and the agents do not have it in their table")
    };
    Finding::new(message, id.clone(), evidence)
        .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
        .confidence(if skipped.certain {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .fix(Fix {
            summary: "bring agents and operator to the same version: an operator that is newer writes what an older \
                      agent cannot parse; a CiliumEnvoyConfig of your own has to be mended as the log says"
                .to_owned(),
            commands: vec![
                view.kubectl(&format!(
                    "logs {} -c cilium-agent | grep -e 'Skipping CiliumEnvoyConfig' -e 'malformed Envoy config'",
                    crate::model::source::agent_pod(view.agent_namespace(), node)
                )),
                view.kubectl("get pods -l 'name=cilium-operator' -o jsonpath='{.items[*].spec.containers[*].image}'"),
                view.kubectl("rollout status ds/cilium"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg shell -- db/show ciliumenvoyconfigs` lists it on every target node".to_owned(),
        })
}
