//! The agent runs an older configuration than the one asked for, and that breaks this Service's path.

use super::drift_lines::{Block, is_excerpt};
use super::restart::restart;
use super::setting::{Key, Setting};
use super::{age, desired, drift, pods, running};
use crate::check::datapath::health_server;
use crate::check::datapath::probe::{Probe, any_redirect};
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::{AgentLog, FrontendKind};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5103),
    slug: "config-drift",
    hop: Hop::Node,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the agent still runs an older configuration than cilium-config",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::AgentConfig,
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::BpfLb,
        Source::HealthCheckNodePort,
        Source::AgentModules,
        Source::Pods,
        Source::Nodes,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::AgentVersion,
    ],
    page: include_str!("config_drift.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let mut open = None;
    let mut seen_off = Vec::new();
    let mut switched_off = None;
    for key in keys(view, service, node) {
        match running::running(view, node, key) {
            Ok(actual) if actual.on => {}
            // kube-proxy serves ordinary Services where it still runs.
            Ok(_)
                if key == Key::KubeProxyReplacement
                    && !service.is_proxied()
                    && pods::of_node(view, "kube-proxy", node).is_some() => {}
            Ok(_) if shown(view, node, key) == Ok(true) => {}
            Ok(actual) => match desired::desired(view, node, key) {
                Ok(wanted) if wanted.on => match shown(view, node, key) {
                    Ok(_) => return fail(proven(view, service, node, key, actual, wanted)),
                    Err(gap) => {
                        open.get_or_insert((key, gap));
                    }
                },
                Ok(_) => switched_off = Some(key),
                Err(gap) => {
                    seen_off.extend(actual.evidence);
                    open.get_or_insert((key, gap));
                }
            },
            Err(_) if works(view, service, node, key) => {}
            Err(gap) => {
                open.get_or_insert((key, gap));
            }
        }
    }
    if let Some(key) = switched_off {
        return not_applicable(format!(
            "the configuration itself switches {} off",
            key.name()
        ));
    }
    let Some((key, gap)) = open else {
        return pass("the running configuration serves this Service");
    };
    if service.is_proxied()
        && key == Key::EnvoyConfig
        && let Some(finding) = suspected(view, service, node, seen_off)
    {
        return fail(finding);
    }
    Err(gap)
}

/// The switches that must be on for this Service's checks on this node.
fn keys(view: &View<'_>, service: &Service, node: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    if service.is_proxied() {
        keys.extend([Key::EnvoyConfig, Key::L7Proxy]);
    }
    keys.push(Key::KubeProxyReplacement);
    let asks_agent = view.paths().iter().any(|path| {
        path.targets
            .iter()
            .filter(|target| target.node.as_deref().is_ok_and(|name| name == node))
            .any(|target| Probe::of(service, path, target).is_ok_and(|probe| probe.of_agent))
    });
    if asks_agent {
        keys.push(Key::HealthCheckNodePort);
    }
    keys
}

/// Whether what a switch stands for is there although the switch is off.
///
/// Up to 1.18 other options switch NodePorts on without kube-proxy replacement
/// (daemon/cmd/kube_proxy_replacement.go). The features of the status tell where the map was not read.
fn shown(view: &View<'_>, node: &str, key: Key) -> Result<bool, Gap> {
    if key != Key::KubeProxyReplacement {
        return Ok(false);
    }
    let agent = view.agent(node);
    match (agent.bpf(), agent.status()) {
        (Ok(bpf), _) => Ok(bpf
            .frontends
            .values()
            .any(|frontend| frontend.flags.kind == FrontendKind::NodePort)),
        (Err(_), Ok(status)) if status.kube_proxy_replacement.is_some() => {
            Ok(status.node_port.is_some())
        }
        (Err(gap), _) => Err(gap),
    }
}

/// Whether the datapath or the health-check port shows that what a switch stands for is there.
fn works(view: &View<'_>, service: &Service, node: &str, key: Key) -> bool {
    let agent = view.agent(node);
    match key {
        Key::EnvoyConfig | Key::L7Proxy => any_redirect(view, service, node) == Ok(true),
        Key::KubeProxyReplacement => shown(view, node, key) == Ok(true),
        _ => {
            agent
                .health_answer(service.spec.health_check_node_port)
                .is_ok_and(|answer| answer.code.is_some())
                || health_server::listens(view, service, node).is_some()
        }
    }
}

