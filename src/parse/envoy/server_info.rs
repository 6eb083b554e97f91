//! `/server_info`: state and version.

use crate::model::envoy::ServerInfo;
use crate::parse::{ParseError, text};
use serde::Deserialize;

/// Reads the answer; protobuf leaves out the state `LIVE` in no version, so it must be there.
pub(super) fn json(text: &str) -> Result<ServerInfo, ParseError> {
    let document: Document = text::json_object(text)?;
    Ok(ServerInfo {
        state: document.state,
        version: document.version,
    })
}

#[derive(Deserialize)]
struct Document {
    state: String,
    #[serde(default)]
    version: String,
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn a_live_server() {
        let info =
            json(r#"{"version": "9e55/1.40.0/Clean/RELEASE/BoringSSL", "state": "LIVE"}"#).unwrap();
        assert_eq!(info.state, "LIVE");
        assert!(info.version.contains("1.40.0"));
        assert!(json("{}").is_err());
    }
}
