//! Hop 6: what the BPF datapath does with the packet.

pub mod annotation;
pub mod backend_policies;
pub mod backend_policy_drops;
pub mod between_nodes;
pub mod dsr_reply_dropped;
pub mod eni_rules_missing;
pub mod frontend_missing;
pub mod frontend_without_backends;
pub mod health_check_node_port_closed;
pub mod health_check_node_port_wrong;
pub mod host_policy_drops;
pub mod host_process_answers;
pub mod kube_proxy_answers_health_check;
pub mod kube_proxy_beside_cilium;
pub mod kube_proxy_replacement_off;
pub mod l7_redirect_missing;
pub mod listening;
pub mod local_policy_no_endpoint;
pub mod node_port_outside_range;
pub mod policy;
pub mod probe;
pub mod remote_backend_unreachable;
pub mod selector;
pub mod source_range_blocks;
pub mod spread;
pub mod unserved;
