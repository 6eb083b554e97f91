//! AWS documents, in the shapes that the AWS CLI prints.
//!
//! The structs serialise to the CLI's own JSON, so the live collector writes
//! the very documents that a person would capture by hand.

pub mod arn;
pub mod block_public_access;
pub mod classic;
pub mod instance;
pub mod load_balancer;
pub mod network_acl;
pub mod region;
pub mod route_table;
pub mod security_group;
pub mod security_group_rule;
pub mod subnet;
pub mod target_group;

pub use arn::Arn;
pub use block_public_access::{BlockPublicAccess, BlockPublicAccessExclusion};
pub use classic::{ClassicLoadBalancer, InstanceHealth};
pub use instance::{Instance, NetworkInterface};
pub use load_balancer::{Listener, LoadBalancer};
pub use network_acl::NetworkAcl;
pub use region::{CallerIdentity, Region};
pub use route_table::RouteTable;
pub use security_group::SecurityGroup;
pub use security_group_rule::SecurityGroupRule;
pub use subnet::{Subnet, Vpc};
pub use target_group::{TargetGroup, TargetHealthDescription};

use std::collections::BTreeMap;

/// AWS facts by account and region.
#[derive(Debug, Clone, Default)]
pub struct Aws {
    /// Keyed by account number and region name.
    pub regions: BTreeMap<(String, String), Region>,
}
