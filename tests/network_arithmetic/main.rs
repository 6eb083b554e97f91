//! The arithmetic of the network hop against vectors, brute force and its own laws.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod acl;
mod checks;
mod group;
mod near_miss;
mod pair;
mod region;
mod route;

use cilium_lb::model::{Gap, Source};
use std::net::IpAddr;

/// An address.
pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The gap of a prefix list that nobody read.
pub(crate) fn unread(id: &str) -> Gap {
    Gap::not_collected(Source::PrefixLists, id)
}
