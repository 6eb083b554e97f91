//! Visits a JSON map of lists of strings without holding it, as all of `bpf … list -o json` are.

use crate::parse::{ParseError, text};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Calls `row` with every key and each of its strings.
///
/// A value that is neither a list of strings, a string nor `null` is passed as an empty string, so
/// that the row is quoted as unreadable rather than lost.
pub(super) fn each_row(text: &str, mut row: impl FnMut(&str, &str)) -> Result<(), ParseError> {
    if text::says_nothing(text) {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer
        .deserialize_map(Rows(&mut row))
        .and_then(|()| deserializer.end())
        .map_err(|error| ParseError::json(text, &error))
}

struct Rows<'f, F>(&'f mut F);

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Rows<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of lists of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            map.next_value_seed(Values {
                key: &key,
                row: self.0,
            })?;
        }
        Ok(())
    }
}

/// A string, borrowed from the document where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value of a key, whose strings are handed on as they are met.
struct Values<'k, 'f, F> {
    key: &'k str,
    row: &'f mut F,
}

impl<F: FnMut(&str, &str)> Values<'_, '_, F> {
    fn unreadable<E>(self) -> Result<(), E> {
        (self.row)(self.key, "");
        Ok(())
    }
}

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Values<'_, '_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Values<'_, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.row)(self.key, text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.unreadable()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.unreadable()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.unreadable()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.unreadable()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.unreadable()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(Text(text)) = seq.next_element()? {
            (self.row)(self.key, &text);
        }
        Ok(())
    }
}
