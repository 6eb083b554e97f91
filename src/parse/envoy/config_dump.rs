//! `/config_dump`: the listeners as they were configured, and why the last update was rejected.
//!
//! The whole dump has a section with `dynamic_listeners`; `?resource=dynamic_listeners` answers with the
//! listeners themselves. Both have `configs`, and everything else in them is passed over unread.

use super::listeners::Address;
use crate::model::envoy::DynamicListener;
use crate::parse::text::or_default;
use crate::parse::{ParseError, text};
use serde::Deserialize;

/// Reads the dynamic listeners.
pub(super) fn listeners(text: &str) -> Result<Vec<DynamicListener>, ParseError> {
    let document: Document = text::json_object(text)?;
    Ok(document
        .configs
        .into_iter()
        .flat_map(Config::into_listeners)
        .map(|listener| DynamicListener {
            name: listener.name,
            active: listener.active_state.is_some(),
            warming: listener.warming_state.is_some(),
            error: listener.error_state.map(|error| error.details),
            port: listener
                .active_state
                .or(listener.warming_state)
                .and_then(|state| state.listener?.address?.socket_address)
                .map(|socket| socket.port_value),
        })
        .collect())
}

#[derive(Deserialize)]
struct Document {
    #[serde(deserialize_with = "or_default")]
    configs: Vec<Config>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "@type", default)]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    dynamic_listeners: Vec<Listener>,
    #[serde(default)]
    name: String,
    active_state: Option<State>,
    warming_state: Option<State>,
    error_state: Option<ErrorState>,
}

#[derive(Deserialize)]
struct Listener {
    #[serde(default)]
    name: String,
    active_state: Option<State>,
    warming_state: Option<State>,
    error_state: Option<ErrorState>,
}

#[derive(Deserialize)]
struct State {
    listener: Option<ListenerConfig>,
}

#[derive(Deserialize)]
struct ListenerConfig {
    address: Option<Address>,
}

#[derive(Deserialize)]
struct ErrorState {
    #[serde(default)]
    details: String,
}

impl Config {
    /// The listeners of the section, or the entry itself where it is one.
    fn into_listeners(mut self) -> Vec<Listener> {
        if self.kind.ends_with(".DynamicListener") {
            self.dynamic_listeners.push(Listener {
                name: self.name,
                active_state: self.active_state,
                warming_state: self.warming_state,
                error_state: self.error_state,
            });
        }
        self.dynamic_listeners
    }
}

#[cfg(test)]
mod tests {
    use super::listeners;

    const LISTENERS: &str = r#"
        {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump.DynamicListener", "name": "ns/a/listener",
         "active_state": {"version_info": "3", "listener": {"name": "ns/a/listener",
             "address": {"socket_address": {"address": "127.0.0.1", "port_value": 10285}}}}},
        {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump.DynamicListener", "name": "ns/b/listener",
         "warming_state": {"listener": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 10286}}}},
         "error_state": {"failed_configuration": {}, "details": "cannot bind"}}"#;

    #[test]
    fn the_whole_dump_and_one_resource() {
        let whole = format!(
            r#"{{"configs": [{{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {{}}}},
               {{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{LISTENERS}]}}]}}"#
        );
        let one = format!(r#"{{"configs": [{LISTENERS}]}}"#);
        for text in [whole, one] {
            let found = listeners(&text).unwrap();
            assert_eq!(found.len(), 2);
            assert_eq!((found[0].active, found[0].port), (true, Some(10285)));
            assert_eq!((found[1].active, found[1].warming), (false, true));
            assert_eq!(found[1].port, Some(10286));
            assert_eq!(found[1].error.as_deref(), Some("cannot bind"));
        }
    }

    #[test]
    fn an_error_of_envoy_is_no_dump() {
        let text = "Failed to convert protobuf message to JSON string: INVALID_ARGUMENT";
        assert!(listeners(text).unwrap_err().quote.is_some());
        assert!(listeners("{}").is_err());
    }
}
