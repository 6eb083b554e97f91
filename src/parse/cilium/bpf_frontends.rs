//! `cilium-dbg bpf lb list --frontends -o json`: the counts that the plain list does not print.
//!
//! ```text
//! "10.0.12.34:30510/TCP (0)": ["11560 0[0] (737) [0x42 0x4]"]      1.17 on
//! "172.18.0.2:32646":         ["0 2 (33) [0x2 0x0]"]               up to 1.16
//! ```
//!
//! `<backend id or union> <count>[<quarantined>] (<reverse NAT id>) [<flags>]` (reference:
//! `Service4Value.String`, pkg/maps/lbmap and pkg/loadbalancer/maps/types.go).

use super::bpf_row::key;
use super::json_rows::each_row;
use crate::model::cilium::{FrontendKey, MasterValue};
use crate::parse::ParseError;
use crate::parse::error::quote;
use crate::parse::text::number;
use std::collections::BTreeMap;

/// Reads the master rows.
///
/// Rows of other slots have a count of 0, so where the key has no slot (before 1.14.10) the row with
/// the highest count is the master.
pub(super) fn json(text: &str) -> Result<BTreeMap<FrontendKey, MasterValue>, ParseError> {
    let mut masters: BTreeMap<FrontendKey, MasterValue> = BTreeMap::new();
    let mut unreadable = None;
    each_row(text, |key_text, value_text| {
        let (Some((key, slot)), Some(value)) = (key(key_text), value(value_text)) else {
            unreadable.get_or_insert_with(|| quote(&format!("{key_text}  {value_text}")));
            return;
        };
        if slot.is_some_and(|slot| slot > 0) {
            return;
        }
        match masters.get(&key) {
            Some(known) if known.count >= value.count => {}
            _ => {
                masters.insert(key, value);
            }
        }
    })?;
    match unreadable {
        Some(row) if masters.is_empty() => Err(ParseError {
            quote: Some(row),
            ..ParseError::new("no row of `bpf lb list --frontends` in the document")
        }),
        _ => Ok(masters),
    }
}

fn value(text: &str) -> Option<MasterValue> {
    let mut words = text.split_whitespace();
    let union = number(words.next()?)?;
    let count = words.next()?;
    let count = count.split_once('[').map_or(count, |(count, _)| count);
    let rev_nat = words.next()?.strip_prefix('(')?.strip_suffix(')')?;
    Some(MasterValue {
        rev_nat: number(rev_nat)?,
        count: number(count)?,
        union,
    })
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn both_grammars() {
        let masters = json(
            r#"{"10.0.12.34:30510/TCP (0)": ["11560 0[0] (737) [0x42 0x4]"],
                "10.0.12.34:30511/TCP (0)": ["0 3[1] (738) [0x42 0x0]"],
                "10.0.12.34:30511/TCP (1)": ["6 0[0] (738) [0x42 0x0]"],
                "172.18.0.2:32646": ["9 0 (33) [0x2 0x0]", "0 2 (33) [0x2 0x0]", "8 0 (33) [0x2 0x0]"]}"#,
        )
        .unwrap();
        let counts: Vec<(u16, u32, u32)> = masters
            .iter()
            .map(|(key, value)| (key.port, value.count, value.union))
            .collect();
        assert_eq!(counts, [(30510, 0, 11560), (30511, 3, 0), (32646, 2, 0)]);
    }

    #[test]
    fn the_format_without_counts_is_an_error() {
        assert!(json(r#"{"10.0.0.1:80": ["3 (33) [FLAGS: 0x2]"]}"#).is_err());
        assert!(json("null").unwrap().is_empty());
    }
}
