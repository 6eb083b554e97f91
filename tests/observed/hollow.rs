//! Ports that a health check finds in order although nothing works behind them, and what must be said of each.

use super::Prediction;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// What is said of the Service of such a port.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The capture.
    pub(crate) state: String,
    /// The NodePort or health-check node port.
    pub(crate) port: u16,
    /// The code that tells clients' failure.
    pub(crate) code: String,
    /// What is behind the port.
    pub(crate) because: String,
}

/// The list beside this file.
pub(crate) fn expected() -> Vec<Expected> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observed/hollow.yaml");
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Such ports: health-check node ports that answer 200 while every NodePort of the Service is closed to the client,
/// NodePorts that accept without a ready endpoint, and NodePorts of a listener whose certificate cannot be resolved.
pub(crate) fn of(all: &[Prediction]) -> Vec<&Prediction> {
    let dead = |of: &Prediction| {
        let mut ports = all
            .iter()
            .filter(|one| one.state == of.state && one.answer.service == of.answer.service)
            .filter(|one| one.answer.service_port != 0)
            .peekable();
        ports.peek().is_some() && ports.all(|one| one.answer.met.passes() == Some(false))
    };
    all.iter()
        .filter(|one| one.answer.met.passes() == Some(true))
        .filter(|one| match one.answer.service_port {
            0 => dead(one),
            _ => one.nothing_behind,
        })
        .collect()
}
