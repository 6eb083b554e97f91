//! The secret of a redaction, and the pseudo-random bits that come from it.
//!
//! Stand-ins are made with a key that is forgotten afterwards. Without it the
//! four billion addresses could be tried one after the other until one gives
//! the stand-in.

use sha2::{Digest, Sha256};
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Decides which stand-in an identifier gets; whoever has it can undo a redaction by trying.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Key {
    /// A new key from what the operating system seeds hash tables with: 128 bits, once per thread.
    ///
    /// The standard library promises randomness against flooded tables, not a cipher's key. SipHash and
    /// SHA-256 stand between those bits and every stand-in, so trying all 2^128 of them is what is left.
    pub fn random() -> Self {
        let mut bytes = Sha256::new();
        for counter in 0..4_u64 {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(counter);
            bytes.update(hasher.finish().to_be_bytes());
        }
        Self(bytes.finalize().into())
    }

    /// 32 bytes that nobody can tell from random ones without the key; `domain` keeps uses apart.
    pub(super) fn bits(&self, domain: &str, data: &[u8]) -> [u8; 32] {
        let mut inner = Sha256::new();
        inner.update(self.0);
        inner.update([u8::try_from(domain.len()).unwrap_or(u8::MAX)]);
        inner.update(domain);
        inner.update(data);
        // The outer hash keeps a longer input from being computed out of a shorter one's result.
        let mut outer = Sha256::new();
        outer.update(self.0);
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    /// As many bytes as are asked for.
    pub(super) fn stream(&self, domain: &str, data: &[u8]) -> impl Iterator<Item = u8> + use<> {
        let (key, domain, data) = (self.clone(), domain.to_owned(), data.to_owned());
        (0_u32..).flat_map(move |block| {
            let mut input = block.to_be_bytes().to_vec();
            input.extend_from_slice(&data);
            key.bits(&domain, &input)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_differ_and_are_not_shown() {
        let (one, two) = (Key::random(), Key::random());
        assert_ne!(one, two);
        assert_ne!(one.bits("a", b"x"), two.bits("a", b"x"));
        assert_eq!(format!("{one:?}"), "Key(…)");
    }

    #[test]
    fn uses_are_kept_apart() {
        let key = Key::from([7; 32]);
        assert_ne!(key.bits("a", b"bc"), key.bits("ab", b"c"));
        assert_eq!(key.bits("a", b"x"), key.bits("a", b"x"));
    }
}
