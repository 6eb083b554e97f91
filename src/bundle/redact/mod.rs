//! Makes a bundle that can be shown to others: whatever says whose it is gets a stand-in.
//!
//! Replaced are account numbers, addresses, host names, the identifiers of AWS,
//! UIDs and the names of objects, everywhere: in fields, in text, in paths. The same
//! thing has the same stand-in wherever it stands, subnets hold the stand-ins of
//! what they held, private addresses stay private, and names that controllers
//! compute are computed again. A redacted bundle is therefore diagnosed as the
//! original is. Times, ports, versions, options, regions and counts stay.
//!
//! Two passes: the first finds the names, the second replaces them.

mod address;
mod controllers;
mod document;
mod fields;
mod harvest;
mod json;
mod key;
mod names;
mod text;
mod vocabulary;
mod words;

pub use key::Key;

use super::text::decode;
use super::{Bundle, ManifestGap, Problem};
use controllers::Computed;
use document::Format;
use harvest::{Document, Harvest};
use names::Names;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use text::Replacer;
use words::Words;

/// The stand-ins of one bundle.
#[derive(Debug)]
pub struct Redaction {
    replacer: Replacer,
}

impl Redaction {
    /// Finds what identifies in a bundle and chooses stand-ins by the key.
    ///
    /// The same bundle and key give the same stand-ins.
    pub fn new(bundle: &Bundle, key: &Key) -> Self {
        let mut harvest = Harvest::default();
        let mut computed = Computed::default();
        for (path, bytes) in bundle.iter() {
            harvest.path(path);
            look_at(path, &text_of(bytes), &mut harvest, &mut computed);
        }
        harvest.context(bundle.manifest.context.as_deref().unwrap_or_default());
        for gap in &bundle.manifest.gaps {
            harvest.path(&gap.source);
            harvest.text(&gap.reason);
        }
        for problem in &bundle.problems {
            harvest.path(&problem.document);
            harvest.text(&problem.message);
        }
        let mut replacer = Replacer::new(key.clone(), names(&harvest, key));
        for name in &harvest.names {
            replacer.names.add(name);
        }
        computed.set(&harvest, &mut replacer);
        // The host names of load balancers start with what was just computed.
        for name in harvest.names.iter().filter(|name| name.contains('.')) {
            replacer.names.renew(name);
        }
        Self { replacer }
    }

    /// A text about the bundle, such as the name of a subject, with its stand-ins.
    pub fn text(&mut self, text: &str) -> String {
        self.replacer.whole(text)
    }

    /// The bundle with its stand-ins; its manifest says that it is redacted.
    ///
    /// Bytes that are no text cannot be searched and are read as text with marks in place of what is none.
    pub fn bundle(&mut self, bundle: &Bundle) -> Bundle {
        let replacer = &mut self.replacer;
        let mut made = Bundle {
            manifest: bundle.manifest.clone(),
            ..Bundle::default()
        };
        made.manifest.redacted = true;
        made.manifest.context = bundle
            .manifest
            .context
            .as_deref()
            .map(|context| replacer.whole(context));
        made.manifest.gaps = bundle
            .manifest
            .gaps
            .iter()
            .map(|gap| ManifestGap {
                source: document::path(replacer, &gap.source),
                reason: replacer.whole(&gap.reason),
            })
            .collect();
        made.problems = bundle
            .problems
            .iter()
            .map(|problem| Problem {
                document: document::path(replacer, &problem.document),
                message: replacer.whole(&problem.message),
            })
            .collect();
        for (path, bytes) in bundle.iter() {
            let text = document::replace(replacer, path, &text_of(bytes));
            made.insert(document::path(replacer, path), text);
        }
        made
    }
}

fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes))
}

/// Looks for names in one document.
fn look_at(path: &str, text: &str, harvest: &mut Harvest, computed: &mut Computed) {
    let of_kubernetes = path.starts_with("kubernetes/");
    let visit = |text: &str, harvest: &mut Harvest| {
        let mut document = Document { path, harvest };
        json::walk(text, &mut document);
    };
    match Format::of(path, text) {
        Format::Yaml => {
            for part in document::yaml_parts(text) {
                match part {
                    Ok(value) => {
                        visit(&value.to_string(), harvest);
                        if of_kubernetes {
                            computed.add(&value);
                        }
                    }
                    Err(text) => harvest.text(text),
                }
            }
        }
        Format::Json => {
            visit(text, harvest);
            if of_kubernetes {
                let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
                values
                    .map_while(Result::ok)
                    .for_each(|value| computed.add(&value));
            }
        }
        Format::Text | Format::Sockets => harvest.text(text),
    }
}

/// Stand-ins for all words that names are made of.
fn names(harvest: &Harvest, key: &Key) -> Names {
    let mut kept = vocabulary::words();
    kept.extend(harvest.options.iter().cloned());
    let words: BTreeSet<String> = harvest
        .names
        .iter()
        .flat_map(|name| {
            names::parts(name)
                .into_iter()
                .filter_map(|(start, end)| name.get(start..end))
        })
        .map(str::to_owned)
        .collect();
    // A word that is kept as the name of an object is kept in what is put together out of that name as well.
    let single = kept
        .iter()
        .filter(|word| harvest.names.contains(*word))
        .cloned()
        .collect();
    Names::new(Words::new(key.clone(), &words, &single, &kept), kept)
}
