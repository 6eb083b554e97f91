//! The layer that counts: what an agent process runs with.

use super::desired::{desired, is_overridden};
use super::setting::{Key, Setting, switch};
use super::{age, drift, pods};
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::{Gap, Source};

/// What the agent process of `node` runs with.
///
/// In order: `config --all`, the status (kube-proxy replacement only), its gauges, the files it booted from,
/// its log, and what the configuration says if the agent reports no drift, or is younger than the last change of
/// cilium-config and nothing overrides that.
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
    if let Some(shown) = gauge(view, node, key) {
        return Ok(shown);
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
    if let Some(logged) = logged(view, node, key).or_else(|| unchanged(view, node, key)) {
        return Ok(logged);
    }
    if let (Some(age), Ok(wanted)) = (age::age(view, node), desired(view, node, key))
        && age.agent_is_younger
        && !is_overridden(view, node, key.name())
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

/// What a gauge of the agent's metrics shows.
fn gauge(view: &View<'_>, node: &str, key: Key) -> Option<Setting> {
    let name = key.gauge()?;
    let metrics = view.agent(node).metrics().ok()?;
    let on = match *metrics.get(name)? {
        0.0 => false,
        1.0 => true,
        _ => return None,
    };
    Some(Setting {
        on,
        evidence: vec![Evidence::new(
            Layer::Programmed,
            &metrics.origin,
            format!("Node/{node}"),
            name,
            if on { "1" } else { "0" },
        )],
        assumption: None,
    })
}

/// What the agent's log says: a drift line that still holds, or that it found the L7 proxy switched off.
fn logged(view: &View<'_>, node: &str, key: Key) -> Option<Setting> {
    if let Some((line, evidence)) = drift::line(view, node, key.name())
        && let Some(on) = line.actual.as_deref().and_then(switch)
    {
        return Some(Setting {
            on,
            evidence: vec![evidence],
            assumption: None,
        });
    }
    if key != Key::L7Proxy {
        return None;
    }
    // Logged when the process starts (pkg/proxy/cell.go).
    let log = view.agent(node).log().ok()?;
    let line = log
        .notable
        .iter()
        .find(|line| line.contains("L7 proxies are disabled"))?;
    Some(Setting {
        on: false,
        evidence: vec![Evidence::new(
            Layer::Observed,
            &log.origin,
            format!("Node/{node}"),
            "log",
            line,
        )],
        assumption: None,
    })
}

/// What the configuration names, where the agent reports that nothing it names differs.
fn unchanged(view: &View<'_>, node: &str, key: Key) -> Option<Setting> {
    let none = drift::none(view, node)?;
    if drift::ignores(view, node, key.name()) {
        return None;
    }
    let named = view
        .agent(node)
        .desired()
        .is_ok_and(|rows| rows.contains_key(key.name()))
        || age::config_map(view).is_some_and(|map| map.data.contains_key(key.name()));
    let mut setting = desired(view, node, key).ok().filter(|_| named)?;
    setting.evidence.push(none);
    Some(setting)
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
