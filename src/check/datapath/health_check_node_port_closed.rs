//! Nothing answers on the health-check node port.

use super::exposure::limit;
use super::health_server;
use super::probe::Probe;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::switch_on;
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6203),
    slug: "health-check-node-port-closed",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "nothing answers on the health-check node port",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::HealthCheckNodePort,
        Source::AgentModules,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
        Source::AgentVersion,
    ],
    page: include_str!("health_check_node_port_closed.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => {}
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    }
    let port = service.spec.health_check_node_port;
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let setting = running::running(view, node, Key::HealthCheckNodePort);
    let answer = view.agent(node).health_answer(port);
    let mut evidence = match (&answer, &setting) {
        (Ok(answer), _) if answer.code.is_some() => {
            return pass("the health-check node port answers");
        }
        (Ok(answer), setting) => {
            let mut evidence = vec![Evidence::new(
                Layer::Observed,
                &answer.origin,
                format!("Node/{node}"),
                format!("http://127.0.0.1:{port}/healthz"),
                answer.text.as_str(),
            )];
            evidence.extend(
                setting
                    .as_ref()
                    .ok()
                    .map(|setting| setting.evidence.clone())
                    .unwrap_or_default(),
            );
            evidence
        }
        (Err(_), Ok(setting)) if !setting.on => setting.evidence.clone(),
        (Err(_), _) if health_server::listens(view, service, node).is_some() => {
            return pass("the agent's health server listens on the health-check node port");
        }
        (Err(gap), _) => return Err(gap.clone()),
    };
    let switched_off = setting.is_ok_and(|setting| !setting.on);
    let namespace = view.agent_namespace();
    let (message, decides, fix) = if switched_off {
        (
            "enable-health-check-nodeport is false in the agents, and the check of externalTrafficPolicy Local needs it \
             to be true"
                .to_owned(),
            "enable-health-check-nodeport",
            switch_on(view, Key::HealthCheckNodePort),
        )
    } else if let Some(limit) = limit(view, service, node) {
        evidence.extend(limit.evidence);
        (
            format!(
                "{}; health-check node port {port} is closed with it",
                limit.message
            ),
            limit.key,
            Fix {
                summary: "remove it, or take the nodes it leaves out from the target group"
                    .to_owned(),
                commands: vec![limit.command],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: format!(
                    "`curl http://127.0.0.1:{port}/healthz` on the node answers 200 or 503"
                ),
            },
        )
    } else {
        (
            format!("nothing listens on health-check node port {port}, which the check goes to"),
            "health-check node port closed",
            Fix {
                summary: "see why the agent does not listen: its log says \"ListenAndServe failed\" if the port is taken".to_owned(),
                commands: vec![format!("kubectl -n {namespace} logs {} -c cilium-agent --tail=200", crate::model::source::agent_pod(namespace, node))],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: format!("`curl http://127.0.0.1:{port}/healthz` on the node answers 200 or 503"),
            },
        )
    };
    fail(
        Finding::new(message, decides, evidence)
            .about([format!("Node/{node}"), service.id()])
            .fix(fix),
    )
}
