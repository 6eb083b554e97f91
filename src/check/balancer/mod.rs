//! Hop 2: does the load balancer exist, is it active, and does it listen?

mod asked_scheme;
pub mod listener_missing;
pub mod load_balancer_not_active;
pub mod load_balancer_not_found;
pub mod scheme_not_as_asked;
