//! Hop 4: security groups, network ACLs and routes between the balancer and the target.
//!
//! The arithmetic has files of its own and knows nothing of checks:
//! [`security_group`], [`network_acl`] and [`route`] over [`ports`] and [`cidr`].
//! [`ends`] finds the two ends of a health check, and [`pair`] says which nodes
//! of the balancer have to reach a target.

pub mod acl_fix;
pub mod acl_legs;
pub mod balancer_nodes;
pub mod balancer_security_group_egress_blocks;
pub mod cidr;
pub mod crossing;
pub mod ends;
pub mod flapping;
pub mod forwarding;
pub mod ingress;
pub mod internet_facing_subnet_private;
pub mod load_balancer_not_dual_stack;
pub mod near_miss;
pub mod network_acl;
pub mod network_acl_blocks;
pub mod node_security_group_blocks;
pub mod pair;
pub mod ports;
pub mod primary_ipv6_missing;
pub mod public_access_blocked;
pub mod route;
pub mod route_fix;
pub mod route_missing;
pub mod rule_fix;
pub mod rule_id;
pub mod secondary_interface_preserves_client_ip;
pub mod security_group;
pub mod target_interface;
pub mod why_closed;
