//! Hop 1: did Kubernetes intent become a load balancer?

mod absent_service;
#[cfg(test)]
pub mod annotated;
pub mod annotation_not_copied;
mod class;
mod class_settings;
pub mod controller;
pub mod declared;
pub mod events;
pub mod gateway_class_not_accepted;
mod gateway_controller;
pub mod gateway_controller_absent;
pub mod generated_service_edited;
pub mod go_bool;
pub mod legacy_controller_took_it;
pub mod listener_certificate_unresolved;
mod listener_left_out;
pub mod listener_not_accepted;
mod listener_untranslated;
mod listeners;
pub mod load_balancer_not_provisioned;
pub mod load_balancer_status_contested;
pub mod node_port_unallocated;
mod operator_age;
pub mod owner;
pub mod placeholder_endpoint;
pub mod refusal;
pub mod route_not_attached;
mod service_type;
pub mod setting;
pub mod traffic_policy_not_as_configured;
