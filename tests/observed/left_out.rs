//! The ports that no prediction is made for, by name and with the reading that the lab did not take.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Ports that are left out for want of one reading.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftOut {
    /// The reading, as gaps name it.
    pub(crate) reading: String,
    /// Why it is not there, and why nothing implies it.
    pub(crate) because: String,
    /// Ports by capture.
    ports: BTreeMap<String, Vec<u16>>,
}

impl LeftOut {
    /// Whether a port of a capture is meant.
    pub(crate) fn names(&self, state: &str, port: u16) -> bool {
        self.ports
            .get(state)
            .is_some_and(|ports| ports.contains(&port))
    }

    /// How many ports are named.
    pub(crate) fn count(&self) -> usize {
        self.ports.values().map(Vec::len).sum()
    }
}

/// The whole list.
pub(crate) fn read() -> Vec<LeftOut> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observed/left-out.yaml");
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}
