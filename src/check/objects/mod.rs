//! Hop 1: did Kubernetes intent become a load balancer?

mod absent_service;
pub mod annotation_not_copied;
pub mod declared;
pub mod events;
pub mod legacy_controller_took_it;
pub mod load_balancer_not_provisioned;
pub mod node_port_unallocated;
pub mod owner;
pub mod placeholder_endpoint;
pub mod refusal;
mod service_type;
pub mod setting;
