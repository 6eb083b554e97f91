//! Kubernetes objects as kubectl and the API print them: single, in streams and in lists.
//!
//! Every object is read on its own, so that one of the wrong shape costs
//! nothing but itself and the proof that its list is complete.

mod endpoints;
mod kind;
mod listing;
mod object;
mod path;

pub(super) use kind::{collection, collections};
pub(super) use path::ObjectPath;

use super::ParseError;
use super::failure;
use super::probe::Text;
use crate::bundle::{text::decode, yaml};
use crate::model::kubernetes::Kubernetes;
use crate::model::{Fact, Gap, Reason};
use endpoints::Endpoints;
use kind::Kind;
use listing::{Extent, ListPath, Page};
use serde_json::Value;

/// Objects, and Endpoints that wait until all slices are known.
#[derive(Default)]
struct Facts {
    objects: Kubernetes,
    endpoints: Vec<Fact<Endpoints>>,
}

/// Reads the documents below `kubernetes/`.
#[derive(Default)]
pub(super) struct Reader {
    facts: Facts,
    pages: Vec<Page>,
    gaps: Vec<(String, Gap)>,
    unknown: Vec<Reason>,
    ignored: Vec<String>,
}

/// What was read, what was not, and what is no Kubernetes object at all.
pub(super) struct Read {
    /// The objects.
    pub(super) objects: Kubernetes,
    /// Gaps by document.
    pub(super) gaps: Vec<(String, Gap)>,
    /// Documents that do not even name a kind.
    pub(super) ignored: Vec<String>,
}

impl Reader {
    /// Reads a document.
    pub(super) fn document(&mut self, document: &str, bytes: &[u8]) {
        let text = match decode(bytes) {
            Ok(text) => text,
            Err(error) => {
                let lossy = String::from_utf8_lossy(bytes);
                return self.unreadable(document, &lossy, &error.into());
            }
        };
        if let Some(reason) = failure::printed(&text) {
            return self.fail(document, &text, reason);
        }
        let is_json = text.trim_start().starts_with('{');
        if is_json && self.json(document, &text).is_ok() {
            return;
        }
        if document.ends_with(".json") {
            match self.json(document, &text) {
                Ok(()) => {}
                Err(error) => self.unreadable(document, &text, &error),
            }
        } else {
            self.yaml(document, &text);
        }
    }

    /// One value or several after each other; nothing is taken over unless all can be read.
    fn json(&mut self, document: &str, text: &str) -> Result<(), ParseError> {
        let values: Vec<Value> = serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| ParseError::json(text, &error))?;
        if values.is_empty() {
            return Err(ParseError::new("the document is empty"));
        }
        for (before, value) in values.into_iter().enumerate() {
            self.top(document, Text::Json(text, before), value);
        }
        Ok(())
    }

    fn yaml(&mut self, document: &str, text: &str) {
        let parts = yaml::documents(text);
        if parts.is_empty() {
            self.unreadable(document, text, &ParseError::new("the document is empty"));
        }
        for part in parts {
            match part.parse::<Value>() {
                Ok(value) => self.top(document, Text::Yaml(part), value),
                Err(error) => {
                    self.unreadable(document, part.text, &ParseError::yaml(&part, &error))
                }
            }
        }
    }

    /// A text that cannot be parsed.
    fn unreadable(&mut self, document: &str, text: &str, error: &ParseError) {
        self.fail(
            document,
            text,
            Reason::Unreadable(format!("{document}: {error}")),
        );
    }

    /// A value that is no Kubernetes object, so that nothing else can be hidden in it.
    fn no_object(&mut self, document: &str, why: &str) {
        let below = document.strip_prefix("kubernetes/").unwrap_or(document);
        if ListPath::of(below).is_some() {
            self.unreadable(document, "", &ParseError::new(why));
        } else {
            self.ignored.push(format!("{document} ({why})"));
        }
    }

    /// A document of which nothing was read: a gap of the kind that its path names, or of those that it mentions.
    fn fail(&mut self, document: &str, text: &str, reason: Reason) {
        let below = document.strip_prefix("kubernetes/").unwrap_or(document);
        let path = ListPath::of(below);
        let (kinds, about) = match path {
            Some(path) => (
                vec![path.kind],
                path.namespace
                    .map(|name| format!("namespace {name}"))
                    .unwrap_or_default(),
            ),
            None => (Kind::mentioned(text), String::new()),
        };
        if kinds.is_empty() {
            self.ignored.push(format!("{document} ({reason})"));
            self.unknown.push(reason);
            return;
        }
        for kind in kinds {
            let gap = Gap::new(kind.source, about.as_str(), reason.clone());
            self.mark_gap(gap.clone());
            self.gaps.push((document.to_owned(), gap));
            self.pages.push(Page {
                kind,
                document: document.to_owned(),
                extent: Extent::Nowhere,
                goes_on: false,
                is_broken: true,
            });
        }
    }

    fn mark_gap(&mut self, gap: Gap) {
        if let Some(collection) = collection(&mut self.facts.objects, gap.source) {
            collection.mark_gap(gap);
        }
    }

    /// Everything that was read.
    pub(super) fn finish(mut self) -> Read {
        endpoints::add(
            &mut self.facts.objects.endpoint_slices,
            self.facts.endpoints,
        );
        let mut objects = self.facts.objects;
        self.gaps.extend(listing::settle(self.pages, &mut objects));
        // Whatever is missing may have stood in a document that names no kind.
        for reason in self.unknown {
            for collection in collections(&mut objects) {
                collection.mark_gap(Gap::new(collection.source(), "", reason.clone()));
            }
        }
        Read {
            objects,
            gaps: self.gaps,
            ignored: self.ignored,
        }
    }
}
