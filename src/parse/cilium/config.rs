//! `cilium-dbg config --all -o json`: the values the agent process runs with, by Go field name.
//!
//! The command prints the daemon's configuration map merged with the realized options. The API itself
//! (`GET /config`) wraps the same map into `status`, which people capture as well.

use crate::model::cilium::RunningConfig;
use crate::parse::{ParseError, text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Larger than any configuration; the document is held as a tree.
const MAX: usize = 16 << 20;

/// Options that a version keeps in a group although `config get` finds them by name (1.21).
const GROUPS: [&str; 1] = ["UnsafeDaemonConfigOption"];

/// Reads the configuration: scalars as their text, everything else as compact JSON.
pub(super) fn json(text: &str) -> Result<RunningConfig, ParseError> {
    if text.len() > MAX {
        return Err(ParseError::new(format!(
            "{} bytes is more than a configuration has",
            text.len()
        )));
    }
    let document: Map<String, Value> = text::json_object(text)?;
    let mut values = BTreeMap::new();
    match member(&document, "status") {
        Some(status) => {
            for part in ["daemonConfigurationMap", "immutable", "realized"] {
                add(&mut values, member(status, part));
            }
        }
        None => add(&mut values, Some(&document)),
    }
    for group in GROUPS {
        let members = document.get(group).and_then(Value::as_object);
        for (name, value) in members.into_iter().flatten() {
            values.entry(name.clone()).or_insert_with(|| scalar(value));
        }
    }
    if values.is_empty() {
        return Err(ParseError::new("no option in the document"));
    }
    Ok(RunningConfig { values })
}

fn add(values: &mut BTreeMap<String, String>, from: Option<&Map<String, Value>>) {
    for (name, value) in from.into_iter().flatten() {
        values.insert(name.clone(), scalar(value));
    }
}

/// A member whose name is written in either case.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .and_then(|(_, value)| value.as_object())
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn scalars_lists_and_groups() {
        let config = json(
            r#"{"EnableEnvoyConfig": false, "Devices": ["eth0"], "NodePortMode": "snat", "MTU": 1500,
                "UnsafeDaemonConfigOption": {"BPFSocketLBHostnsOnly": true}}"#,
        )
        .unwrap();
        assert_eq!(config.get("enable-envoy-config"), Some("false"));
        assert_eq!(config.get("devices"), Some("[\"eth0\"]"));
        assert_eq!(config.get("mtu"), Some("1500"));
        assert_eq!(config.get("bpf-socket-lb-hostns-only"), Some("true"));
        assert_eq!(config.get("enable-gateway-api"), None);
    }

    #[test]
    fn the_answer_of_the_api() {
        let config = json(
            r#"{"spec": {"options": {}}, "status": {"daemonConfigurationMap": {"EnableL7Proxy": true},
                "realized": {"PolicyEnforcement": "default"}}}"#,
        )
        .unwrap();
        assert_eq!(config.get("enable-l7-proxy"), Some("true"));
        assert_eq!(config.get("policy-enforcement"), Some("default"));
    }

    #[test]
    fn nothing_and_nonsense() {
        assert!(json("{}").is_err());
        assert!(json("[]").is_err());
        assert!(json("null").is_err());
    }
}
