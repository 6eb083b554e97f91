//! From a bundle to a snapshot: every document in its field, and every gap where its fact would be.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod any;
mod aws;
mod gaps;
mod kubernetes;
mod lists;

use cilium_lb::bundle::Bundle;
use cilium_lb::model::{Gap, Reason, Snapshot};
use cilium_lb::parse;

/// The snapshot of some documents.
pub(crate) fn snapshot(documents: &[(&str, &str)]) -> Snapshot {
    let mut bundle = Bundle::default();
    for (path, text) in documents {
        bundle.insert(*path, *text);
    }
    parse::snapshot(&bundle)
}

/// The only gap of a snapshot, as it is printed.
pub(crate) fn only_gap(snapshot: &Snapshot) -> &Gap {
    assert_eq!(snapshot.gaps.len(), 1, "{:#?}", snapshot.gaps);
    &snapshot.gaps[0]
}

/// Asserts that a gap is about an unreadable document and says all of `parts`.
#[track_caller]
pub(crate) fn assert_unreadable(gap: &Gap, parts: &[&str]) {
    let Reason::Unreadable(text) = &gap.reason else {
        panic!("{gap:?}");
    };
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}
