//! Hop 5: is the node ready to serve, and does its agent run the configuration that was asked for?

pub mod age;
pub mod agent_just_started;
pub mod agent_not_ready;
pub mod agent_stale;
pub mod causal;
pub mod cni_chaining;
pub mod config_drift;
pub mod config_drift_pending;
pub mod conntrack_pressure;
pub mod desired;
pub mod drift;
pub mod drift_key_not_causal;
pub mod drift_lines;
pub mod enforcement;
pub mod envoy_config_disabled;
pub mod ipsec_without_node_port;
pub mod no_address_for_ingress;
pub mod node_not_ready;
pub mod option;
pub mod pods;
pub mod restart;
pub mod reverse_path_filter_strict;
pub mod running;
pub mod setting;
pub mod start_failure;
pub mod xdp;
