//! Hop 6: what the BPF datapath does with the packet.

pub mod l7_redirect_missing;
