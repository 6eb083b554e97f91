//! Gathers rows of the load balancer map, which come in any order, into frontends.

use super::bpf_row::{Master, Row, key, value};
use crate::model::cilium::{BpfLb, Frontend, FrontendBackend, FrontendKey};
use crate::parse::ParseError;
use crate::parse::error::quote;
use std::collections::BTreeMap;

/// Unreadable rows that are kept; the others are counted.
const MAX_UNREADABLE: usize = 100;

/// Rows read so far.
#[derive(Default)]
pub(super) struct Rows {
    frontends: BTreeMap<FrontendKey, Partial>,
    unreadable: Vec<String>,
    more_unreadable: usize,
}

#[derive(Default)]
struct Partial {
    master: Option<Master>,
    backends: Vec<FrontendBackend>,
    dangling: u32,
}

impl Rows {
    /// Adds a row of `bpf lb list`.
    pub(super) fn row(&mut self, key_text: &str, value_text: &str) {
        let (Some((key, key_slot)), Some(row)) = (key(key_text), value(key_text, value_text))
        else {
            self.unreadable(&format!("{key_text}  {value_text}"));
            return;
        };
        match row {
            Row::Master(master) => self.master(key, master),
            Row::Backend { address, slot } => self.backend(key, address, slot.or(key_slot), None),
            Row::Dangling => self.dangling(key),
        }
    }

    /// Adds a frontend; a map holds a key once, so a second one is not read.
    pub(super) fn master(&mut self, key: FrontendKey, master: Master) {
        let partial = self.frontends.entry(key).or_default();
        if partial.master.is_none() {
            partial.master = Some(master);
        } else {
            self.unreadable(&format!("{} (listed twice)", master.raw));
        }
    }

    /// Adds a backend; without a slot it takes the next one.
    pub(super) fn backend(
        &mut self,
        key: FrontendKey,
        (address, port): (std::net::IpAddr, u16),
        slot: Option<u32>,
        state: Option<String>,
    ) {
        let backends = &mut self.frontends.entry(key).or_default().backends;
        let next = u32::try_from(backends.len()).map_or(u32::MAX, |len| len.saturating_add(1));
        backends.push(FrontendBackend {
            address,
            port,
            slot: slot.unwrap_or(next),
            state,
        });
    }

    /// Adds a slot without backend.
    pub(super) fn dangling(&mut self, key: FrontendKey) {
        let partial = self.frontends.entry(key).or_default();
        partial.dangling = partial.dangling.saturating_add(1);
    }

    /// Adds a row that follows no grammar.
    pub(super) fn unreadable(&mut self, row: &str) {
        if self.unreadable.len() < MAX_UNREADABLE {
            self.unreadable.push(quote(row));
        } else {
            self.more_unreadable = self.more_unreadable.saturating_add(1);
        }
    }

    /// The map; an error when there were rows and none could be read.
    pub(super) fn finish(mut self) -> Result<BpfLb, ParseError> {
        let mut map = BpfLb::default();
        for (key, mut partial) in std::mem::take(&mut self.frontends) {
            let Some(master) = partial.master else {
                self.unreadable(&format!(
                    "{}:{}/{}: slots without their frontend",
                    key.address, key.port, key.protocol
                ));
                continue;
            };
            partial.backends.sort_by_key(|backend| backend.slot);
            // A map can have hundreds of thousands of frontends, and all nodes are held at once.
            partial.backends.shrink_to_fit();
            map.frontends.insert(
                key.clone(),
                Frontend {
                    key,
                    rev_nat: master.rev_nat,
                    flags: master.flags,
                    proxy_port: master.proxy_port,
                    backends: partial.backends,
                    count: master.count,
                    dangling: partial.dangling,
                    raw: master.raw,
                },
            );
        }
        if self.more_unreadable > 0 {
            self.unreadable
                .push(format!("and {} more rows", self.more_unreadable));
        }
        map.unreadable = self.unreadable;
        match map.unreadable.first() {
            Some(row) if map.frontends.is_empty() => Err(ParseError {
                quote: Some(row.clone()),
                ..ParseError::new("no row of a load balancer map in the document")
            }),
            _ => Ok(map),
        }
    }
}
