//! EC2 subnets and VPCs.

use super::load_balancer::Tag;
use serde::{Deserialize, Serialize};

/// A subnet of `ec2 describe-subnets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Subnet {
    /// `subnet-…`.
    pub subnet_id: String,
    /// VPC.
    pub vpc_id: String,
    /// Zone.
    pub availability_zone: String,
    /// IPv4 range.
    pub cidr_block: String,
    /// Free addresses; a balancer needs 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_ip_address_count: Option<i32>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A VPC of `ec2 describe-vpcs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Vpc {
    /// `vpc-…`.
    pub vpc_id: String,
    /// Primary IPv4 range.
    pub cidr_block: String,
    /// All IPv4 ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidr_block_association_set: Vec<VpcCidr>,
}

/// An IPv4 range of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpcCidr {
    /// CIDR.
    pub cidr_block: String,
}
