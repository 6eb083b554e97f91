//! Hop 3: is the target registered, and checked as the Service needs?

pub mod address_outside_vpc;
pub mod agent_port_checked_with_tls;
pub mod binding_rule_without_ports;
pub mod check_timing_tight;
pub mod classic_check_elsewhere;
pub mod classic_instance_out_of_service;
mod eligibility;
mod expected;
mod facts;
mod health_check;
pub mod instance_not_running;
pub mod local_check_ignores_answer;
pub mod local_check_on_traffic_port;
pub mod placeholder_registered;
mod registrar;
mod registration_fix;
mod states;
pub mod target_group_not_as_declared;
pub mod target_group_not_attached;
pub mod target_in_transition;
pub mod target_not_registered;
pub mod target_port_stale;
pub mod target_type_unusable;
pub mod target_zone_not_enabled;
mod unregistered;
