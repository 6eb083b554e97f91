//! Every output format of an audit: what it looks like, and that its readers read back what was written.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod documents;
mod hostile;
mod jsonpath;
mod lists;
mod read_back;
mod sarif;
#[path = "../support/scenario.rs"]
#[allow(dead_code, reason = "only single scenarios are loaded here")]
mod scenario;

use cilium_lb::render::{self, Format, Look, Styles};
use cilium_lb::report::FailOn;
use cilium_lb::report::v1::DiagnosisList;

/// 100 columns, without colour.
const LOOK: Look = Look {
    styles: Styles::PLAIN,
    width: 100,
};

/// A list in a format, as `audit` prints it.
fn text(list: &DiagnosisList, format: &str) -> String {
    under(list, format, FailOn::Error)
}

/// The same with `--fail-on`.
fn under(list: &DiagnosisList, format: &str, fail_on: FailOn) -> String {
    let format: Format = format.parse().unwrap();
    render::list(list, &format, fail_on, &LOOK).unwrap()
}
