//! A row of the load balancer map as `bpf lb list` prints it, in the grammar of every version.
//!
//! ```text
//! 10.0.12.34:30510/TCP (0)   0.0.0.0:0 (737) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 10285)
//! 172.18.0.2:32646           0.0.0.0:0 (33) (0) [NodePort, l7-load-balancer]          before 1.17
//! 10.96.0.1:443/TCP (1)      10.0.1.7:443/TCP (1) (1)
//! 10.96.0.1:443/TCP (2)      backend 17 not found
//! ```
//!
//! The slot stands in the key from 1.14.10, 1.15.5 and 1.16 on (reference: cilium-dbg/cmd/bpf_lb_list.go).
//! The `0.0.0.0:0` of a master row is a placeholder and no address.

use super::address::{backend, frontend_key};
use crate::model::cilium::{Flags, FrontendKey, FrontendKind};
use crate::parse::text::number;
use std::borrow::Cow;
use std::net::IpAddr;

/// What the value of a row says.
#[derive(Debug, PartialEq)]
pub(super) enum Row {
    /// Slot 0: the frontend itself.
    Master(Master),
    /// Another slot.
    Backend {
        /// Address and port.
        address: (IpAddr, u16),
        /// Slot, where it is printed.
        slot: Option<u32>,
    },
    /// A slot whose backend is gone.
    Dangling,
}

/// The master row.
#[derive(Debug, PartialEq)]
pub(super) struct Master {
    /// Reverse NAT id.
    pub(super) rev_nat: u32,
    /// Flags.
    pub(super) flags: Flags,
    /// Proxy port, where it is printed.
    pub(super) proxy_port: Option<u16>,
    /// Count, where it is printed.
    pub(super) count: Option<u32>,
    /// The row as it was printed.
    pub(super) raw: String,
}

/// Splits a key into its frontend and its slot, where it is printed.
pub(super) fn slot(key: &str) -> Option<(&str, Option<u32>)> {
    let key = key.trim();
    match key.split_once(' ') {
        None => Some((key, None)),
        Some((frontend, slot)) => Some((frontend, Some(parenthesised(slot.trim())?))),
    }
}

/// Reads a key with its slot.
pub(super) fn key(text: &str) -> Option<(FrontendKey, Option<u32>)> {
    let (frontend, slot) = slot(text)?;
    Some((frontend_key(frontend)?, slot))
}

/// Splits a line of the table into key and value.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end();
    let address = line.find(' ')?;
    let rest = line[address..].trim_start();
    let end = match rest.split_once(' ') {
        Some((slot, _)) if parenthesised(slot).is_some() => line.len() - rest.len() + slot.len(),
        _ => address,
    };
    Some((&line[..end], line[end..].trim_start()))
}

/// Reads the value of a row.
pub(super) fn value(key: &str, text: &str) -> Option<Row> {
    let text = text.trim();
    if let Some(id) = text.strip_prefix("backend ") {
        let id = id.strip_suffix(" not found")?;
        return number::<u32>(id).map(|_| Row::Dangling);
    }
    let (address, rest) = text.split_once(' ')?;
    let address = backend(address)?;
    let (rev_nat, rest) = leading_number(rest)?;
    let (slot, rest) = match leading_number(rest) {
        Some((slot, rest)) => (Some(slot), rest.trim_start()),
        None => (None, rest.trim_start()),
    };
    match rest.strip_prefix('[') {
        Some(rest) => {
            let (words, extra) = rest.split_once(']')?;
            Some(Row::Master(Master {
                rev_nat,
                flags: flags(words, ", ")?,
                proxy_port: proxy_port(extra.trim())?,
                count: None,
                raw: format!("{key}  {text}"),
            }))
        }
        None if rest.is_empty() && slot != Some(0) => Some(Row::Backend { address, slot }),
        None => None,
    }
}

