//! Names that mean a credential, and names that only sound like one.

/// Field names that hold a credential wherever they appear, in lower case without separators.
const FIELDS: &[&str] = &[
    "accesskeyid",
    "accesstoken",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "awsaccesskeyid",
    "awssecretaccesskey",
    "awssessiontoken",
    "bearertoken",
    "clientkeydata",
    "clientsecret",
    "dockercfg",
    "dockerconfigjson",
    "genericsecret",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "sessionticketkeys",
    "sessiontoken",
    "tlskey",
    "token",
    "xamzsecuritytoken",
    "xapikey",
    "xauthtoken",
    "xvaulttoken",
];

/// Fields that are removed with everything below them, not only when they hold a plain value.
const WHOLE: &[&str] = &["genericsecret", "privatekey", "sessionticketkeys"];

/// Names that end like a credential's and never are one.
const HARMLESS: &[&str] = &[
    "automountserviceaccounttoken",
    "clienttoken",
    "nexttoken",
    "paginationtoken",
    "serviceaccounttoken",
];

/// Ends of environment variable names that mean a credential.
const VARIABLE_ENDS: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "apikey",
    "credential",
    "credentials",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "signingkey",
    "token",
];

/// Ends of all the names above with their separators, without regard to case: what is looked at closely.
const ENDS: &[&str] = &[
    "authorization",
    "cfg",
    "configjson",
    "credential",
    "credentials",
    "key",
    "key-data",
    "key.data",
    "key-id",
    "key_data",
    "key_id",
    "keydata",
    "keyid",
    "keys",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "secretlist",
    "token",
];

/// Longest word that is taken for a name, in bytes.
const MAX_WORD: usize = 128;
/// Shortest name of a credential, in bytes.
const MIN_WORD: usize = 5;

/// Whether a field of this name holds a credential: `token`, `client-key-data`; not `token-ttl` or `NextToken`.
pub(super) fn is_field(name: &str) -> bool {
    let plain = plain(name);
    FIELDS.binary_search(&plain.as_str()).is_ok()
}

/// Whether such a field is removed although its value is an object.
pub(super) fn is_whole(name: &str) -> bool {
    WHOLE.contains(&plain(name).as_str())
}

/// Whether an environment variable or flag of this name holds a credential: `DB_PASSWORD`; not `PASSWORD_FILE`.
pub(super) fn is_variable(name: &str) -> bool {
    if is_field(name) {
        return true;
    }
    if HARMLESS.contains(&plain(name).as_str()) {
        return false;
    }
    let words: Vec<String> = words(name);
    (1..=3.min(words.len())).any(|count| {
        let end = words[words.len() - count..].concat();
        VARIABLE_ENDS.contains(&end.as_str())
    })
}

/// Whether the text names a Secret object or a credential, as a whole word.
///
/// One pass over the bytes: bundles are large, and most of their documents name neither.
pub(super) fn is_suspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !is_word_byte(*byte) {
            if at - start >= MIN_WORD && is_suspicious_word(&text[start..at]) {
                return true;
            }
            start = at + 1;
        }
    }
    bytes.len() - start >= MIN_WORD && is_suspicious_word(&text[start..])
}

fn is_suspicious_word(word: &str) -> bool {
    let word = word.trim_matches(['-', '.', '_']);
    let bytes = word.as_bytes();
    let ends = |end: &str| {
        bytes
            .len()
            .checked_sub(end.len())
            .is_some_and(|at| bytes[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    // Every volume that mounts a Secret has a field `secret`, with an object below it.
    (bytes.len() <= MAX_WORD && word != "secret")
        && ENDS.iter().any(|end| ends(end))
        && (matches!(word, "Secret" | "SecretList") || is_variable(word))
}

/// Whether the text names the kind Secret.
pub(super) fn names_a_secret(text: &str) -> bool {
    text.match_indices("Secret")
        .any(|(at, _)| matches!(word_around(text, at), "Secret" | "SecretList"))
}

/// The word of letters, digits, `_`, `-` and `.` around a byte of the text.
fn word_around(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let (mut start, mut end) = (at, at);
    while start > at.saturating_sub(MAX_WORD) && is_word_byte(bytes[start - 1]) {
        start -= 1;
    }
    while end < bytes.len().min(at + MAX_WORD) && is_word_byte(bytes[end]) {
        end += 1;
    }
    // Flags begin with dashes that are no part of their name.
    text[start..end].trim_start_matches('-')
}

/// Whether a byte can stand in the name of a field, variable or flag.
pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Lower case without separators; cut, because no name of interest is long.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .take(64)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The words of `DB_PASSWORD`, `db-password` or `dbPassword` in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars().take(256) {
        let starts = before.is_ascii_lowercase() && c.is_ascii_uppercase();
        if c.is_ascii_alphanumeric() {
            match words.last_mut() {
                Some(word) if before.is_ascii_alphanumeric() && !starts => {
                    word.push(c.to_ascii_lowercase());
                }
                _ => words.push(c.to_ascii_lowercase().to_string()),
            }
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, is_field, is_suspicious, is_variable};

    #[test]
    fn the_table_is_sorted() {
        assert!(FIELDS.is_sorted());
    }

    #[test]
    fn fields_and_near_misses() {
        for name in [
            "token",
            "client-key-data",
            "aws_secret_access_key",
            "AccessKeyId",
            "tls.key",
        ] {
            assert!(is_field(name), "{name}");
            assert!(is_suspicious(&format!("{{\"{name}\":1}}")), "{name}");
        }
        for name in [
            "token-ttl",
            "NextToken",
            "ClientToken",
            "serviceAccountToken",
            "secretName",
            "tls.crt",
        ] {
            assert!(!is_field(name), "{name}");
        }
        assert!(!is_suspicious(
            "NextToken: x, secretName: y, serviceAccountToken:\n  secret:\n"
        ));
    }

    #[test]
    fn variables_and_near_misses() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "GITHUB_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "APP_API_KEY",
            "S3_SECRET",
        ] {
            assert!(is_variable(name), "{name}");
            assert!(is_suspicious(&format!("name: {name}\n")), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "TOKEN_TTL",
            "SECRET_NAME",
            "KEY",
            "MONKEY",
            "serviceAccountToken",
            "CILIUM_K8S_NAMESPACE",
        ] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
