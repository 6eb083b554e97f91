//! The one list of checks, in the order of their codes.

use super::{Check, Code, datapath, network};

/// Every check.
pub static CHECKS: &[&Check] = &[
    &network::balancer_security_group_egress_blocks::CHECK,
    &network::node_security_group_blocks::CHECK,
    &network::network_acl_blocks::CHECK,
    &network::route_missing::CHECK,
    &network::internet_facing_subnet_private::CHECK,
    &datapath::l7_redirect_missing::CHECK,
];

/// The check that a code or a slug names.
pub fn find(text: &str) -> Option<&'static Check> {
    let code = text.parse::<Code>().ok();
    CHECKS
        .iter()
        .copied()
        .find(|check| Some(check.code) == code || check.slug.eq_ignore_ascii_case(text))
}
