//! An option of the agent that is no switch: an address, a mode, a name.

use super::age;
use super::desired::{config_map_gap, is_overridden, node_config};
use super::running::booted_from_snapshot;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::ConfigMap;
use crate::model::{Fact, Gap, Origin, Reason, Source};

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
/// In order: `config --all`, the files it booted from, and what cilium-config asks for, unless it was changed after the
/// agent started or something overrides it.
///
/// # Errors
/// The gap of the reading that would tell.
pub fn text(view: &View<'_>, node: &str, key: &str, default: &str) -> Result<Text, Gap> {
    let agent = view.agent(node);
    let seen = |(value, evidence): (&str, Evidence)| Text {
        value: value.trim().to_owned(),
        evidence: vec![evidence],
        assumption: None,
    };
    if let Ok(config) = agent.running()
        && let Some(value) = config.get(key)
    {
        let evidence = of_agent(node, &config.origin, format!("{key} (running)"), value);
        return Ok(seen((value, evidence)));
    }
    if let Some(booted) = started_with(view, node, key)
        && booted_from_snapshot(view, node)
    {
        return Ok(seen(booted));
    }
    let wanted = declared(view, node, key, default)?;
    let age = age::age(view, node);
    if is_overridden(view, node, key) || age.as_ref().is_some_and(|age| !age.agent_is_younger) {
        return Err(agent.started_with().err().unwrap_or_else(|| {
            Gap::not_collected(Source::AgentStartConfig, format!("node {node}"))
        }));
    }
    match age {
        Some(_) => Ok(wanted),
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
    let (value, shown) = match map.data.get(key) {
        Some(value) => (value.trim(), shown(value).to_owned()),
        None => {
            let namespace = &map.metadata.namespace;
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
        evidence: vec![of_map(map, key, shown)],
        assumption,
    })
}

/// The value of a key in what the agent booted from, or else in cilium-config, to explain a finding with.
///
/// Unlike [`text`] it draws nothing from absence, and asks nothing of the running process, which shows what it
/// made of some keys (`devices`) rather than what was asked for.
pub fn option(view: &View<'_>, node: &str, key: &str) -> Option<(String, Evidence)> {
    if let Some((value, evidence)) = started_with(view, node, key) {
        return Some((value.trim().to_owned(), evidence));
    }
    let map = age::config_map(view)?;
    let value = map.data.get(key)?;
    Some((value.trim().to_owned(), of_map(map, key, shown(value))))
}

/// The value of a key in the files that the agent booted from.
fn started_with<'a>(view: &View<'a>, node: &str, key: &str) -> Option<(&'a str, Evidence)> {
    let files = view.agent(node).started_with().ok()?;
    let value = files.get(key)?;
    let field = format!("{key} (started with)");
    Some((value, of_agent(node, &files.origin, field, value)))
}

fn of_agent(node: &str, origin: &Origin, field: String, value: &str) -> Evidence {
    let subject = format!("Node/{node}");
    Evidence::new(Layer::Programmed, origin, subject, field, shown(value))
}

fn of_map(map: &Fact<ConfigMap>, key: &str, shown: impl Into<String>) -> Evidence {
    let subject = format!("ConfigMap/{}/cilium-config", map.metadata.namespace);
    Evidence::new(Layer::Declared, &map.origin, subject, key, shown)
}

/// A value in evidence, where nothing would be read as a reading that failed.
fn shown(value: &str) -> &str {
    match value.trim() {
        "" => "\"\"",
        value => value,
    }
}
