//! What the Envoy listener behind a Service port does with a probe: its filter chains and virtual hosts.
//!
//! Read from the CiliumEnvoyConfig, which is what Envoy is given. The operator writes one chain that
//! matches `raw_buffer` for plain HTTP and one per certificate that matches `tls` and the server names of
//! its host (operator/pkg/model/translation/envoy_listener.go, NewHTTPListener and toFilterChainMatch). All ports
//! of a Gateway share one listener; from 1.19.6 on there is one for each port where several speak HTTPS or pass TLS
//! through (NeedsPerPortListeners, operator/pkg/model).

use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::kubernetes::cilium::RedirectedService;
use crate::model::{Gap, Reason, Source};
use serde_json::Value;

/// The transport a filter chain matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain text.
    Plain,
    /// TLS.
    Tls,
}

impl Transport {
    /// The transport that a health check of a protocol speaks; `None` for TCP, which speaks none.
    pub fn of(protocol: &str) -> Option<Self> {
        match protocol {
            "HTTP" => Some(Self::Plain),
            "HTTPS" => Some(Self::Tls),
            _ => None,
        }
    }

    /// The word of `filterChainMatch.transportProtocol`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "raw_buffer",
            Self::Tls => "tls",
        }
    }
}

/// The Envoy listener that takes a Service port.
///
/// # Errors
/// A gap where the object does not hold it.
pub fn listener<'a>(
    config: &'a CiliumEnvoyConfig,
    service: &str,
    port: u16,
) -> Result<&'a Value, Gap> {
    let named = config
        .spec
        .services
        .iter()
        .find(|one: &&RedirectedService| {
            one.name == service && (one.ports.is_empty() || one.ports.contains(&port))
        })
        .map_or("", |one| one.listener.as_str());
    resources(config, "envoy.config.listener.v3.Listener")
        .find(|listener| named.is_empty() || listener["name"] == *named)
        .ok_or_else(|| {
            let reason = Reason::Partial("its listener is not in the object".to_owned());
            Gap::new(Source::EnvoyConfigs, config.metadata.name.clone(), reason)
        })
}

/// The resources of one type, named by the end of its URL.
pub fn resources<'a>(
    config: &'a CiliumEnvoyConfig,
    kind: &'a str,
) -> impl Iterator<Item = &'a Value> {
    config.spec.resources.iter().filter(move |resource| {
        resource["@type"]
            .as_str()
            .is_some_and(|text| text.ends_with(kind))
    })
}

/// The filter chains of a listener that take a transport. A chain that matches none takes all.
pub fn chains(listener: &Value, transport: Transport) -> Vec<&Value> {
    listener["filterChains"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|chain| {
            chain["filterChainMatch"]["transportProtocol"]
                .as_str()
                .is_none_or(|word| word == transport.word())
        })
        .collect()
}

/// The filter chains of a listener that take a transport whatever server name the handshake asks for, and
/// if it asks for none.
///
/// A chain with `serverNames` takes only handshakes that name one of them. An address cannot be named: the
/// server name indication carries host names only (RFC 6066, section 3).
pub fn unnamed(listener: &Value, transport: Transport) -> Vec<&Value> {
    let names = |chain: &&Value| {
        chain["filterChainMatch"]["serverNames"]
            .as_array()
            .is_none_or(Vec::is_empty)
    };
    chains(listener, transport)
        .into_iter()
        .filter(names)
        .collect()
}

/// The server names that the chains of a transport ask for, for evidence.
pub fn server_names(listener: &Value, transport: Transport) -> Vec<&str> {
    let mut all: Vec<&str> = chains(listener, transport)
        .into_iter()
        .flat_map(|chain| chain["filterChainMatch"]["serverNames"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The transports for which a listener has chains, for evidence.
pub fn transports(listener: &Value) -> Vec<&str> {
    let mut all: Vec<&str> = listener["filterChains"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|chain| {
            chain["filterChainMatch"]["transportProtocol"]
                .as_str()
                .unwrap_or("any")
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The RouteConfiguration behind a chain; `None` where it is not in the object.
pub fn routes<'a>(config: &'a CiliumEnvoyConfig, chain: &Value) -> Option<&'a Value> {
    let name = chain["filters"]
        .as_array()?
        .iter()
        .find_map(|filter| filter["typedConfig"]["rds"]["routeConfigName"].as_str())?;
    resources(config, "envoy.config.route.v3.RouteConfiguration").find(|one| one["name"] == *name)
}

/// The domains of all virtual hosts behind a chain; `None` where its routes are not in the object.
pub fn domains<'a>(config: &'a CiliumEnvoyConfig, chain: &Value) -> Option<Vec<&'a str>> {
    Some(
        routes(config, chain)?["virtualHosts"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|host| host["domains"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect(),
    )
}
