//! Bytes to text and JSON: what every parser does before its own grammar begins.

use super::ParseError;
use serde::de::{Deserialize, DeserializeOwned};
use std::borrow::Cow;

/// What Cilium prints instead of an empty list.
const NO_ENTRIES: &str = "No entries found.";

/// The text of a JSON document, which must be UTF-8.
pub(crate) fn strict(bytes: &[u8]) -> Result<&str, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        ParseError {
            line: Some(good.iter().filter(|byte| **byte == b'\n').count() + 1),
            ..ParseError::new("not UTF-8")
        }
    })?;
    filled(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The text of a document of lines; broken characters are replaced, so that the other lines count.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes)
}

/// The text, unless nothing was printed: that is a failed command rather than an empty answer.
pub(crate) fn filled(text: &str) -> Result<&str, ParseError> {
    if text.trim().is_empty() {
        Err(ParseError::new(
            "empty output: the command printed nothing; run it again and keep its error",
        ))
    } else {
        Ok(text)
    }
}

/// Whether the text says that there is nothing to list.
pub(crate) fn says_nothing(text: &str) -> bool {
    matches!(text.trim(), "null" | NO_ENTRIES)
}

/// A JSON document.
pub(crate) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ParseError> {
    serde_json::from_str(text).map_err(|error| ParseError::json(text, &error))
}

/// A JSON object. Checked by its first character, because serde reads an array into a struct as well.
pub(crate) fn json_object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ParseError> {
    if !text.trim_start().starts_with('{') {
        return Err(ParseError::first_line(text, "no JSON object"));
    }
    json(text)
}

/// A JSON array, `null` or [`NO_ENTRIES`].
pub(crate) fn json_list<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, ParseError> {
    if says_nothing(text) {
        return Ok(Vec::new());
    }
    json(text)
}

/// A number in decimal digits and nothing else.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// `null` as the default, for fields that Go prints as `null`.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{filled, json, lossy, number, strict};

    #[test]
    fn a_broken_byte_is_an_error_with_its_line_in_json_and_replaced_elsewhere() {
        let bytes = b"{\n\"a\": \"\xff\"}";
        assert_eq!(strict(bytes).unwrap_err().line, Some(2));
        assert!(lossy(bytes).contains('\u{fffd}'));
        assert_eq!(strict(b"\xef\xbb\xbf{}").unwrap(), "{}");
    }

    #[test]
    fn nothing_printed_is_an_error() {
        assert!(filled(" \n").is_err());
        assert!(strict(b"").is_err());
    }

    #[test]
    fn json_errors_have_one_position_and_quote_it() {
        let error = json::<Vec<u8>>("[1,\n2,\n\"three\"]").unwrap_err();
        let text = error.to_string();
        assert_eq!(error.line, Some(3));
        assert!(text.contains("three"), "{text}");
        assert_eq!(text.matches("line 3").count(), 1, "{text}");
    }

    #[test]
    fn numbers_have_digits_only() {
        assert_eq!(number::<u16>("80"), Some(80));
        assert_eq!(number::<u16>("+80"), None);
        assert_eq!(number::<u16>("70000"), None);
        assert_eq!(number::<u16>(""), None);
    }
}
