//! `cilium-dbg version`, plain or JSON.
//!
//! The daemon's line is wanted. Where the agent is down only the client's is printed; it is the same
//! image, so it stands in.

use crate::model::cilium::CiliumVersion;
use crate::parse::{ParseError, text};
use serde::Deserialize;

/// Reads `-o json`.
pub(super) fn json(text: &str) -> Result<CiliumVersion, ParseError> {
    let document: Document = text::json_object(text)?;
    [document.daemon, document.client]
        .into_iter()
        .flatten()
        .find_map(|side| CiliumVersion::parse(side.text()))
        .ok_or_else(|| ParseError::new("neither Daemon nor Client has a version"))
}

/// Reads `Client: 1.18.0 …` and `Daemon: 1.18.0 …`.
pub(super) fn plain(text: &str) -> Result<CiliumVersion, ParseError> {
    text::filled(text)?;
    ["Daemon:", "Client:", ""]
        .into_iter()
        .find_map(|prefix| {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix(prefix))
                .find_map(CiliumVersion::parse)
        })
        .ok_or_else(|| ParseError::first_line(text, "no version in the document"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    daemon: Option<Side>,
    client: Option<Side>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Side {
    Text(String),
    Object {
        #[serde(rename = "Version", default)]
        version: String,
    },
}

impl Side {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Object { version: text } => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{json, plain};

    #[test]
    fn the_daemon_counts_and_the_client_stands_in() {
        let both = r#"{"Client": {"Version": "1.18.0"}, "Daemon": {"Version": "1.17.4"}}"#;
        assert_eq!(json(both).unwrap().to_string(), "1.17.4");
        assert_eq!(
            json(r#"{"Client": {"Version": "1.18.0"}}"#)
                .unwrap()
                .to_string(),
            "1.18.0"
        );
        assert_eq!(
            json(r#"{"Daemon": "1.14.10 ca9a3ea"}"#)
                .unwrap()
                .to_string(),
            "1.14.10"
        );
        let text = "Client: 1.18.0 a\nDaemon: 1.17.4 b\n";
        assert_eq!(plain(text).unwrap().to_string(), "1.17.4");
    }

    #[test]
    fn no_version() {
        assert!(json("{}").is_err());
        assert!(plain("Error: connection refused").is_err());
    }
}