/// Reads `NodePort, Local, two-scopes`: the type, then words.
pub(super) fn flags(text: &str, separator: &str) -> Option<Flags> {
    let mut words = text.split(separator).map(str::trim);
    let kind = match words.next()? {
        "" => return None,
        "ClusterIP" => FrontendKind::ClusterIp,
        "ExternalIPs" => FrontendKind::ExternalIps,
        "NodePort" => FrontendKind::NodePort,
        "HostPort" => FrontendKind::HostPort,
        "LoadBalancer" => FrontendKind::LoadBalancer,
        "LocalRedirect" => FrontendKind::LocalRedirect,
        other => FrontendKind::Other(other.to_owned()),
    };
    let mut words: Vec<Cow<'static, str>> =
        words.filter(|word| !word.is_empty()).map(known).collect();
    words.sort_unstable();
    words.dedup();
    words.shrink_to_fit();
    Some(Flags { kind, words })
}

/// The words that `ServiceFlags.String` prints (pkg/loadbalancer/loadbalancer.go); others are kept as printed.
const FLAGS: [&str; 12] = [
    "non-routable",
    "l7-load-balancer",
    "Local",
    "InternalLocal",
    "two-scopes",
    "check source-range",
    "deny",
    "sessionAffinity",
    "46x64",
    "loopback",
    "delegate-if-local",
    "dsr",
];

fn known(word: &str) -> Cow<'static, str> {
    match FLAGS.into_iter().find(|flag| *flag == word) {
        Some(flag) => Cow::Borrowed(flag),
        None => Cow::Owned(word.to_owned()),
    }
}

/// `(L7LB Proxy Port: N)` or nothing; a text after the flags that no version prints is not a row.
fn proxy_port(extra: &str) -> Option<Option<u16>> {
    if extra.is_empty() {
        return Some(None);
    }
    let port = extra
        .strip_prefix("(L7LB Proxy Port: ")?
        .strip_suffix(')')?;
    number(port).map(Some)
}

/// `(N)` at the front, and the rest.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.trim_start().strip_prefix('(')?.split_once(')')?;
    Some((number(digits)?, rest))
}

/// `(N)` and nothing else.
fn parenthesised(text: &str) -> Option<u32> {
    number(text.strip_prefix('(')?.strip_suffix(')')?)
}

#[cfg(test)]
mod tests {
    use super::{Row, slot, split, value};

    #[test]
    fn lines_of_the_table_split_with_and_without_slot() {
        let (key, value) = split("172.18.0.2:32646    0.0.0.0:0 (33) (0) [NodePort]  ").unwrap();
        assert_eq!(
            (key, value),
            ("172.18.0.2:32646", "0.0.0.0:0 (33) (0) [NodePort]")
        );
        let (key, value) = split("[::]:1/TCP/i (12)   [fd00::1]:80/TCP (3) (12)").unwrap();
        assert_eq!(
            (key, value),
            ("[::]:1/TCP/i (12)", "[fd00::1]:80/TCP (3) (12)")
        );
    }

    #[test]
    fn values() {
        let Some(Row::Master(master)) = value(
            "k",
            "0.0.0.0:0 (735) (0) [NodePort, non-routable, l7-load-balancer] (L7LB Proxy Port: 10285)",
        ) else {
            panic!("no master");
        };
        assert_eq!((master.rev_nat, master.proxy_port), (735, Some(10285)));
        assert!(master.flags.has("l7-load-balancer"));
        assert_eq!(value("k", "backend 17 not found"), Some(Row::Dangling));
        let address = ("10.0.1.7".parse().unwrap(), 443);
        let slot = Some(1);
        assert_eq!(
            value("k", "10.0.1.7:443 (1) (1)"),
            Some(Row::Backend { address, slot })
        );
        assert!(matches!(
            value("k", "[::]:0 (5) (0) [ClusterIP] "),
            Some(Row::Master(_))
        ));
    }

    #[test]
    fn what_is_no_row() {
        for text in [
            "",
            "nonsense",
            "0.0.0.0:0 (1) (0)",
            "10.0.1.7:443 (1) (1) tail",
            "0.0.0.0:0 (1) (0) [NodePort] tail",
            "0.0.0.0:0 (1) (0) []",
            "backend x not found",
        ] {
            assert_eq!(value("k", text), None, "{text}");
        }
        assert!(slot("10.0.0.1:80/TCP (x)").is_none());
    }
}
