//! Hop 7: was Envoy asked, did it agree, and does it listen where the datapath sends the packet?

pub mod accepting;
pub mod bpf_tproxy_drops;
pub mod bridge_skips_tproxy;
pub mod envoy_config_missing;
pub mod envoy_config_rejected;
pub mod envoy_config_skipped;
pub mod envoy_connection_limit;
pub mod envoy_down;
pub mod envoy_image_skew;
pub mod envoy_listener_missing;
pub mod fixed_address;
pub mod host_network_listener_missing;
pub mod host_network_listener_rejected;
pub mod host_network_node_port;
pub mod nack;
mod port_left_out;
pub mod rejected;
pub mod requested;
pub mod route_left_out;
pub mod skipped;
pub mod tproxy_rule_missing;
mod translated;
mod warming;
