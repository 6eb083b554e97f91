//! Gathers rows of the load balancer map, which come in any order, into frontends.

use super::address::frontend_key;
use super::bpf_row::{Master, Row, slot, value};
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
    /// The frontend of the last row: those of one frontend mostly follow each other, and there can be millions.
    last: Option<(FrontendKey, Partial)>,
    /// How the key of the last row was printed, and what it means.
    last_key: Option<(String, FrontendKey)>,
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
        let (Some((key, key_slot)), Some(row)) = (self.key(key_text), value(key_text, value_text))
        else {
            self.unreadable(&format!("{key_text}  {value_text}"));
            return;
        };
        match row {
            Row::Master(master) => self.master(key, master),
            Row::Backend { address, slot } => self.backend(key, address, slot.or(key_slot)),
            Row::Dangling => self.dangling(key),
        }
    }

    /// Reads a key and its slot.
    fn key(&mut self, text: &str) -> Option<(FrontendKey, Option<u32>)> {
        let (address, slot) = slot(text)?;
        if let Some((printed, key)) = &self.last_key
            && printed == address
        {
            return Some((key.clone(), slot));
        }
        let key = frontend_key(address)?;
        self.last_key = Some((address.to_owned(), key.clone()));
        Some((key, slot))
    }

    /// Adds a frontend; a map holds a key once, so a second one is not read.
    pub(super) fn master(&mut self, key: FrontendKey, master: Master) {
        let partial = self.partial(key);
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
    ) {
        let backends = &mut self.partial(key).backends;
        let next = u32::try_from(backends.len()).map_or(u32::MAX, |len| len.saturating_add(1));
        backends.push(FrontendBackend {
            address,
            port,
            slot: slot.unwrap_or(next),
        });
    }

    /// Adds a slot without backend.
    pub(super) fn dangling(&mut self, key: FrontendKey) {
        let partial = self.partial(key);
        partial.dangling = partial.dangling.saturating_add(1);
    }

    /// What is known of a frontend.
    fn partial(&mut self, key: FrontendKey) -> &mut Partial {
        let open = match self.last.take() {
            Some(open) if open.0 == key => open,
            other => {
                self.frontends.extend(other);
                let partial = self.frontends.remove(&key).unwrap_or_default();
                (key, partial)
            }
        };
        &mut self.last.insert(open).1
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
        let mut frontends = std::mem::take(&mut self.frontends);
        frontends.extend(self.last.take());
        let frontends: BTreeMap<_, _> = frontends
            .into_iter()
            .filter_map(|(key, partial)| Some((key.clone(), self.whole(key, partial)?)))
            .collect();
        if self.more_unreadable > 0 {
            self.unreadable
                .push(format!("and {} more rows", self.more_unreadable));
        }
        match self.unreadable.first() {
            Some(row) if frontends.is_empty() => Err(ParseError {
                quote: Some(row.clone()),
                ..ParseError::new("no row of a load balancer map in the document")
            }),
            _ => Ok(BpfLb {
                frontends,
                unreadable: self.unreadable,
            }),
        }
    }

    /// A frontend with its slots in order; slots without a master row are not one.
    fn whole(&mut self, key: FrontendKey, mut partial: Partial) -> Option<Frontend> {
        let Some(master) = partial.master else {
            self.unreadable(&format!(
                "{}:{}/{}: slots without their frontend",
                key.address, key.port, key.protocol
            ));
            return None;
        };
        partial.backends.sort_by_key(|backend| backend.slot);
        // A map can have hundreds of thousands of frontends, and all nodes are held at once.
        partial.backends.shrink_to_fit();
        Some(Frontend {
            key,
            rev_nat: master.rev_nat,
            flags: master.flags,
            proxy_port: master.proxy_port,
            backends: partial.backends,
            count: master.count,
            dangling: partial.dangling,
            raw: master.raw,
        })
    }
}
