//! Hop 6: what the BPF datapath does with the packet.

pub mod annotation;
pub mod frontend_missing;
pub mod frontend_without_backends;
pub mod health_check_node_port_closed;
pub mod health_check_node_port_wrong;
pub mod kube_proxy_replacement_off;
pub mod l7_redirect_missing;
pub mod local_policy_no_endpoint;
mod no_endpoints_object;
pub mod probe;
pub mod source_range_blocks;
pub mod unserved;
