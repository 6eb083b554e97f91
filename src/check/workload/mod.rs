//! Hop 8: what the backends, or Envoy in their place, answer.

pub mod answer;
pub mod chains;
pub mod check_meets_proxy_protocol;
pub mod check_protocol_mismatch;
pub mod classic_check_leaves_port_out;
pub mod client_range_not_admitted;
pub mod client_ranges;
pub mod connection_collisions;
pub mod dns_points_elsewhere;
pub mod endpoints;
pub mod endpoints_ready_by_force;
pub mod hairpin;
pub mod http_check_answer_mismatch;
pub mod http_check_misses_host;
pub mod http_probe;
pub mod ingress_policy;
pub mod ingress_policy_denies;
pub mod listener_port_not_admitted;
pub mod listener_tls_mismatch;
pub mod no_ready_endpoints;
pub mod preservation;
pub mod proxy_protocol;
pub mod proxy_protocol_mismatch;
pub mod upstream;
pub mod upstream_without_healthy_host;
pub mod zone_without_target;
