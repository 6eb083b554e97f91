//! The lists in what the AWS CLI prints, item by item.

use crate::bundle::text::decode;
use crate::model::{Fact, Gap, Origin, Reason, Seen, Source};
use crate::parse::null::strip_nulls;
use crate::parse::probe::{self, Spot, Text};
use crate::parse::{ParseError, failure};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many broken items of one document get a position; each costs another pass over the text.
const MAX_LOCATED: usize = 20;

/// One document on its way into a field.
pub(super) struct Document<'a> {
    /// Path in the bundle.
    pub(super) path: &'a str,
    /// The name of what it is about; empty where the document says so itself.
    pub(super) key: &'a str,
    /// The reading.
    pub(super) source: Source,
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// Where gaps go.
    pub(super) gaps: &'a mut Vec<(String, Gap)>,
    /// How many of its items are broken so far.
    pub(super) broken: usize,
}

impl Document<'_> {
    /// Adds the items of `field` to what other documents of the same reading gave.
    pub(super) fn list<T: DeserializeOwned>(mut self, seen: &mut Seen<Vec<T>>, field: &str) {
        let items = self.items(field);
        self.merge(seen, items);
    }

    /// The same for a reading that is kept by name, which is the key of the document.
    pub(super) fn keyed<T: DeserializeOwned>(
        mut self,
        readings: &mut BTreeMap<String, Seen<Vec<T>>>,
        field: &str,
    ) {
        if self.key.is_empty() {
            let why = format!(
                "{}: the output does not say what it belongs to: add the name before the ending, as in NAME.json",
                self.path
            );
            self.gap(Reason::Unreadable(why));
            return;
        }
        let items = self.items(field);
        let seen = readings
            .entry(self.key.to_owned())
            .or_insert_with(|| Err(Gap::not_collected(self.source, self.key)));
        self.merge(seen, items);
    }

    /// Adds the instances of all reservations.
    pub(super) fn nested<T: DeserializeOwned, Outer: DeserializeOwned>(
        mut self,
        seen: &mut Seen<Vec<T>>,
        field: &str,
        inner: &str,
    ) {
        let items = self.values(field).map(|(text, outer)| {
            let mut items = Vec::new();
            for (index, value) in outer.into_iter().enumerate() {
                let Value::Object(mut fields) = value else {
                    self.item_gap(
                        format!("{field}[{index}]"),
                        &ParseError::new("not an object"),
                    );
                    continue;
                };
                let Some(Value::Array(values)) = fields.remove(inner) else {
                    continue;
                };
                for (at, value) in values.into_iter().enumerate() {
                    let place = format!("{field}[{index}].{inner}[{at}]");
                    let spot = Spot {
                        text: Text::Json(&text, 0),
                        item: Some((field, index)),
                    };
                    items.extend(
                        self.item(value, &place, |error| probe::locate::<Outer>(spot, error)),
                    );
                }
            }
            items
        });
        self.merge(seen, items);
    }

    /// Reads the whole document as one value.
    pub(super) fn whole<T: DeserializeOwned>(mut self, seen: &mut Seen<T>) {
        match self.object() {
            Ok((text, fields)) => {
                let spot = Spot {
                    text: Text::Json(&text, 0),
                    item: None,
                };
                match serde_json::from_value(Value::Object(fields)) {
                    Ok(value) => *seen = Ok(self.fact(value)),
                    Err(error) => {
                        let error = probe::locate::<T>(spot, &error);
                        let gap = self.unreadable(&error);
                        keep_gap(seen, gap);
                    }
                }
            }
            Err(gap) => keep_gap(seen, gap),
        }
    }

    /// Checks that a document that no field keeps is an answer at all.
    pub(super) fn check(mut self, field: &str) {
        self.values(field).ok();
    }

    fn merge<T>(&mut self, seen: &mut Seen<Vec<T>>, items: Result<Vec<T>, Gap>) {
        match (items, seen.as_mut()) {
            (Ok(items), Ok(known)) => known.value.extend(items),
            (Ok(items), Err(_)) => *seen = Ok(self.fact(items)),
            (Err(gap), _) => keep_gap(seen, gap),
        }
    }

    fn fact<T>(&self, value: T) -> Fact<T> {
        Fact::new(value, Origin::new(self.source, self.path))
    }

    fn items<T: DeserializeOwned>(&mut self, field: &str) -> Result<Vec<T>, Gap> {
        let (text, values) = self.values(field)?;
        let mut items = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let place = format!("{field}[{index}]");
            let spot = Spot {
                text: Text::Json(&text, 0),
                item: Some((field, index)),
            };
            items.extend(self.item(value, &place, |error| probe::locate::<T>(spot, error)));
        }
        Ok(items)
    }

    /// One item; one of the wrong shape becomes a gap.
    fn item<T: DeserializeOwned>(
        &mut self,
        mut value: Value,
        place: &str,
        locate: impl FnOnce(&serde_json::Error) -> ParseError,
    ) -> Option<T> {
        strip_nulls(&mut value);
        match serde_json::from_value(value) {
            Ok(item) => Some(item),
            Err(error) => {
                let error = if self.broken < MAX_LOCATED {
                    locate(&error)
                } else {
                    ParseError::new(error.to_string())
                };
                self.broken += 1;
                self.item_gap(place.to_owned(), &error);
                None
            }
        }
    }

    /// The list called `field`, with the text that it stands in.
    fn values(&mut self, field: &str) -> Result<(String, Vec<Value>), Gap> {
        let (text, mut fields) = self.object()?;
        match fields.remove(field) {
            Some(Value::Array(values)) => Ok((text, values)),
            Some(Value::Null) => Ok((text, Vec::new())),
            Some(_) => Err(self.unreadable(&ParseError::new(format!("{field} is not a list")))),
            None => {
                let found: Vec<&str> = fields.keys().map(String::as_str).take(5).collect();
                let why =
                    format!("there is no field {field} but {found:?}; capture it without --query");
                Err(self.unreadable(&ParseError::new(why)))
            }
        }
    }

    fn object(&mut self) -> Result<(String, Map<String, Value>), Gap> {
        let text = match decode(self.bytes) {
            Ok(text) => text.into_owned(),
            Err(error) => return Err(self.unreadable(&error.into())),
        };
        if let Some(reason) = failure::printed(&text) {
            return Err(self.gap(reason));
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => Ok((text, fields)),
            Ok(_) => {
                let error = ParseError::first_line(
                    &text,
                    "expected an object, as the AWS CLI prints without --query",
                );
                Err(self.unreadable(&error))
            }
            Err(error) => Err(self.unreadable(&ParseError::json(&text, &error))),
        }
    }

    fn item_gap(&mut self, place: String, error: &ParseError) {
        let why = format!("{}: {place}: {error}", self.path);
        self.gap(Reason::Unreadable(why));
    }

    fn unreadable(&mut self, error: &ParseError) -> Gap {
        self.gap(Reason::Unreadable(format!("{}: {error}", self.path)))
    }

    fn gap(&mut self, reason: Reason) -> Gap {
        let gap = Gap::new(self.source, self.key, reason);
        self.gaps.push((self.path.to_owned(), gap.clone()));
        gap
    }
}

/// A fact outranks the gap of another document of the same reading; the first gap stays.
fn keep_gap<T>(seen: &mut Seen<T>, gap: Gap) {
    if matches!(seen, Err(known) if known.reason == Reason::NotCollected) {
        *seen = Err(gap);
    }
}
