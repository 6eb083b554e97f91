//! The table `cilium-configs` (1.18 on): what the ConfigMap, CiliumNodeConfigs and node annotations
//! want, one row per key and source.

use super::bad_row;
use crate::parse::ParseError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Reads the table merged as the drift checker does it: the lowest priority number wins
/// (reference: `WatchAllKeys`, pkg/dynamicconfig/table.go).
///
/// Rows of 1.17 have no priority; a key with several such sources cannot be merged.
pub(in crate::parse::cilium) fn configs(
    text: &str,
) -> Result<BTreeMap<String, String>, ParseError> {
    let mut merged: BTreeMap<String, (Option<i64>, String)> = BTreeMap::new();
    for (index, row) in super::rows::<Row>(text)?.into_iter().enumerate() {
        match merged.get(&row.key.name) {
            Some((Some(known), _)) if row.priority.is_some_and(|new| new >= *known) => continue,
            Some((known, _)) if known.is_none() || row.priority.is_none() => {
                let message = format!("{} has several sources and no priority", row.key.name);
                return Err(bad_row(index, &message));
            }
            _ => {}
        }
        merged.insert(row.key.name, (row.priority, row.value));
    }
    Ok(merged
        .into_iter()
        .map(|(key, (_, value))| (key, value))
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    key: Key,
    value: String,
    priority: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::configs;

    #[test]
    fn the_lowest_priority_number_wins_whatever_the_order() {
        let node =
            r#"{"Key": {"Name": "devices", "Source": "cnc"}, "Value": "eth1", "Priority": 1}"#;
        let map = r#"{"Key": {"Name": "devices", "Source": "cilium-config"}, "Value": "", "Priority": 2}"#;
        for text in [format!("{node}\n{map}"), format!("{map}\n{node}")] {
            assert_eq!(configs(&text).unwrap()["devices"], "eth1");
        }
    }

    #[test]
    fn sources_without_priority_cannot_be_merged() {
        let row = r#"{"Key": {"Name": "a", "Source": "x"}, "Value": "1"}"#;
        assert_eq!(configs(row).unwrap()["a"], "1");
        assert!(configs(&format!("{row}{row}")).is_err());
    }
}
