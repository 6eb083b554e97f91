//! StateDB tables as `cilium-dbg shell -- db/show -f json <table>` prints them: a stream of objects
//! rather than an array (reference: pkg/loadbalancer/tests/testdata/marshalling.txtar).
//!
//! A table of no rows prints nothing, and so does the shell of an agent that is down; which of the two
//! it was is decided in [`super::merge`] by the other tables of the same agent.

mod backends;
mod configs;
mod devices;
mod dump;
mod envoy_configs;
mod envoy_resources;
mod frontends;
mod node_addresses;
mod services;
mod value;

pub(super) use backends::backends;
pub(super) use configs::configs;
pub(super) use devices::devices;
pub(super) use dump::{dumped_devices, dumped_node_addresses};
pub(super) use envoy_configs::envoy_configs;
pub(super) use envoy_resources::envoy_resources;
pub(super) use frontends::frontends;
pub(super) use node_addresses::node_addresses;
pub(super) use services::services;

use crate::parse::{ParseError, text};
use serde::de::DeserializeOwned;

/// The rows of a table: a stream of objects, or an array for people who piped it through jq.
fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, ParseError> {
    if text.trim_start().starts_with('[') || text::says_nothing(text) {
        return text::json_list(text);
    }
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| ParseError::json(text, &error))
}

/// An error about the row at `index`.
fn bad_row(index: usize, message: &str) -> ParseError {
    ParseError::new(format!("row {}: {message}", index + 1))
}

#[cfg(test)]
mod tests {
    use super::rows;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Row {
        n: u8,
    }

    fn sum(text: &str) -> Option<u8> {
        rows::<Row>(text)
            .ok()
            .map(|rows| rows.iter().map(|row| row.n).sum())
    }

    #[test]
    fn streams_arrays_and_nothing() {
        assert_eq!(sum("{\"n\": 1}\n{\n\"n\": 2\n}\n\n"), Some(3));
        assert_eq!(sum("[{\"n\": 1}, {\"n\": 2}]"), Some(3));
        assert_eq!(sum("null"), Some(0));
    }

    #[test]
    fn a_cut_stream_is_an_error_with_its_line() {
        let error = rows::<Row>("{\"n\": 1}\n{\"n\":").map(|_| ()).unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(rows::<Row>("table \"frontends\" not found").is_err());
    }
}
