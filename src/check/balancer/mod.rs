//! Hop 2: does the load balancer exist, is it active, and does it listen?

mod asked_scheme;
pub mod classic;
pub mod classic_listener_stale;
pub mod credentials_of_another_account;
pub(super) mod expected_attributes;
pub(crate) mod left_behind;
pub mod listener_forwards_elsewhere;
pub mod listener_left_over;
pub mod listener_missing;
pub mod load_balancer_not_active;
pub mod load_balancer_not_as_declared;
pub mod load_balancer_not_found;
pub mod load_balancer_of_another_stack;
pub mod load_balancer_of_two_services;
mod names;
pub mod orphaned_load_balancer;
pub mod scheme_by_default;
pub mod scheme_not_as_asked;
