//! Hop 3: is the target registered, and checked as the Service needs?

pub mod address_outside_vpc;
pub mod binding_rule_without_ports;
mod eligibility;
mod expected;
mod facts;
pub mod instance_not_running;
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
