//! Hop 6: what the BPF datapath does with the packet.

pub mod annotation;
pub mod backend_unreachable;
pub mod backends_out_of_step;
pub mod exposure;
pub mod frontend_missing;
pub mod frontend_without_backends;
pub mod health_check_node_port_blind;
pub mod health_check_node_port_closed;
pub mod health_check_node_port_denies;
pub mod health_check_node_port_flatters;
pub mod health_check_node_port_wrong;
pub mod hints;
pub mod kube_proxy_health_port_closed;
pub mod kube_proxy_replacement_off;
pub mod l7_redirect_missing;
pub mod local_policy_no_endpoint;
pub mod map_full;
mod no_endpoints_object;
pub mod node_port_taken;
pub mod node_selector;
pub mod port_missing;
pub mod probe;
pub mod source_range_blocks;
pub mod unserved;
pub mod vouched;
