//! Stand-ins of single words, of which the stand-ins of names are put together.
//!
//! Names are put together out of names: `cilium-gateway-NAME`, `NAMESPACE-NAME`,
//! `NAME.NAMESPACE.svc`. A word that has the same stand-in wherever it occurs
//! makes the stand-in of the whole the whole of the stand-ins, whoever puts
//! it together: Kubernetes, Cilium, AWS or a check.

use super::key::Key;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Tries before a stand-in gets longer, which only very short words need.
const TRIES: u32 = 200;

/// Stand-ins of words in lower case.
#[derive(Debug)]
pub(super) struct Words {
    key: Key,
    known: HashMap<String, String>,
}

impl Words {
    /// Gives every word a stand-in of its own that is neither a word of the bundle nor one of `reserved`; `kept` words stay.
    pub(super) fn new(
        key: Key,
        words: &BTreeSet<String>,
        kept: &HashSet<String>,
        reserved: &HashSet<String>,
    ) -> Self {
        let mut taken: HashSet<String> = HashSet::new();
        let mut known = HashMap::new();
        for word in words {
            let mut made = shaped(&key, word, 0);
            for attempt in 1.. {
                let is_free =
                    !words.contains(&made) && !reserved.contains(&made) && !taken.contains(&made);
                if is_number(word) || is_free {
                    break;
                }
                made = shaped(&key, word, attempt);
            }
            if kept.contains(word) {
                made.clone_from(word);
            }
            taken.insert(made.clone());
            known.insert(word.clone(), made);
        }
        Self { key, known }
    }

    /// The stand-in of a word in lower case.
    pub(super) fn of(&self, word: &str) -> String {
        match self.known.get(word) {
            Some(made) => made.clone(),
            None => shaped(&self.key, word, 0),
        }
    }
}

/// Ordinals and ports stay; longer numbers are accounts and serial numbers.
fn is_number(word: &str) -> bool {
    word.len() < 5 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Identifiers that AWS, Kubernetes and container runtimes draw.
fn is_hexadecimal(word: &str) -> bool {
    word.len() >= 8
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A word of the same length with letters for letters and digits for digits.
fn shaped(key: &Key, word: &str, attempt: u32) -> String {
    if is_number(word) {
        return word.to_owned();
    }
    let hexadecimal = is_hexadecimal(word);
    let mut input = attempt.to_be_bytes().to_vec();
    input.extend_from_slice(word.as_bytes());
    let longer = usize::try_from(attempt / TRIES).unwrap_or(0);
    let letters = std::iter::repeat_n('a', longer);
    word.chars()
        .chain(letters)
        .zip(key.stream("word", &input))
        .map(|(like, byte)| match like {
            _ if hexadecimal => char::from_digit(u32::from(byte % 16), 16).unwrap_or('0'),
            '0'..='9' => char::from(b'0' + byte % 10),
            _ if like.is_ascii() => char::from(b'a' + byte % 26),
            other => other,
        })
        .collect()
}

/// The stand-in in the case of what it stands for, as DNS names are given in any case.
pub(super) fn in_case_of(given: &str, made: &str) -> String {
    if given.len() != made.len() || !given.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return made.to_owned();
    }
    given
        .chars()
        .zip(made.chars())
        .map(|(like, made)| {
            if like.is_ascii_uppercase() {
                made.to_ascii_uppercase()
            } else {
                made
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Key, Words, in_case_of};
    use std::collections::{BTreeSet, HashSet};

    fn words(list: &[&str], kept: &[&str]) -> Words {
        let list: BTreeSet<String> = list.iter().map(|word| (*word).to_owned()).collect();
        let kept: HashSet<String> = kept.iter().map(|word| (*word).to_owned()).collect();
        Words::new(Key::from([5; 32]), &list, &kept, &HashSet::new())
    }

    #[test]
    fn every_word_has_its_own_stand_in_of_the_same_shape() {
        let letters: Vec<String> = ('a'..='m').map(String::from).collect();
        let mut list: Vec<&str> = letters.iter().map(String::as_str).collect();
        list.extend(["web", "612420dd71d07700", "111122223333", "2", "kube"]);
        let words = words(&list, &["kube"]);
        let made: BTreeSet<String> = list.iter().map(|word| words.of(word)).collect();
        assert_eq!(made.len(), list.len());
        for word in &list {
            assert_eq!(
                words.of(word) == *word,
                ["2", "kube"].contains(word),
                "{word}"
            );
        }
        assert!(
            words
                .of("612420dd71d07700")
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
        );
        assert!(words.of("111122223333").bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn more_words_than_letters_get_longer_stand_ins() {
        let letters: Vec<String> = ('a'..='z').map(String::from).collect();
        let list: Vec<&str> = letters.iter().map(String::as_str).collect();
        let words = words(&list, &[]);
        let made: BTreeSet<String> = list.iter().map(|word| words.of(word)).collect();
        assert_eq!(made.len(), 26);
        assert!(made.iter().all(|word| word.len() == 2), "{made:?}");
    }

    #[test]
    fn the_case_of_the_original_is_kept() {
        assert_eq!(in_case_of("Web", "kfx"), "Kfx");
        assert_eq!(in_case_of("web", "kfx"), "kfx");
    }
}
