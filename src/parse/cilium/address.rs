//! `ADDR:PORT[/PROTO][/i]`, the form in which Cilium prints frontends and backends everywhere.
//!
//! IPv6 addresses stand in brackets. `/PROTO` is printed from 1.17 on, `/i` marks the internal scope
//! (reference: `Service4Key.String`, pkg/maps/lbmap; `L3n4Addr.StringWithProtocol`, pkg/loadbalancer).

use crate::model::cilium::{FrontendKey, Scope};
use crate::parse::text::number;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The protocol of keys that name none.
pub(super) const ANY: &str = "ANY";

/// Reads a frontend.
pub(super) fn frontend_key(text: &str) -> Option<FrontendKey> {
    let (address, port, mut rest) = socket(text)?;
    let scope = match rest.strip_suffix("/i") {
        Some(before) => {
            rest = before;
            Scope::Internal
        }
        None => Scope::External,
    };
    Some(FrontendKey {
        address,
        port,
        protocol: protocol(rest)?,
        scope,
    })
}

/// Reads a backend, whose protocol is that of its frontend.
pub(super) fn backend(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port, rest) = socket(text)?;
    protocol(rest)?;
    Some((address, port))
}

/// The protocol as the model names it.
pub(super) fn protocol_name(text: &str) -> Cow<'static, str> {
    let known = ["TCP", ANY, "UDP", "SCTP"]
        .into_iter()
        .find(|name| text.eq_ignore_ascii_case(name));
    match known {
        Some(name) => Cow::Borrowed(name),
        None if text.is_empty() || text.eq_ignore_ascii_case("NONE") => Cow::Borrowed(ANY),
        None => Cow::Owned(text.to_ascii_uppercase()),
    }
}

/// `/TCP` or nothing.
fn protocol(text: &str) -> Option<Cow<'static, str>> {
    match text.strip_prefix('/') {
        None if text.is_empty() => Some(Cow::Borrowed(ANY)),
        Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Some(protocol_name(name))
        }
        _ => None,
    }
}

/// Address, port and everything after the port.
fn socket(text: &str) -> Option<(IpAddr, u16, &str)> {
    let (address, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (address, rest) = inner.split_once("]:")?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), rest)
        }
        None => {
            let (address, rest) = text.split_once(':')?;
            (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), rest)
        }
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (port, rest) = rest.split_at(end);
    Some((address, number(port)?, rest))
}

#[cfg(test)]
mod tests {
    use super::{backend, frontend_key};
    use crate::model::cilium::Scope;

    #[test]
    fn every_form_of_a_key() {
        let key = frontend_key("10.0.12.34:30510/TCP/i").unwrap();
        assert_eq!((key.port, &*key.protocol), (30510, "TCP"));
        assert_eq!(key.scope, Scope::Internal);
        let key = frontend_key("[fd00:96::bbb0]:0/ANY").unwrap();
        assert_eq!((key.port, &*key.protocol), (0, "ANY"));
        let key = frontend_key("172.18.0.2:32646").unwrap();
        assert_eq!(key.protocol, "ANY");
        assert_eq!(key.scope, Scope::External);
        assert_eq!(
            frontend_key("172.18.0.2:32646/i").unwrap().scope,
            Scope::Internal
        );
    }

    #[test]
    fn what_is_no_key() {
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.1:",
            "10.0.0.1:70000",
            "::1:80",
            "[::1:80",
            "10.0.0.1:80/",
            "10.0.0.1:80/T P",
            "10.0.0.1@3:80/TCP",
        ] {
            assert_eq!(frontend_key(text), None, "{text}");
        }
        assert!(backend("[::1]:80/TCP").is_some());
    }
}
