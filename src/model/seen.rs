//! A fact together with where it was read.

use super::{Gap, Source};
use std::ops::Deref;

/// Where a fact comes from: the kind of reading and the bundle document that holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The kind of reading, which knows its command and permission.
    pub source: Source,
    /// Path of the document inside the bundle, such as `cilium/node-a/status.json`.
    pub document: String,
}

impl Origin {
    /// An origin in `document`.
    pub fn new(source: Source, document: impl Into<String>) -> Self {
        Self {
            source,
            document: document.into(),
        }
    }
}

/// A value that was read, with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Where it was read.
    pub origin: Origin,
}

impl<T> Fact<T> {
    /// A value read from `origin`.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

impl<T> Deref for Fact<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A fact, or the reason why it is missing.
pub type Seen<T> = Result<Fact<T>, Gap>;
