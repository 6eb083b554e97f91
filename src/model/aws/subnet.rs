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
    /// Block public access as it concerns the subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_public_access_states: Option<BlockPublicAccessStates>,
}

impl Subnet {
    /// `off`, `block-ingress` or `block-bidirectional`; absent where the answer does not say.
    pub fn public_access_mode(&self) -> Option<&str> {
        self.block_public_access_states
            .as_ref()?
            .internet_gateway_block_mode
            .as_deref()
    }
}

/// Block public access in the answer about a subnet or VPC (EC2 API reference, BlockPublicAccessStates).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BlockPublicAccessStates {
    /// `off`, `block-ingress` or `block-bidirectional`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_gateway_block_mode: Option<String>,
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
