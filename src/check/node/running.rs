//! The layer that counts: what an agent process runs with.

use super::desired::desired;
use super::setting::{Key, Setting, drift_line, switch};
use super::{age, pods};
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::{Gap, Source};

/// What the agent process of `node` runs with.
///
/// In order: `config --all`, the status (kube-proxy replacement only), the files it booted from, its own
/// drift lines, and what cilium-config says if the agent is younger than its last change.
///
/// # Errors
/// The gap of the reading that would tell.
pub fn running(view: &View<'_>, node: &str, key: Key) -> Result<Setting, Gap> {
    let agent = view.agent(node);
    let subject = format!("Node/{node}");
    let setting = |layer, origin: &_, field: &str, text: &str| {
        switch(text).map(|on| Setting {
            on,
            evidence: vec![Evidence::new(layer, origin, subject.clone(), field, text)],
            assumption: None,
        })
    };
    let mut gap = match agent.running() {
        Ok(config) => {
            let found = config.get(key.name()).and_then(|text| {
                let field = format!("{} (running)", key.name());
                setting(Layer::Programmed, &config.origin, &field, text)
            });
            if let Some(found) = found {
                return Ok(found);
            }
            None
        }
        Err(gap) => Some(gap),
    };
    if key == Key::KubeProxyReplacement {
        match agent.status() {
            Ok(status) => {
                if let Some(on) = status.kube_proxy_replacement {
                    let text = if on { "True" } else { "False" };
                    let found = setting(
                        Layer::Programmed,
                        &status.origin,
                        "kube-proxy-replacement.mode",
                        text,
                    );
                    return found.ok_or_else(|| {
                        Gap::not_collected(Source::AgentStatus, format!("node {node}"))
                    });
                }
            }
            Err(missing) => gap = Some(missing),
        }
    }
    let booted = agent.started_with();
    match &booted {
        Ok(files) if booted_from_snapshot(view, node) => {
            let field = format!("{} (started with)", key.name());
            let found = files
                .get(key.name())
                .and_then(|text| setting(Layer::Programmed, &files.origin, &field, text));
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Ok(_) => {}
        Err(missing) => {
            gap.get_or_insert_with(|| missing.clone());
        }
    }
    if let Ok(log) = agent.log() {
        let found = drift_line(log, key).and_then(|line| {
            Some(Setting {
                on: switch(line.actual.as_deref()?)?,
                evidence: vec![Evidence::new(
                    Layer::Observed,
                    &log.origin,
                    subject.clone(),
                    key.name(),
                    line.raw.as_str(),
                )],
                assumption: None,
            })
        });
        if let Some(found) = found {
            return Ok(found);
        }
    }
    if let (Some(age), Ok(wanted)) = (age::age(view, node), desired(view, node, key))
        && age.agent_is_younger
    {
        let mut evidence = wanted.evidence;
        evidence.extend([age.started, age.changed]);
        return Ok(Setting {
            on: wanted.on,
            evidence,
            assumption: Some(format!(
                "{} of the agents is what the configuration says, as they started after its last change",
                key.name()
            )),
        });
    }
    Err(gap.unwrap_or_else(|| Gap::not_collected(Source::AgentStartConfig, format!("node {node}"))))
}

/// Whether the files under `/tmp/cilium/config-map` date from the agent's start.
///
/// The init container `config` writes them then. Since 1.19 a chart with a single configuration source has no
/// such container and mounts the ConfigMap itself, which kubelet keeps up to date (daemonset.yaml).
pub(super) fn booted_from_snapshot(view: &View<'_>, node: &str) -> bool {
    pods::of_node(view, pods::AGENT, node).is_some_and(|pod| {
        pod.spec
            .init_containers
            .iter()
            .any(|one| one.name == "config")
    })
}
