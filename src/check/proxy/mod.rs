//! Hop 7: was Envoy asked, did it agree, and does it listen where the datapath sends the packet?

pub mod envoy_config_missing;
pub mod envoy_config_rejected;
pub mod envoy_listener_missing;
mod port_left_out;
pub mod rejected;
pub mod requested;
pub mod tproxy_rule_missing;
