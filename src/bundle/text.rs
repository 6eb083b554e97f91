//! Bytes to text without loss, or the byte at which that fails.
//!
//! A shell on Windows writes redirected output as UTF-16 with a byte order
//! mark; that is text as well. Anything else that is not UTF-8 is refused
//! rather than repaired, because a replaced byte may be the one that decides.

use std::borrow::Cow;

/// Bytes that are not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 text: the byte at offset {offset} (0x{byte:02x}) does not belong there")]
pub struct NotText {
    /// Offset of the first byte that is no text, from 0.
    pub offset: usize,
    /// That byte.
    pub byte: u8,
}

/// Reads UTF-8 with or without a byte order mark, or UTF-16 with one.
///
/// # Errors
/// The first byte that is no text.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3).map(Cow::Borrowed),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => utf8(bytes, 0).map(Cow::Borrowed),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<&str, NotText> {
    std::str::from_utf8(bytes).map_err(|error| NotText {
        offset: error.valid_up_to() + skipped,
        byte: bytes.get(error.valid_up_to()).copied().unwrap_or_default(),
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut units = 0;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(character) = decoded else {
            return Err(not_text(bytes, units * 2));
        };
        units += character.len_utf16();
        text.push(character);
    }
    if odd.is_empty() {
        Ok(text)
    } else {
        Err(not_text(bytes, bytes.len() - 1))
    }
}

/// An error at `at` of the bytes behind a two-byte mark.
fn not_text(bytes: &[u8], at: usize) -> NotText {
    NotText {
        offset: at + 2,
        byte: bytes.get(at).copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn utf8_and_utf16_with_marks_are_text() {
        let little: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("aé😀".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let big: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain("aé😀".encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        for bytes in [&b"a\xc3\xa9\xf0\x9f\x98\x80"[..], &little, &big] {
            assert_eq!(decode(bytes).unwrap(), "aé😀");
        }
        assert_eq!(decode(b"\xef\xbb\xbfa").unwrap(), "a");
    }

    #[test]
    fn the_first_bad_byte_is_named() {
        let error = decode(b"ab\xff").unwrap_err();
        assert_eq!((error.offset, error.byte), (2, 0xff));
        assert_eq!(decode(b"\xef\xbb\xbfa\x80").unwrap_err().offset, 4);
        // A lone low surrogate, and half a unit.
        assert_eq!(decode(b"\xff\xfea\0\0\xdc").unwrap_err().offset, 4);
        assert_eq!(decode(b"\xff\xfea\0b").unwrap_err().offset, 4);
    }
}
