//! Raw documents to facts: one file per source format, for every Cilium version from 1.14 on.

pub mod cilium;
pub mod envoy;
pub mod error;
pub mod hubble;
mod keep;
pub(crate) mod prometheus;
pub(crate) mod text;

pub use error::ParseError;
