//! Walks over the strings of a JSON text without building a tree of it.
//!
//! A document may be hundreds of megabytes, a stream of values, or cut off in
//! the middle. Whatever is not a changed string stays as it was written, so a
//! broken document breaks at the same place.

use std::borrow::Cow;

/// Where a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// Whether it is the name of a field.
    pub(super) is_key: bool,
    /// The field it is the value of, also through arrays; of a field's name: the name itself.
    pub(super) key: &'a str,
    /// The field that holds the object around it.
    pub(super) parent: &'a str,
    /// The string under `Key` or `key` that stands before it in the same object, as in a tag.
    pub(super) tag: &'a str,
    /// Whether the object around it has said its `kind`.
    pub(super) has_kind: bool,
}

/// Sees every string of a document.
pub(super) trait Visitor {
    /// A string without its quotes and escapes; what to put in its place, if anything.
    fn string(&mut self, place: Place<'_>, text: &str) -> Option<String>;
    /// What stands outside of strings: punctuation and numbers, or any text in a document that is no JSON.
    fn between(&mut self, text: &str) -> Option<String>;
}

/// One open object or array.
#[derive(Default)]
struct Level {
    is_object: bool,
    /// The field that holds it.
    name: String,
    /// The field that is being read.
    key: String,
    tag: String,
    has_kind: bool,
}

impl Level {
    /// The field whose value comes next.
    fn current(&self) -> &str {
        if self.is_object {
            &self.key
        } else {
            &self.name
        }
    }
}

/// Deepest nesting that is told apart; what is deeper counts as the last level.
const MAX_DEPTH: usize = 128;

/// Shows every string to the visitor; the text with what it put in their places.
pub(super) fn walk(text: &str, visitor: &mut impl Visitor) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut levels: Vec<Level> = vec![Level::default()];
    let mut beyond = 0_usize;
    let (mut at, mut start) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' if levels.len() < MAX_DEPTH => {
                let name = levels.last().map(|level| level.current().to_owned());
                levels.push(Level {
                    is_object: *byte == b'{',
                    name: name.unwrap_or_default(),
                    ..Level::default()
                });
            }
            b'{' | b'[' => beyond += 1,
            b'}' | b']' if beyond > 0 => beyond -= 1,
            b'}' | b']' if levels.len() > 1 => {
                levels.pop();
            }
            b'"' => {
                let Some(end) = end_of_string(bytes, at + 1) else {
                    break;
                };
                flush(&mut out, text.get(start..at), visitor);
                let is_key = is_key(bytes, end + 1);
                string(
                    &mut out,
                    text.get(at..=end).unwrap_or_default(),
                    is_key,
                    levels.last_mut(),
                    visitor,
                );
                at = end + 1;
                start = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    flush(&mut out, text.get(start..), visitor);
    out
}

fn flush(out: &mut String, text: Option<&str>, visitor: &mut impl Visitor) {
    let text = text.unwrap_or_default();
    match visitor.between(text) {
        Some(other) => out.push_str(&other),
        None => out.push_str(text),
    }
}

/// The closing quote; `None` if there is none.
fn end_of_string(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn is_key(bytes: &[u8], from: usize) -> bool {
    let mut rest = bytes.iter().skip(from);
    rest.find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

fn string(
    out: &mut String,
    literal: &str,
    is_key: bool,
    level: Option<&mut Level>,
    visitor: &mut impl Visitor,
) {
    let inner = literal
        .get(1..literal.len().saturating_sub(1))
        .unwrap_or_default();
    let text = if inner.contains('\\') {
        serde_json::from_str(literal).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    };
    let mut fallback = Level::default();
    let level = level.unwrap_or(&mut fallback);
    if is_key && level.is_object {
        level.key = (*text).to_owned();
        level.has_kind |= text == "kind";
    }
    let place = Place {
        is_key,
        key: level.current(),
        parent: &level.name,
        tag: &level.tag,
        has_kind: level.has_kind,
    };
    match visitor.string(place, &text) {
        Some(other) => out.push_str(&serde_json::Value::String(other).to_string()),
        None => out.push_str(literal),
    }
    if !is_key && matches!(level.key.as_str(), "Key" | "key") {
        level.tag = text.into_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Visitor, walk};
    use proptest::prelude::*;

    struct Seen(Vec<(String, String, bool, String)>);

    impl Visitor for Seen {
        fn string(&mut self, place: Place<'_>, text: &str) -> Option<String> {
            let row = (
                place.parent.to_owned(),
                place.key.to_owned(),
                place.is_key,
                text.to_owned(),
            );
            self.0.push(row);
            (text == "a\nb").then(|| "c\"d".to_owned())
        }

        fn between(&mut self, _: &str) -> Option<String> {
            None
        }
    }

    #[test]
    fn places_are_known_through_arrays_and_streams() {
        let text = r#"{"metadata": {"labels": {"app": "web"}}, "hosts": ["a\nb"]} [{"x": 1}]"#;
        let mut seen = Seen(Vec::new());
        assert_eq!(walk(text, &mut seen), text.replace("a\\nb", "c\\\"d"));
        let has = |parent: &str, key: &str, is_key: bool, text: &str| {
            seen.0
                .contains(&(parent.to_owned(), key.to_owned(), is_key, text.to_owned()))
        };
        assert!(has("labels", "app", true, "app") && has("labels", "app", false, "web"));
        assert!(
            has("hosts", "hosts", false, "a\nb") && has("", "x", true, "x"),
            "{:?}",
            seen.0
        );
    }

    proptest! {
        #[test]
        fn nothing_changes_unless_the_visitor_says_so(text in r#"[\[\]{}:,"\\a-z0-9 é\n]{0,200}"#) {
            struct None_;
            impl Visitor for None_ {
                fn string(&mut self, _: Place<'_>, _: &str) -> Option<String> { None }
                fn between(&mut self, _: &str) -> Option<String> { None }
            }
            prop_assert_eq!(walk(&text, &mut None_), text);
        }
    }
}
