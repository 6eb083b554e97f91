//! Hop 8: what the backends, or Envoy in their place, answer.

pub mod endpoints;
