//! The frames of an agent's output back into documents.
//!
//! A frame is `BOUNDARY DOCUMENT EXIT LENGTH`, a line break, the document and a line break. What follows
//! a complete frame never depends on what is inside it, and an output that was cut gives all frames
//! before the cut.

use super::script::CONFIG_KEYS;
use crate::collect::text;
use std::collections::BTreeMap;

/// What stands in for documents that could not be had: where it is there they are no gaps, and where it is not
/// either, the reason why they failed says enough.
const STAND_INS: &[(&str, &[&str])] = &[
    ("cilium/bpf-lb-maps-dump", &["cilium/bpf-lb-list"]),
    (
        "cilium/statedb-dump",
        &["cilium/db-devices", "cilium/db-node-addresses"],
    ),
];

/// What the script says it did for one document.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Section {
    exit: Option<i32>,
    body: Vec<u8>,
    said: String,
}

/// The documents of one agent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// By path below the node's folders: `cilium/status.json`.
    pub(super) documents: BTreeMap<String, Vec<u8>>,
    /// Why others are missing, by path without ending.
    pub(super) gaps: BTreeMap<String, String>,
    /// Whether the script came to its end.
    pub(super) complete: bool,
}

/// Splits what an agent printed.
pub(super) fn split(output: &[u8], boundary: &str, ports: &[u16]) -> Split {
    let mut sections: BTreeMap<&str, Section> = BTreeMap::new();
    let mut complete = false;
    let mut frames = Frames {
        rest: output,
        mark: format!("{boundary} ").into_bytes(),
    };
    while let Some(frame) = frames.next_frame() {
        if frame.document == "end" {
            complete = true;
            break;
        }
        if !is_known(frame.document, ports) {
            continue;
        }
        let section = sections.entry(frame.document).or_default();
        match frame.exit {
            "stderr" => section.said = text::first_line(&String::from_utf8_lossy(frame.body)),
            exit => {
                section.exit = exit.parse().ok();
                section.body = frame.body.to_vec();
            }
        }
    }
    let mut result = Split {
        complete,
        ..Split::default()
    };
    let mut failed = Vec::new();
    for (document, section) in sections {
        match section.into_document(document) {
            Ok(body) => {
                result.documents.insert(document.to_owned(), body);
            }
            Err(reason) => failed.push((stem(document).to_owned(), reason)),
        }
    }
    // The text form stands in for the JSON that an old agent cannot print.
    for (stem_of_failed, reason) in failed {
        if !result
            .documents
            .keys()
            .any(|known| stem(known) == stem_of_failed)
        {
            result.gaps.entry(stem_of_failed).or_insert(reason);
        }
    }
    for (stand_in, others) in STAND_INS {
        if result
            .documents
            .keys()
            .any(|known| stem(known) == *stand_in)
        {
            result.gaps.retain(|gap, _| !others.contains(&gap.as_str()));
        } else {
            result.gaps.remove(*stand_in);
        }
    }
    result
}

impl Section {
    /// The document, or why there is none.
    fn into_document(self, document: &str) -> Result<Vec<u8>, String> {
        let printed = !self.body.trim_ascii().is_empty();
        if self.exit != Some(0) && !printed && is_answer(document, &self.said) {
            return Ok(format!("{}\n", self.said).into_bytes());
        }
        let first = || text::first_line(&String::from_utf8_lossy(&self.body));
        match self.exit {
            None => Err("Failed: the frame has no exit code".to_owned()),
            // A list that was stopped half-way reads like a shorter one.
            Some(124) => Err("Timeout: no answer within 6 s".to_owned()),
            Some(0) if printed && (is_json(&self.body) || !document.ends_with(".json")) => {
                Ok(self.body)
            }
            // A StateDB table without rows prints nothing, nor does a node without drops; an option may be empty.
            Some(0) if !printed && self.said.is_empty() && may_be_empty(document) => Ok(self.body),
            Some(0) if !printed && self.said.is_empty() => {
                Err("Failed: the command printed nothing".to_owned())
            }
            // `status` exits 1 when something is wrong and still prints what. A stream of objects
            // (StateDB) has no end by which to tell whether it is whole.
            Some(_) if is_json(&self.body) && !may_be_empty(document) => Ok(self.body),
            Some(code) => {
                let said = if self.said.is_empty() {
                    first()
                } else {
                    self.said
                };
                let reason = format!("Failed: exit code {code}: {said}");
                Err(reason.trim_end_matches([':', ' ']).to_owned())
            }
        }
    }
}

