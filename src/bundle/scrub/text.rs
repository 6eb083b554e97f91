//! Credentials in texts that have no structure, and private keys in any text.

use super::names::{is_variable, is_word_byte};
use super::value::REMOVED;
use std::borrow::Cow;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const KEY_MARK: &str = "PRIVATE KEY-----";
/// Longest label in bytes; `ENCRYPTED PRIVATE KEY` is the longest in use.
const MAX_LABEL: usize = 40;
const KEY_REMOVED: &str = "<private key removed>";

/// Cuts PEM blocks of private keys, also where their line ends are written as `\n`.
pub(super) fn without_keys(text: &str) -> Cow<'_, str> {
    if !text.contains(KEY_MARK) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let label = &rest[at + BEGIN.len()..];
        match behind_label(label) {
            Some(body) => {
                out.push_str(&rest[..at]);
                out.push_str(KEY_REMOVED);
                rest = behind_key(body);
            }
            None => {
                out.push_str(&rest[..at + BEGIN.len()]);
                rest = label;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What follows `RSA PRIVATE KEY-----`; `None` for the label of anything else.
fn behind_label(text: &str) -> Option<&str> {
    let is_label = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ';
    let length = text.bytes().take(MAX_LABEL).take_while(is_label).count();
    let (label, rest) = text.split_at(length);
    label
        .ends_with("PRIVATE KEY")
        .then_some(rest)?
        .strip_prefix(DASHES)
}

/// What follows the body of a key and its end mark; a key that was cut off ends where its characters end.
fn behind_key(body: &str) -> &str {
    let bytes = body.as_bytes();
    let may_belong =
        |b: u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"+/=\\-:,".contains(&b);
    let end = (0..bytes.len())
        .find(|at| !may_belong(bytes[*at]) || bytes[*at..].starts_with(DASHES.as_bytes()))
        .unwrap_or(bytes.len());
    let rest = &body[end..];
    rest.strip_prefix("-----END ")
        .and_then(behind_label)
        .unwrap_or(rest)
}

/// Replaces the values in `token=abc`, `password: abc` and `"token": "abc"`, line by line.
pub(super) fn without_values(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if !is_word_byte(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_word_byte(bytes[at]) {
            at += 1;
        }
        let word = text[start..at].trim_start_matches('-');
        if !is_variable(word) {
            continue;
        }
        if let Some((from, to)) = value_after(text, at).filter(|(a, b)| text[*a..*b] != *REMOVED) {
            out.push_str(&text[copied..from]);
            out.push_str(REMOVED);
            (copied, at) = (to, to);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The range of the value after `: ` or `=` behind a name; `None` if none follows on the line.
fn value_after(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let skip = |mut at: usize, set: &[u8]| {
        while bytes.get(at).is_some_and(|b| set.contains(b)) {
            at += 1;
        }
        at
    };
    let sign = skip(at, b"\\\"' \t");
    if !matches!(bytes.get(sign), Some(b':' | b'=')) {
        return None;
    }
    let mut from = skip(sign + 1, b" \t");
    let quote = bytes
        .get(from)
        .copied()
        .filter(|b| matches!(b, b'"' | b'\''));
    if quote.is_some() {
        from += 1;
    }
    for scheme in ["Bearer ", "Basic "] {
        if text[from..].starts_with(scheme) {
            from += scheme.len();
        }
    }
    let ends = |b: &u8| match quote {
        Some(quote) => *b == quote || *b == b'\n',
        None => b.is_ascii_whitespace() || b"\"',;&}])".contains(b),
    };
    let length = bytes[from..]
        .iter()
        .position(ends)
        .unwrap_or(bytes.len() - from);
    (length > 0).then_some((from, from + length))
}

#[cfg(test)]
mod tests {
    use super::{without_keys, without_values};

    #[test]
    fn private_keys_are_cut_and_certificates_stay() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\n-----END RSA PRIVATE KEY-----";
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----";
        let text = format!(
            "a: |\n{key}\nb: \"{certificate}\"\nc: \"{}\"",
            key.replace('\n', "\\n")
        );
        assert_eq!(
            without_keys(&text),
            format!(
                "a: |\n<private key removed>\nb: \"{certificate}\"\nc: \"<private key removed>\""
            )
        );
        // Cut off in the middle of the key.
        let cut = "{\"k\":\"-----BEGIN PRIVATE KEY-----\\nMIIE\\nabc\"}";
        assert_eq!(without_keys(cut), "{\"k\":\"<private key removed>\"}");
        // Cut off, and followed by a whole one.
        let two = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----";
        assert_eq!(
            without_keys(two),
            "<private key removed><private key removed>"
        );
        assert_eq!(without_keys("no PRIVATE KEY-----"), "no PRIVATE KEY-----");
    }

    #[test]
    fn values_are_cut_and_near_misses_stay() {
        for (text, expected) in [
            ("msg=x token=abc ttl=1", "msg=x token=<removed> ttl=1"),
            ("\"password\": \"a b\",", "\"password\": \"<removed>\","),
            (
                "Authorization: Bearer abc.def",
                "Authorization: Bearer <removed>",
            ),
            ("--token=abc", "--token=<removed>"),
            (
                "AWS_SECRET_ACCESS_KEY=é/x\nnext",
                "AWS_SECRET_ACCESS_KEY=<removed>\nnext",
            ),
            ("token-ttl: 30s", "token-ttl: 30s"),
            ("NextToken=abc", "NextToken=abc"),
            ("token expired", "token expired"),
            ("token:\n  audience", "token:\n  audience"),
        ] {
            assert_eq!(without_values(text), expected, "{text}");
            assert_eq!(without_values(expected), expected, "{expected} twice");
        }
    }
}
