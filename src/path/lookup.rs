//! The result of following a reference.

use crate::model::Gap;

/// Something that a reference leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup<T> {
    /// It exists.
    Found(T),
    /// It is proven not to exist; the text says what proves it.
    Absent(String),
    /// It was not read.
    Unknown(Gap),
}

impl<T> Lookup<T> {
    /// The value, if it was found.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(value) => Some(value),
            _ => None,
        }
    }

    /// The value, `None` when its absence is proven.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn read(&self) -> Result<Option<&T>, Gap> {
        match self {
            Self::Found(value) => Ok(Some(value)),
            Self::Absent(_) => Ok(None),
            Self::Unknown(gap) => Err(gap.clone()),
        }
    }
}
