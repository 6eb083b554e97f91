//! What a collection tells while it runs, for a progress display on stderr.

use std::fmt;

/// Something worth showing while a person waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A credential plugin has been running for a while; the text is its command line.
    WaitingForCredentials(String),
    /// A wave of parallel calls begins.
    Wave {
        /// 1 to 4.
        number: u8,
        /// What it reads.
        what: &'static str,
    },
    /// How far the running wave is.
    Progress {
        /// What was just read.
        what: String,
        /// Readings that ended.
        done: usize,
        /// Readings of the wave as far as known.
        total: usize,
    },
    /// How many subjects the cluster has.
    Subjects(usize),
    /// Something could not be read; the text names it and says why.
    Gap(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitingForCredentials(command) => {
                write!(f, "waiting for credentials ({command})")
            }
            Self::Subjects(count) => write!(f, "{count} subjects"),
            Self::Wave { number, what } => write!(f, "[{number}/4] {what}"),
            Self::Progress { what, done, total } => write!(f, "{what} {done}/{total}"),
            Self::Gap(text) => write!(f, "not read: {text}"),
        }
    }
}
