//! `/listeners`: what is open, as JSON or as lines `name::127.0.0.1:10285`.

use crate::model::envoy::EnvoyListener;
use crate::parse::text::{number, or_default};
use crate::parse::{ParseError, text};
use serde::Deserialize;

/// An address in the JSON of Envoy's admin interface.
#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) socket_address: Option<SocketAddress>,
}

/// Address and port.
#[derive(Deserialize)]
pub(super) struct SocketAddress {
    /// Address.
    pub(super) address: String,
    /// Port; left out by protobuf where it is 0.
    #[serde(default)]
    pub(super) port_value: u16,
}

/// Reads `?format=json`: one entry per local address.
pub(super) fn json(text: &str) -> Result<Vec<EnvoyListener>, ParseError> {
    let document: Document = text::json_object(text)?;
    Ok(document
        .listener_statuses
        .into_iter()
        .flat_map(|status| {
            let name = status.name;
            status
                .local_address
                .into_iter()
                .chain(status.additional_local_addresses)
                .map(move |address| listener(&name, address))
        })
        .collect())
}

/// Reads lines. `cilium-dbg` prints JSON even where the file is called text, so that is read as well.
pub(super) fn lines(text: &str) -> Result<Vec<EnvoyListener>, ParseError> {
    let text = text::filled(text)?;
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            line_listener(line.trim())
                .ok_or_else(|| ParseError::at(index + 1, line, "no listener of Envoy"))
        })
        .collect()
}

fn line_listener(line: &str) -> Option<EnvoyListener> {
    let (name, address) = line.split_once("::")?;
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if number::<u16>(port).is_some() => (host, number(port)?),
        // A unix socket.
        _ => (address, 0),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(EnvoyListener {
        name: name.to_owned(),
        address: host.parse().ok(),
        port,
    })
}

fn listener(name: &str, address: Address) -> EnvoyListener {
    let socket = address.socket_address;
    EnvoyListener {
        name: name.to_owned(),
        address: socket
            .as_ref()
            .and_then(|socket| socket.address.parse().ok()),
        port: socket.map_or(0, |socket| socket.port_value),
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    listener_statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    name: String,
    local_address: Option<Address>,
    #[serde(default, deserialize_with = "or_default")]
    additional_local_addresses: Vec<Address>,
}

#[cfg(test)]
mod tests {
    use super::{json, lines};

    #[test]
    fn json_with_a_second_address() {
        let listeners = json(
            r#"{"listener_statuses": [{"name": "ns/cec/listener",
                "local_address": {"socket_address": {"address": "127.0.0.1", "port_value": 10285}},
                "additional_local_addresses": [{"socket_address": {"address": "::1", "port_value": 10285}}]},
               {"name": "pipe", "local_address": {"pipe": {"path": "/a"}}}]}"#,
        )
        .unwrap();
        assert_eq!(listeners.len(), 3);
        assert_eq!(
            (listeners[0].name.as_str(), listeners[0].port),
            ("ns/cec/listener", 10285)
        );
        assert_eq!(listeners[1].address, "::1".parse().ok());
        assert_eq!((listeners[2].address, listeners[2].port), (None, 0));
    }

    #[test]
    fn no_listener_at_all_is_an_answer() {
        assert!(json("{}").unwrap().is_empty());
        assert!(json(r#"{"listener_statuses": null}"#).unwrap().is_empty());
        assert!(json("[]").is_err());
    }

    #[test]
    fn text_lines() {
        let listeners =
            lines("ns/cec/listener::127.0.0.1:10285\nenvoy-health-listener::[::1]:9878\n").unwrap();
        assert_eq!(listeners[1].address, "::1".parse().ok());
        assert_eq!(listeners[1].port, 9878);
        assert_eq!(lines("dial error").unwrap_err().line, Some(1));
        assert!(lines("").is_err());
    }
}
