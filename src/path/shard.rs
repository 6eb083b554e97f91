//! One of several equal slices of all subjects, for audits that are spread over processes.
//!
//! A slice is stable: where a subject belongs depends on its own name alone, so adding or removing another one, in
//! this cluster or any other, moves nothing.

use super::Subject;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A slice: `index` of `total`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    total: u32,
}

/// A slice that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShard {
    /// Not `I/N`.
    #[error("{0:?} is no shard: expected I/N, such as 1/4 for the first of four")]
    Form(String),
    /// No shards at all.
    #[error("0 shards hold nothing: expected at least 1")]
    None,
    /// Outside of what there is.
    #[error("there is no shard {index} of {total}: shards are counted from 1 to {total}")]
    Outside {
        /// What was asked for.
        index: u32,
        /// How many there are.
        total: u32,
    },
}

impl Shard {
    /// Shard `index`, from 1, of `total`.
    ///
    /// # Errors
    /// When there is no such shard.
    pub fn new(index: u32, total: u32) -> Result<Self, InvalidShard> {
        match (index, total) {
            (_, 0) => Err(InvalidShard::None),
            (1.., _) if index <= total => Ok(Self { index, total }),
            _ => Err(InvalidShard::Outside { index, total }),
        }
    }

    /// Which it is, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are, at least 1.
    pub fn total(self) -> u32 {
        self.total
    }

    /// Whether a subject belongs to it. `namespace` and `name` are those of the Service behind the subject, or its own
    /// where there is none, so that everything behind one Service stays together.
    pub fn holds(self, cluster: &str, namespace: &str, name: &str) -> bool {
        let mut hash = Sha256::new();
        for part in [cluster, namespace, name] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let first = hash.finalize().into_iter().take(8);
        let number = first.fold(0_u64, |number, byte| number << 8 | u64::from(byte));
        number % u64::from(self.total) == u64::from(self.index - 1)
    }

    /// Whether `subject` of `cluster` belongs to it.
    pub fn holds_subject(self, cluster: &str, subject: &Subject) -> bool {
        let name = subject.service.as_ref().unwrap_or(&subject.object);
        self.holds(cluster, &name.namespace, &name.name)
    }
}

impl FromStr for Shard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        };
        let parts = text.split_once('/');
        match parts.map(|(index, total)| (number(index), number(total))) {
            Some((Some(index), Some(total))) => Self::new(index, total),
            _ => Err(InvalidShard::Form(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn only_shards_that_exist_are_read() {
        for text in ["1/1", "1/4", "4/4", "17/100"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for (text, said) in [
            ("0/4", "from 1 to 4"),
            ("5/4", "from 1 to 4"),
            ("1/0", "at least 1"),
            ("0/0", "at least 1"),
            ("x", "expected I/N"),
            ("1/x", "expected I/N"),
            ("/4", "expected I/N"),
            ("+1/4", "expected I/N"),
            ("1/4/4", "expected I/N"),
            ("1/99999999999", "expected I/N"),
            ("", "expected I/N"),
        ] {
            let told = text.parse::<Shard>().unwrap_err().to_string();
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn the_slices_of_a_name_never_change() {
        // Other versions of the program audit the other shards: the numbers are part of the contract.
        let of = |name: &str| {
            (1..=4)
                .filter(|index| Shard::new(*index, 4).unwrap().holds("prod", "shop", name))
                .collect::<Vec<_>>()
        };
        let found: Vec<Vec<u32>> = ["web", "api", "db", "cart"].map(of).into();
        assert_eq!(found, [[3], [1], [1], [3]]);
    }
}
