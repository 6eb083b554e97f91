//! Raw documents to facts: one file per source format, for every Cilium version from 1.14 on.
//!
//! [`snapshot`] is the only way from a bundle to facts. It never fails: what
//! cannot be read becomes a gap that names the document and the position, and
//! the rest is used.

mod aws;
pub mod cilium;
mod document;
pub mod envoy;
pub mod error;
mod failure;
mod gaps;
mod gaps_of_agents;
pub mod hostname;
pub mod hubble;
mod keep;
mod kubernetes;
mod null;
mod probe;
pub(crate) mod prometheus;
mod strangers;
pub(crate) mod text;

pub use error::ParseError;

use crate::bundle::{Bundle, text::decode};
use crate::model::cilium::Agent;
use crate::model::envoy::EnvoyAdmin;
use crate::model::{Fact, Gap, Origin, Reason, Snapshot, Source};
use document::Place;
use std::borrow::Cow;

/// Reads all documents of a bundle.
pub fn snapshot(bundle: &Bundle) -> Snapshot {
    let mut snapshot = Snapshot {
        taken_at: bundle.manifest.taken_at.clone(),
        context: bundle.manifest.context.clone(),
        ..Snapshot::default()
    };
    let mut gaps: Vec<(String, Gap)> = Vec::new();
    let mut objects = kubernetes::Reader::default();
    for (path, bytes) in bundle.iter() {
        let known = match document::place(path) {
            Some(Place::Kubernetes(name)) => {
                let known = is_object_file(name);
                if known {
                    objects.document(path, bytes);
                }
                known
            }
            Some(Place::Aws {
                account,
                region,
                name,
            }) => {
                let region = gaps::region(&mut snapshot, account, region);
                aws::document(region, &mut gaps, path, name, bytes)
            }
            Some(place) => node_document(&mut snapshot, &mut gaps, place, path, &as_utf8(bytes)),
            None => false,
        };
        if !known {
            snapshot.ignored.push(path.to_owned());
        }
    }
    let read = objects.finish();
    snapshot.kubernetes = read.objects;
    snapshot.ignored.extend(read.ignored);
    gaps.extend(read.gaps);
    snapshot.agents.values_mut().for_each(cilium::finish);
    gaps.extend(strangers::nodes(&snapshot));
    gaps.extend(snapshot.aws.regions.values().flat_map(aws::misplaced));
    gaps::apply(&mut snapshot, &mut gaps, bundle);
    gaps.sort_by(|one, other| one.0.cmp(&other.0));
    gaps.dedup();
    snapshot.gaps = gaps.into_iter().map(|(_, gap)| gap).collect();
    snapshot.ignored.sort();
    snapshot
}

/// Reads a document about a node; false if its name is not known.
fn node_document(
    snapshot: &mut Snapshot,
    gaps: &mut Vec<(String, Gap)>,
    place: Place<'_>,
    path: &str,
    bytes: &[u8],
) -> bool {
    let (node, read) = match place {
        Place::Agent { node, name } => {
            let agent = snapshot
                .agents
                .entry(node.to_owned())
                .or_insert_with(|| Agent::new(node));
            (node, cilium::document(agent, name, path, bytes))
        }
        Place::Envoy { node, name } => {
            let admin = snapshot
                .envoys
                .entry(node.to_owned())
                .or_insert_with(|| EnvoyAdmin::new(node));
            (node, envoy::document(admin, name, path, bytes))
        }
        Place::Hubble {
            node,
            name: "flows.json",
        } => {
            let read = text::strict(bytes).and_then(hubble::flows);
            let flows = match &read {
                Ok(flows) => Ok(Fact::new(
                    flows.clone(),
                    Origin::new(Source::HubbleFlows, path),
                )),
                Err(error) => Err(unreadable(Source::HubbleFlows, node, path, error)),
            };
            snapshot.flows.insert(node.to_owned(), flows);
            (node, read.map(|_| true))
        }
        _ => return false,
    };
    read.unwrap_or_else(|error| {
        // Every name that a parser knows belongs to a reading; the status stands for what has no row of its own.
        let source = gaps::source_on_node(place).unwrap_or(Source::AgentStatus);
        gaps.push((path.to_owned(), unreadable(source, node, path, &error)));
        true
    })
}

fn unreadable(source: Source, node: &str, path: &str, error: &ParseError) -> Gap {
    let why = format!("{path}: {error}");
    Gap::new(source, format!("node {node}"), Reason::Unreadable(why))
}

/// Whether a file below `kubernetes/` can hold objects.
fn is_object_file(name: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// UTF-16 with its mark becomes UTF-8; bytes that are neither are left to the parser, which names them.
fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match decode(bytes) {
        Ok(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        Ok(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Err(_) => Cow::Borrowed(bytes),
    }
}
