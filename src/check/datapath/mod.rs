//! Hop 6: what the BPF datapath does with the packet.

pub mod frontend_missing;
pub mod frontend_without_backends;
pub mod l7_redirect_missing;
pub mod probe;
pub mod unserved;
