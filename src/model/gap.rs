//! Why a fact is missing.
//!
//! A gap makes a check unknown. It always names the reading that would close it.

use super::Source;
use std::fmt;

/// What kept a reading from becoming a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nobody tried, or the bundle was made without it.
    NotCollected,
    /// The caller may not read it; the text is the server's or AWS's own.
    Denied(String),
    /// The reading was tried and failed: time-out, throttling, a dead agent.
    Failed(String),
    /// The document exists and cannot be read; the text has the position and quotes the line.
    Unreadable(String),
    /// Only a part was captured, so that absence from it proves nothing.
    Partial(String),
}

/// A missing fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The kind of reading that is missing.
    pub source: Source,
    /// What it is about: `node ip-10-0-1-5`, `target group k8s-web`, or empty for the whole kind.
    pub about: String,
    /// Why it is missing.
    pub reason: Reason,
}

impl Gap {
    /// A reading that nobody made.
    pub fn not_collected(source: Source, about: impl Into<String>) -> Self {
        Self::new(source, about, Reason::NotCollected)
    }

    /// A gap with its reason.
    pub fn new(source: Source, about: impl Into<String>, reason: Reason) -> Self {
        Self {
            source,
            about: about.into(),
            reason,
        }
    }

    /// The permission that would allow the reading, when it was denied.
    pub fn permission(&self) -> Option<&'static str> {
        matches!(self.reason, Reason::Denied(_)).then(|| self.source.permission())
    }

    /// The command that a person can run to settle it, with the object filled in where it is known;
    /// `namespace` is that of the agents.
    pub fn command(&self, namespace: &str) -> String {
        self.source.command(&self.about, namespace)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCollected => f.write_str("not captured"),
            Self::Denied(why) => write!(f, "denied: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
            Self::Partial(why) => write!(f, "only a part was captured: {why}"),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.about.is_empty() {
            write!(f, "{}: {}", self.source.title(), self.reason)
        } else {
            write!(
                f,
                "{} ({}): {}",
                self.source.title(),
                self.about,
                self.reason
            )
        }
    }
}