fn proven(
    view: &View<'_>,
    service: &Service,
    node: &str,
    key: Key,
    actual: Setting,
    wanted: Setting,
) -> Finding {
    let name = key.name();
    let mut finding = Finding::new(
        format!("the agents run with {name} false, although the configuration asks for true"),
        name,
        [actual.evidence, wanted.evidence].concat(),
    )
    .about(objects(view, node))
    .fix(restart(view, key));
    if let Some(age) = age::age(view, node) {
        finding.evidence.extend([age.started, age.changed]);
    }
    if key == Key::KubeProxyReplacement && !service.is_proxied() {
        // kube-proxy would serve an ordinary Service, and its Pods are not read.
        finding = finding
            .confidence(Confidence::Medium)
            .assuming("no kube-proxy runs beside Cilium");
    }
    for assumption in [actual.assumption, wanted.assumption].into_iter().flatten() {
        finding = finding.assuming(assumption);
    }
    finding
}

/// Drift that the log tells of although a deciding value was not captured.
fn suspected(
    view: &View<'_>,
    service: &Service,
    node: &str,
    seen_off: Vec<Evidence>,
) -> Option<Finding> {
    let block = Block::of(service);
    let asked =
        age::config_map(view).and_then(|map| Some((map, map.data.get(block.switch())?.as_str())));
    if age::age(view, node).is_some_and(|age| age.agent_is_younger)
        || desired::desired(view, node, Key::EnvoyConfig).is_ok_and(|wanted| !wanted.on)
        || asked.is_some_and(|(_, text)| text != "true")
        || !consistent_with_rows(view, service, node)
    {
        return None;
    }
    let witness = witness(view, block, node)?;
    let log = view.agent(witness).log().ok()?;
    let mut evidence = seen_off;
    evidence.extend(
        block
            .added_later(log)
            .iter()
            .map(|line| drift::evidence(log, witness, line)),
    );
    evidence.extend(asked.map(|(map, text)| {
        Evidence::new(
            Layer::Declared,
            &map.origin,
            format!("ConfigMap/{}/cilium-config", map.metadata.namespace),
            block.switch(),
            text,
        )
    }));
    let mut finding = Finding::new(
        format!(
            "most likely the agents still run the configuration of before {} was enabled, with \
             enable-envoy-config false: cilium-config has keys that the running agents do not have",
            block.title()
        ),
        "enable-envoy-config, from the log",
        evidence,
    )
    .about(objects(view, node))
    .confidence(Confidence::Medium)
    .settled_by(
        [
            view.agent(node).running().err(),
            view.agent(node).bpf().err(),
        ]
        .into_iter()
        .flatten(),
    )
    .fix(restart(view, Key::EnvoyConfig))
    .assuming(format!(
        "enable-envoy-config came into cilium-config together with {}, as the Helm chart writes it",
        block.switch()
    ));
    if witness != node {
        finding = finding.assuming(format!(
            "the other agents are as old as the one on {witness}, whose log tells of it"
        ));
    }
    Some(finding)
}

/// The agent whose log speaks for `node`: its own, or another one where no captured log contradicts it.
fn witness<'a>(view: &View<'a>, block: Block, node: &str) -> Option<&'a str> {
    // A whole tail with the block's lines and none for enable-envoy-config says that this key is equal.
    let tells = |log: &AgentLog| is_excerpt(log) && !block.added_later(log).is_empty();
    let mut logs = Vec::new();
    for name in view.agent_nodes() {
        if let Ok(log) = drift::standing(view, name) {
            let tells = log.is_some_and(|log| tells(log));
            if name == node {
                return tells.then_some(name);
            }
            logs.push((name, tells));
        }
    }
    match logs.as_slice() {
        [(first, _), ..] if logs.iter().all(|(_, tells)| *tells) => Some(first),
        _ => None,
    }
}

/// Drift leaves NodePort entries without a redirect; a map without such entries tells another story.
fn consistent_with_rows(view: &View<'_>, service: &Service, node: &str) -> bool {
    let Ok(bpf) = view.agent(node).bpf() else {
        return true;
    };
    service
        .spec
        .ports
        .iter()
        .filter(|port| port.node_port != 0)
        .all(|port| bpf.on_port(port.node_port).next().is_some())
}

fn objects(view: &View<'_>, node: &str) -> [String; 3] {
    let namespace = view.agent_namespace();
    [
        format!("Node/{node}"),
        format!("ConfigMap/{namespace}/cilium-config"),
        format!("DaemonSet/{namespace}/cilium"),
    ]
}
