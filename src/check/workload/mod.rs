//! Hop 8: what the backends, or Envoy in their place, answer.

pub mod chains;
pub mod check_protocol_mismatch;
pub mod endpoints;
pub mod endpoints_ready_by_force;
pub mod http_check_misses_host;
pub mod http_probe;
pub mod no_ready_endpoints;
