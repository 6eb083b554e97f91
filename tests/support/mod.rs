//! What the integration tests share: scenarios, and stand-ins for the systems the program talks to.

#![allow(unused, reason = "every test file uses its own part")]

pub(crate) mod aws;
pub(crate) mod cluster;
pub(crate) mod clusters;
#[cfg(feature = "live")]
pub(crate) mod crowd;
pub(crate) mod diagnosis;
#[cfg(feature = "live")]
pub(crate) mod edited;
pub(crate) mod envoy;
#[cfg(feature = "live")]
pub(crate) mod estate;
pub(crate) mod fleet;
pub(crate) mod scenario;
pub(crate) mod venv;
#[cfg(feature = "live")]
pub(crate) mod world;
