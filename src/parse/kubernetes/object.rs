//! One parsed value: an object, a list of objects, or the refusal of a server.

use super::Reader;
use super::kind::Kind;
use super::listing::{Extent, ListPath, Page};
use crate::model::{Gap, Origin, Reason};
use crate::parse::ParseError;
use crate::parse::failure;
use crate::parse::null::strip_nulls;
use crate::parse::probe::{Spot, Text};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How many broken objects of one list get a position; each costs another pass over the text.
const MAX_LOCATED: usize = 20;

/// What a list holds of one kind.
#[derive(Default)]
struct Held {
    items: usize,
    namespaces: BTreeSet<String>,
    is_broken: bool,
}

impl Reader {
    /// A value that stands alone in its document or stream.
    pub(super) fn top(&mut self, document: &str, text: Text<'_>, mut value: Value) {
        strip_nulls(&mut value);
        let Value::Object(mut fields) = value else {
            return self.no_object(document, "expected an object with apiVersion and kind");
        };
        let kind = text_of(&fields, "kind").to_owned();
        match kind.as_str() {
            "" => self.no_object(document, "the object has no kind"),
            "Status" => self.refusal(document, &fields),
            "List" => self.list(document, text, &mut fields, None),
            name => match name.strip_suffix("List") {
                Some(item) => self.list(document, text, &mut fields, Some(item)),
                None => {
                    let kind = Kind::find(name, text_of(&fields, "apiVersion"));
                    if let Some(kind) = kind {
                        self.object(document, Spot { text, item: None }, kind, fields, true);
                    }
                }
            },
        }
    }

    /// `kind: Status`, which the API answers instead of objects.
    fn refusal(&mut self, document: &str, fields: &Map<String, Value>) {
        if text_of(fields, "status") == "Failure" {
            let text = format!(
                "{}: {}",
                text_of(fields, "reason"),
                text_of(fields, "message")
            );
            self.fail(document, "", failure::reason(&text));
        }
    }

    /// `kind: List`, whose items have kinds, or `kind: <item>List`, whose items may have none.
    fn list(
        &mut self,
        document: &str,
        text: Text<'_>,
        fields: &mut Map<String, Value>,
        item: Option<&str>,
    ) {
        let api_version = match item {
            Some(_) => text_of(fields, "apiVersion").to_owned(),
            None => String::new(),
        };
        let items = match fields.remove("items") {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                let error = ParseError::new("items is not a list");
                let mention = format!("kind: {}", item.unwrap_or_default());
                return self.unreadable(document, &mention, &error);
            }
        };
        let mut held: BTreeMap<&'static str, (&'static Kind, Held)> = BTreeMap::new();
        let path = ListPath::of(document.strip_prefix("kubernetes/").unwrap_or(document));
        let of_list = match item {
            Some(name) => Kind::find(name, &api_version),
            None if items.is_empty() => path.map(|path| path.kind),
            None => None,
        };
        if let Some(kind) = of_list {
            held.insert(kind.name, (kind, Held::default()));
        }
        let mut broken = 0;
        let mut is_odd = false;
        for (index, value) in items.into_iter().enumerate() {
            let Value::Object(mut fields) = value else {
                is_odd = true;
                self.no_object(document, &format!("items[{index}] is not an object"));
                continue;
            };
            if let Some(name) = item {
                fields.entry("kind").or_insert_with(|| name.into());
                fields
                    .entry("apiVersion")
                    .or_insert_with(|| api_version.as_str().into());
            }
            let Some(kind) = Kind::find(text_of(&fields, "kind"), text_of(&fields, "apiVersion"))
            else {
                continue;
            };
            let (_, held) = held.entry(kind.name).or_insert((kind, Held::default()));
            held.items += 1;
            if let Some(namespace) = namespace_of(&fields) {
                held.namespaces.insert(namespace.to_owned());
            }
            let spot = Spot {
                text,
                item: Some(("items", index)),
            };
            if !self.object(document, spot, kind, fields, broken < MAX_LOCATED) {
                held.is_broken = true;
                broken += 1;
            }
        }
        let goes_on = fields
            .get("metadata")
            .and_then(|metadata| metadata.get("continue"))
            .and_then(Value::as_str)
            .is_some_and(|token| !token.is_empty());
        for (kind, held) in held.into_values() {
            self.pages.push(Page {
                kind,
                document: document.to_owned(),
                extent: extent(kind, path, item.is_some(), &held),
                goes_on,
                is_broken: held.is_broken || is_odd,
            });
        }
    }

    /// One object of a known kind; false if it became a gap.
    fn object(
        &mut self,
        document: &str,
        spot: Spot<'_>,
        kind: &'static Kind,
        fields: Map<String, Value>,
        locate: bool,
    ) -> bool {
        let name = name_of(&fields).unwrap_or_default().to_owned();
        let about = match namespace_of(&fields) {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.clone(),
        };
        let origin = Origin::new(kind.source, document);
        let error = if name.is_empty() {
            ParseError::new("the object has no metadata.name")
        } else {
            match (kind.add)(&mut self.facts, Value::Object(fields), origin) {
                Ok(()) => return true,
                Err(error) if locate => (kind.locate)(spot, &error),
                Err(error) => ParseError::new(error.to_string()),
            }
        };
        let item = spot
            .item
            .map(|(list, index)| format!("{list}[{index}] "))
            .unwrap_or_default();
        let why = format!("{document}: {item}{} {about}: {error}", kind.name);
        let gap = Gap::new(kind.source, about, Reason::Unreadable(why));
        self.mark_gap(gap.clone());
        self.gaps.push((document.to_owned(), gap));
        false
    }
}

/// Where a list of `kind` is complete.
///
/// A typed list comes from the API and is what its path says, the whole cluster unless a namespace is
/// named. `kind: List` is what kubectl prints for one namespace as well as for all of them, so it
/// proves no more than its items show; an empty one shows nothing but its file name.
fn extent(kind: &Kind, path: Option<ListPath<'_>>, is_typed: bool, held: &Held) -> Extent {
    let namespaces = &held.namespaces;
    if kind.is_cluster_scoped {
        return Extent::Everywhere;
    }
    let named = path
        .filter(|path| path.kind.name == kind.name)
        .and_then(|path| path.namespace)
        .filter(|name| namespaces.iter().all(|namespace| namespace == name));
    match named {
        Some(name) => Extent::Namespaces(BTreeSet::from([name.to_owned()])),
        None if is_typed || namespaces.len() > 1 => Extent::Everywhere,
        None if held.items == 0 => Extent::Everywhere,
        None => Extent::Namespaces(namespaces.clone()),
    }
}

fn text_of<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn name_of(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("metadata")?.get("name")?.as_str()
}

fn namespace_of(fields: &Map<String, Value>) -> Option<&str> {
    let namespace = fields.get("metadata")?.get("namespace")?.as_str()?;
    (!namespace.is_empty()).then_some(namespace)
}
