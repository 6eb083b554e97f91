//! Replaces what identifies in the documents of a bundle and in their paths.

use super::fields;
use super::json::{Place, Visitor, walk};
use super::text::Replacer;
use crate::bundle::yaml;
use crate::model::Source;
use crate::model::source::STAND_INS;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Visitor for Replacer {
    fn string(&mut self, place: Place<'_>, text: &str) -> Option<String> {
        if !place.is_key && text.starts_with('{') {
            let made = walk(text, self);
            return (made != text).then_some(made);
        }
        let is_plain = || {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        // The names of fields are the format's own, unless they are labels or hold an address or a path.
        let stays = if place.is_key {
            !fields::holds_labels(place.parent) && is_plain()
        } else {
            fields::is_fixed(place.key, text)
        };
        if stays { None } else { self.text(text) }
    }

    fn between(&mut self, text: &str) -> Option<String> {
        self.text(text)
    }
}

/// The formats of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, also several values after each other.
    Json,
    /// YAML, also several documents.
    Yaml,
    /// `/proc/net/tcp`, with addresses in hexadecimal.
    Sockets,
    /// Anything else.
    Text,
}

impl Format {
    /// By the path and the first character.
    pub(super) fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let looks_like_json = text.trim_start().starts_with(['{', '[']);
        if name.starts_with("proc-net-tcp") {
            Self::Sockets
        } else if name.ends_with(".json") || (looks_like_json && !name.ends_with(".log")) {
            Self::Json
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            Self::Yaml
        } else {
            Self::Text
        }
    }
}

/// The parts of a YAML text as JSON, or as they are where they cannot be read.
pub(super) fn yaml_parts(text: &str) -> impl Iterator<Item = Result<Value, &str>> {
    yaml::documents(text)
        .into_iter()
        .map(|part| part.parse::<Value>().map_err(|_| part.text))
}

/// The document with stand-ins.
pub(super) fn replace(replacer: &mut Replacer, path: &str, text: &str) -> String {
    match Format::of(path, text) {
        Format::Json => walk(text, replacer),
        Format::Sockets => sockets(replacer, text),
        Format::Text => replacer.whole(text),
        Format::Yaml => {
            let parts: Vec<String> = yaml_parts(text)
                .map(|part| match part {
                    Ok(value) => walk(&format!("{value:#}"), replacer),
                    Err(text) => {
                        let text = text.strip_prefix("---").unwrap_or(text);
                        replacer.whole(text.trim_end())
                    }
                })
                .collect();
            match parts.as_slice() {
                [only] => format!("{only}\n"),
                parts => parts.iter().map(|part| format!("---\n{part}\n")).collect(),
            }
        }
    }
}

/// The path of a document, or of what a gap is about, with stand-ins.
pub(super) fn path(replacer: &mut Replacer, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let mut made: Vec<String> = Vec::with_capacity(parts.len());
    let of_kind = parts
        .get(1)
        .is_some_and(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase()));
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        let stays = at == 0
            || (parts.first() == Some(&"cilium") && at > 1 && parts.get(2) == Some(&"config-map"));
        made.push(match parts.first().copied() {
            _ if stays => (*part).to_owned(),
            Some("kubernetes") if of_kind => {
                if at == 1 {
                    (*part).to_owned()
                } else {
                    replacer.whole(part)
                }
            }
            _ if at == last => file(replacer, part),
            _ => replacer.whole(part),
        });
    }
    made.join("/")
}

/// Whether a name before its first dot is that of an agent's document: an object may be called like one of its words.
fn is_of_agents(name: &str) -> bool {
    let keys = Source::all().filter(|source| source.is_agent());
    let mut names = keys.map(|source| source.info().key);
    STAND_INS.iter().any(|(stand_in, _)| *stand_in == name)
        || names.any(|key| key.split('.').next() == Some(name))
}

/// What the names of documents end with.
const ENDINGS: [&str; 5] = ["json", "log", "txt", "yaml", "yml"];

/// `OPERATION.NAME.json`: the name in the middle is somebody's; `PLURAL.json`, `pods-NAME.yaml`.
fn file(replacer: &mut Replacer, name: &str) -> String {
    let (operation, rest) = name.split_once('.').unwrap_or((name, ""));
    let stays = is_of_agents(operation)
        || operation.contains("-describe-")
        || operation.contains("-get-")
        || !operation.contains('-');
    let mut made = if stays {
        operation.to_owned()
    } else {
        replacer.whole(operation)
    };
    if rest.is_empty() {
        return made;
    }
    let (between, ending) = match rest.rsplit_once('.') {
        Some((between, ending)) if ENDINGS.contains(&ending) => (between, ending),
        _ if ENDINGS.contains(&rest) => ("", rest),
        _ => (rest, ""),
    };
    for part in [replacer.whole(between).as_str(), ending] {
        if !part.is_empty() {
            made.push('.');
            made.push_str(part);
        }
    }
    made
}

/// Rows of `/proc/net/tcp` and `tcp6`: an address is one or four words of 32 bits in the order of the machine.
fn sockets(replacer: &mut Replacer, text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for (at, token) in text.split_inclusive([' ', '\n', '\t']).enumerate() {
        let trimmed = token.trim_end();
        let address = trimmed
            .split_once(':')
            .filter(|(_, port)| port.len() == 4)
            .and_then(|(digits, port)| Some((socket_address(digits)?, port)));
        match address {
            Some((address, port)) if at > 0 => {
                made.push_str(&socket_text(replacer.addresses.of(address)));
                made.push(':');
                made.push_str(port);
                made.push_str(token.get(trimmed.len()..).unwrap_or_default());
            }
            _ => made.push_str(token),
        }
    }
    made
}

fn socket_address(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = digits.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::swap_bytes)
    };
    match digits.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bits = words
                .iter()
                .fold(0_u128, |bits, word| bits << 32 | u128::from(*word));
            Some(IpAddr::V6(Ipv6Addr::from(bits)))
        }
        _ => None,
    }
}

fn socket_text(address: IpAddr) -> String {
    let bytes = match address {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .map(|byte| format!("{byte:02X}"))
            .collect::<String>()
    };
    bytes.chunks(4).map(word).collect()
}
