//! Where in a document an element of the wrong shape stands.
//!
//! Elements are read one by one from values that have lost their position.
//! Only when one fails is the text read again, straight to that element, so
//! that the error has a line.

use super::ParseError;
use crate::bundle::yaml;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::fmt;
use std::marker::PhantomData;

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'a> {
    /// The text, and how it is read.
    pub(super) text: Text<'a>,
    /// The list and the index in it; `None` if the element is the document itself.
    pub(super) item: Option<(&'a str, usize)>,
}

/// A text that holds elements.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text<'a> {
    /// JSON, and how many values stand before the one that is meant.
    Json(&'a str, usize),
    /// One document of a YAML stream.
    Yaml(yaml::Document<'a>),
}

/// `error`, with the position at which reading a `T` from the spot fails.
pub(super) fn locate<T: DeserializeOwned>(spot: Spot<'_>, error: &serde_json::Error) -> ParseError {
    let plain = ParseError::new(error.to_string());
    let seed = Seed::<T> {
        item: spot.item,
        kind: PhantomData,
    };
    match spot.text {
        Text::Json(text, before) => {
            let mut reader = serde_json::Deserializer::from_str(text);
            for _ in 0..before {
                if serde::Deserialize::deserialize(&mut reader)
                    .map(|_: IgnoredAny| ())
                    .is_err()
                {
                    return plain;
                }
            }
            match seed.deserialize(&mut reader) {
                Err(found) if is_same(&found.to_string(), &plain) => ParseError {
                    message: plain.message,
                    ..ParseError::json(text, &found)
                },
                _ => plain,
            }
        }
        Text::Yaml(document) => {
            let options = yaml::options(document.text.len());
            let read = serde_saphyr::with_deserializer_from_str_with_options(
                document.text,
                options,
                |reader| seed.deserialize(reader),
            );
            match read {
                Err(found) if is_same(&found.to_string(), &plain) => ParseError {
                    message: plain.message,
                    ..ParseError::yaml(&document, &document.explain(&found))
                },
                _ => plain,
            }
        }
    }
}

/// The elements are read without their nulls, this time with them: a null is not what failed.
fn is_same(found: &str, plain: &ParseError) -> bool {
    !found.contains("null") || plain.message.contains("null")
}

/// Reads a `T` at its place and passes over everything else.
struct Seed<'a, T> {
    item: Option<(&'a str, usize)>,
    kind: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.item {
            None => T::deserialize(deserializer).map(|_| ()),
            Some(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Seed<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that holds a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((field, index)) = self.item else {
            return Err(A::Error::custom("no list"));
        };
        while let Some(key) = map.next_key::<String>()? {
            if key == field {
                map.next_value_seed(Items::<T> {
                    index,
                    kind: PhantomData,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Items<T> {
    index: usize,
    kind: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Items<T> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for _ in 0..self.index {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element::<T>()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