/// Whether it begins as JSON does, or is what Cilium prints for an empty list.
fn is_json(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    matches!(body.first(), Some(b'{' | b'[')) || body == b"null" || body == b"No entries found."
}

/// Errors that are the very fact that was asked for.
fn is_answer(document: &str, said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    if document.starts_with("cilium/health-check-node-port.") {
        return ["refused", "timed out", "timeout", "reset"]
            .iter()
            .any(|word| said.contains(word));
    }
    document == "cilium/ip-route-2004.txt" && said.contains("fib table does not exist")
}

fn may_be_empty(document: &str) -> bool {
    document.starts_with("cilium/db-")
        || document.starts_with("cilium/config-map/")
        || ["cilium/monitor-drop.json", "hubble/flows.json"].contains(&document)
}

/// Only documents that were asked for: what an agent prints must not choose paths.
fn is_known(document: &str, ports: &[u16]) -> bool {
    if let Some(key) = document.strip_prefix("cilium/config-map/") {
        return CONFIG_KEYS.contains(&key);
    }
    if let Some(port) = document.strip_prefix("cilium/health-check-node-port.") {
        let port = port.strip_suffix(".txt").and_then(|port| port.parse().ok());
        return port.is_some_and(|port| ports.contains(&port));
    }
    let name = ["cilium/", "envoy/", "hubble/"]
        .iter()
        .find_map(|half| document.strip_prefix(half));
    name.is_some_and(|name| {
        !name.is_empty()
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}

/// The path without the ending of its format.
fn stem(document: &str) -> &str {
    [".json", ".txt"]
        .iter()
        .find_map(|ending| document.strip_suffix(ending))
        .unwrap_or(document)
}

struct Frames<'a> {
    rest: &'a [u8],
    mark: Vec<u8>,
}

struct Frame<'a> {
    document: &'a str,
    exit: &'a str,
    body: &'a [u8],
}

impl<'a> Frames<'a> {
    /// The next complete frame; broken ones are skipped.
    fn next_frame(&mut self) -> Option<Frame<'a>> {
        loop {
            let start = find(self.rest, &self.mark)?;
            let rest = self.rest.get(start + self.mark.len()..)?;
            let end = find(rest, b"\n")?;
            let (header, after) = (rest.get(..end)?, rest.get(end + 1..)?);
            self.rest = after;
            let Ok(header) = std::str::from_utf8(header) else {
                continue;
            };
            let mut words = header.split(' ');
            let (Some(document), Some(exit), Some(length)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let Some(body) = self.body(length.parse().ok(), after) else {
                continue;
            };
            self.rest = after.get(body.len()..).unwrap_or_default();
            return Some(Frame {
                document,
                exit,
                body,
            });
        }
    }

    /// As many bytes as announced; where a shell counted characters instead, up to the next frame.
    fn body(&self, length: Option<usize>, after: &'a [u8]) -> Option<&'a [u8]> {
        let length = length?;
        let fits = |length: usize| {
            let rest = after.get(length..)?.strip_prefix(b"\n")?;
            (rest.starts_with(&self.mark) || self.mark.starts_with(rest))
                .then(|| after.get(..length))?
        };
        let mut next = b"\n".to_vec();
        next.extend_from_slice(&self.mark);
        fits(length).or_else(|| after.get(..find(after, &next)?))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "split_properties.rs"]
mod properties;
