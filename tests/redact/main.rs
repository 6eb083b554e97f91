//! `capture --redact`: nothing that says whose a bundle is survives, and the diagnosis stays the same.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

#[path = "../support/mod.rs"]
mod support;

mod any;
mod captured;
mod computed;
mod diagnosed;
mod documents;
#[cfg(feature = "live")]
mod live;
mod survivors;
