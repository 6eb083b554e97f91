//! What the integration tests share: stand-ins for the systems the program talks to.

pub(crate) mod cluster;
