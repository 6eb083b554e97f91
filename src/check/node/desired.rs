//! The layer that was asked for: cilium-config with what overrides it on a node.

use super::setting::{Key, Setting, switch};
use super::{age, drift};
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::{Gap, Reason, Source};

/// What the agent of `node` should run with.
///
/// In order: StateDB `cilium-configs`, a CiliumNodeConfig that selects the node, cilium-config, the agent's
/// own drift lines, and the default if cilium-config was captured whole and leaves the key out.
///
/// # Errors
/// The gap of the reading that would tell. A ConfigMap of which only a part was captured never proves that
/// a key is absent.
pub fn desired(view: &View<'_>, node: &str, key: Key) -> Result<Setting, Gap> {
    let agent = view.agent(node);
    let merged = agent.desired().ok().and_then(|rows| {
        let text = rows.get(key.name())?;
        Some(Setting {
            on: switch(text)?,
            evidence: vec![Evidence::new(
                Layer::Declared,
                &rows.origin,
                format!("Node/{node}"),
                format!("{} (cilium-configs)", key.name()),
                text,
            )],
            assumption: None,
        })
    });
    if let Some(merged) = merged {
        return Ok(merged);
    }
    let logged = drift::line(view, node, key.name()).and_then(|(line, evidence)| {
        Some(Setting {
            on: switch(&line.expected)?,
            evidence: vec![evidence],
            assumption: None,
        })
    });
    let assumption = match overridden(view, node, key) {
        Ok(Some(setting)) => return Ok(setting),
        Ok(None) => None,
        Err(_) => Some(format!(
            "no CiliumNodeConfig overrides {} for these nodes",
            key.name()
        )),
    };
    let Some(map) = age::config_map(view) else {
        return logged.ok_or_else(|| config_map_gap(view));
    };
    let subject = format!("ConfigMap/{}/cilium-config", map.metadata.namespace);
    let declared = |on, value: &str| Setting {
        on,
        evidence: vec![Evidence::new(
            Layer::Declared,
            &map.origin,
            subject.clone(),
            key.name(),
            value,
        )],
        // The agent's own merged view, seen in its log, settles whether something overrides the ConfigMap.
        assumption: assumption
            .clone()
            .filter(|_| logged.as_ref().is_none_or(|logged| logged.on != on)),
    };
    if let Some(text) = map.data.get(key.name()) {
        return switch(text).map(|on| declared(on, text)).ok_or_else(|| {
            Gap::new(
                Source::ConfigMaps,
                "cilium-config",
                Reason::Unreadable(format!("{} is {text:?}", key.name())),
            )
        });
    }
    if let Some(logged) = logged {
        return Ok(logged);
    }
    if let Some(gap) = view
        .config_maps()
        .partial(&map.metadata.namespace, "cilium-config")
    {
        return Err(gap.clone());
    }
    key.default()
        .map(|on| declared(on, &format!("absent, which means {on}")))
        .ok_or_else(|| {
            Gap::new(
                Source::ConfigMaps,
                "cilium-config",
                Reason::Partial(format!("{} is not among its keys", key.name())),
            )
        })
}

/// What a CiliumNodeConfig that selects the node says of a switch; `None` when none does.
fn overridden(view: &View<'_>, node: &str, key: Key) -> Result<Option<Setting>, Gap> {
    let said = node_config(view, node, key.name())?;
    Ok(said.into_iter().rev().find_map(|(text, evidence)| {
        Some(Setting {
            on: switch(text)?,
            evidence: vec![evidence],
            assumption: None,
        })
    }))
}

/// What the CiliumNodeConfigs that select the node say of an option, the one that counts last.
///
/// # Errors
/// The gap when they, or the labels of the node, were not read.
pub(super) fn node_config<'a>(
    view: &View<'a>,
    node: &str,
    key: &str,
) -> Result<Vec<(&'a str, Evidence)>, Gap> {
    let configs = view.node_configs().all(view.agent_namespace())?;
    if configs.is_empty() {
        return Ok(Vec::new());
    }
    let labels = match view.nodes().find("", node)? {
        Some(node) => &node.metadata.labels,
        None => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    for config in configs {
        let Some(text) = config.spec.defaults.get(key) else {
            continue;
        };
        let selector = &config.spec.node_selector;
        let selected = selector.matches(labels).ok_or_else(|| {
            Gap::new(
                Source::NodeConfigs,
                &config.metadata.name,
                Reason::Unreadable(format!("spec.nodeSelector `{selector}`")),
            )
        })?;
        if selected {
            let evidence = Evidence::new(
                Layer::Declared,
                &config.origin,
                format!("CiliumNodeConfig/{}", config.metadata.name),
                format!("spec.defaults.{key}"),
                text,
            );
            found.push((text.as_str(), evidence));
        }
    }
    Ok(found)
}

/// Whether what is asked for comes from elsewhere than cilium-config: a CiliumNodeConfig names the option, or the agent's
/// merged view has it with another value.
///
/// Nobody knows since when it does, so that an agent younger than cilium-config need not have read it.
pub(super) fn is_overridden(view: &View<'_>, node: &str, key: &str) -> bool {
    let own = age::config_map(view).and_then(|map| map.data.get(key));
    let merged = view.agent(node).desired().ok();
    node_config(view, node, key).is_ok_and(|said| !said.is_empty())
        || merged
            .and_then(|rows| rows.get(key))
            .is_some_and(|merged| own.is_none_or(|own| own.trim() != merged.trim()))
}

/// Why cilium-config is missing.
pub fn config_map_gap(view: &View<'_>) -> Gap {
    view.config_maps()
        .find(view.agent_namespace(), "cilium-config")
        .err()
        .unwrap_or_else(|| {
            Gap::new(
                Source::ConfigMaps,
                "cilium-config",
                Reason::Failed("no ConfigMap cilium-config among those captured".to_owned()),
            )
        })
}
