//! An option of the agent that is no switch: an address, a mode, a name.

use super::age;
use super::desired::{config_map_gap, node_config};
use super::running::booted_from_snapshot;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::{Gap, Reason, Source};

/// The value of an option.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its text, trimmed; empty where it is set to nothing.
    pub value: String,
    /// What says so; never empty.
    pub evidence: Vec<Evidence>,
    /// What was taken for granted.
    pub assumption: Option<String>,
}

/// What the agent process of `node` runs with; `default` is what the agent takes for a key that is left out.
///
/// In order: `config --all`, the files it booted from, and what the configuration asks for, unless it was
/// changed after the agent started.
///
/// # Errors
/// The gap of the reading that would tell.
pub fn text(view: &View<'_>, node: &str, key: &str, default: &str) -> Result<Text, Gap> {
    let agent = view.agent(node);
    let seen = |layer, origin: &_, field: String, value: &str| Text {
        value: value.trim().to_owned(),
        evidence: vec![Evidence::new(
            layer,
            origin,
            format!("Node/{node}"),
            field,
            shown(value),
        )],
        assumption: None,
    };
    if let Ok(config) = agent.running()
        && let Some(value) = config.get(key)
    {
        let field = format!("{key} (running)");
        return Ok(seen(Layer::Programmed, &config.origin, field, value));
    }
    let booted = agent.started_with();
    if let Ok(files) = &booted
        && let Some(value) = files.get(key)
        && booted_from_snapshot(view, node)
    {
        let field = format!("{key} (started with)");
        return Ok(seen(Layer::Programmed, &files.origin, field, value));
    }
    let wanted = declared(view, node, key, default)?;
    match age::age(view, node) {
        Some(age) if age.agent_is_younger => Ok(wanted),
        Some(_) => Err(booted.err().unwrap_or_else(|| {
            Gap::not_collected(Source::AgentStartConfig, format!("node {node}"))
        })),
        None => Ok(Text {
            assumption: wanted
                .assumption
                .or_else(|| Some(format!("{key} of the agents is what cilium-config says"))),
            ..wanted
        }),
    }
}

/// What the configuration asks for on a node: a CiliumNodeConfig that selects it, or cilium-config.
///
/// # Errors
/// The gap of the ConfigMap. One of which only a part was captured never proves that a key is absent.
pub fn declared(view: &View<'_>, node: &str, key: &str, default: &str) -> Result<Text, Gap> {
    let mut assumption = None;
    match node_config(view, node, key) {
        Ok(mut said) => {
            if let Some((value, evidence)) = said.pop() {
                return Ok(Text {
                    value: value.trim().to_owned(),
                    evidence: vec![Evidence {
                        value: shown(value).to_owned(),
                        ..evidence
                    }],
                    assumption: None,
                });
            }
        }
        Err(_) => {
            assumption = Some(format!(
                "no CiliumNodeConfig overrides {key} for these nodes"
            ));
        }
    }
    let map = age::config_map(view).ok_or_else(|| config_map_gap(view))?;
    let namespace = map.metadata.namespace.as_str();
    let (value, shown) = match map.data.get(key) {
        Some(value) => (value.trim(), shown(value).to_owned()),
        None => {
            if let Some(gap) = view.config_maps().partial(namespace, "cilium-config") {
                return Err(Gap::new(
                    Source::ConfigMaps,
                    "cilium-config",
                    match &gap.reason {
                        Reason::Partial(_) => {
                            Reason::Partial(format!("{key} is not among its keys"))
                        }
                        other => other.clone(),
                    },
                ));
            }
            (default, format!("absent, which means {default:?}"))
        }
    };
    Ok(Text {
        value: value.to_owned(),
        evidence: vec![Evidence::new(
            Layer::Declared,
            &map.origin,
            format!("ConfigMap/{namespace}/cilium-config"),
            key,
            shown,
        )],
        assumption,
    })
}

/// The value of a key in what the agent booted from, or else in cilium-config, to explain a finding with.
///
/// Unlike [`text`] it draws nothing from absence, and asks nothing of the running process, which shows what it
/// made of some keys (`devices`) rather than what was asked for.
pub fn option(view: &View<'_>, node: &str, key: &str) -> Option<(String, Evidence)> {
    if let Ok(files) = view.agent(node).started_with()
        && let Some(value) = files.get(key)
    {
        let field = format!("{key} (started with)");
        let subject = format!("Node/{node}");
        let evidence = Evidence::new(
            Layer::Programmed,
            &files.origin,
            subject,
            field,
            shown(value),
        );
        return Some((value.trim().to_owned(), evidence));
    }
    let map = age::config_map(view)?;
    let value = map.data.get(key)?;
    let subject = format!("ConfigMap/{}/cilium-config", map.metadata.namespace);
    let evidence = Evidence::new(Layer::Declared, &map.origin, subject, key, shown(value));
    Some((value.trim().to_owned(), evidence))
}

/// A value in evidence, where nothing would be read as a reading that failed.
fn shown(value: &str) -> &str {
    match value.trim() {
        "" => "\"\"",
        value => value,
    }
}
