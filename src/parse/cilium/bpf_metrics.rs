//! `cilium-dbg bpf metrics list -o json`: packet counters of the datapath, drops among them.
//!
//! 1.14 prints `{reason, description, values: {direction: {packets}}}`, 1.15 a flat row with the reason as
//! text, 1.16 the same with `line` and `file` (reference: cilium-dbg/cmd/bpf_metrics_list.go).

use crate::model::cilium::DropCounter;
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Reads the counters, summed over source lines so that two readings can be compared.
pub(super) fn json(text: &str) -> Result<Vec<DropCounter>, ParseError> {
    let mut sums: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    let mut add = |reason: &str, direction: &str, file: &str, packets: u64| {
        let key = (
            reason.to_owned(),
            direction.to_ascii_lowercase(),
            file.to_owned(),
        );
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(packets);
    };
    for item in text::json_list::<Item>(text)? {
        let reason = match (&item.reason, &item.description) {
            (Reason::Text(reason), _) | (Reason::Number(_), Some(reason)) => reason.clone(),
            (Reason::Number(number), None) => number.to_string(),
        };
        add(&reason, &item.direction, &item.file, item.packets);
        for (direction, value) in &item.values {
            add(&reason, direction, "", value.packets);
        }
    }
    Ok(sums
        .into_iter()
        // A nested row of 1.14 has no counter of its own.
        .filter(|((_, direction, _), _)| !direction.is_empty())
        .map(|((reason, direction, file), packets)| DropCounter {
            reason,
            direction,
            file,
            packets,
        })
        .collect())
}

#[derive(Deserialize)]
struct Item {
    reason: Reason,
    description: Option<String>,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    packets: u64,
    #[serde(default)]
    file: String,
    #[serde(default, deserialize_with = "or_default")]
    values: BTreeMap<String, Count>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Reason {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct Count {
    #[serde(default)]
    packets: u64,
}

#[cfg(test)]
mod tests {
    use super::json;

    fn read(text: &str) -> Vec<(String, String, u64)> {
        let counters = json(text).unwrap();
        counters
            .into_iter()
            .map(|c| (c.reason, c.direction, c.packets))
            .collect()
    }

    #[test]
    fn the_three_grammars() {
        let wanted = vec![("Policy denied".to_owned(), "ingress".to_owned(), 7)];
        assert_eq!(
            read(
                r#"[{"reason": 133, "description": "Policy denied", "values": {"INGRESS": {"packets": 7, "bytes": 9}}}]"#
            ),
            wanted
        );
        assert_eq!(
            read(
                r#"[{"reason": "Policy denied", "direction": "ingress", "packets": 7, "bytes": 9}]"#
            ),
            wanted
        );
        assert_eq!(
            read(
                r#"[{"reason": "Policy denied", "direction": "ingress", "packets": 3, "line": 1, "file": "bpf_host.c"},
                    {"reason": "Policy denied", "direction": "ingress", "packets": 4, "line": 2, "file": "bpf_host.c"}]"#
            ),
            wanted
        );
    }

    #[test]
    fn nothing_and_nonsense() {
        assert!(json("No entries found.\n").unwrap().is_empty());
        assert!(json("null").unwrap().is_empty());
        assert!(json(r#"[{"direction": "ingress"}]"#).is_err());
    }
}
