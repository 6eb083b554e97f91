//! Raw documents to facts: one file per source format, for every Cilium version from 1.14 on.

pub mod error;

pub use error::ParseError;
