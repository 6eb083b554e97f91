//! VPC block public access: a switch of a whole region, and what it leaves alone.

use serde::{Deserialize, Serialize};

/// The answer of `ec2 describe-vpc-block-public-access-options`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BlockPublicAccess {
    /// The options.
    pub vpc_block_public_access_options: BlockPublicAccessOptions,
}

/// What holds for every VPC of the account in the region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BlockPublicAccessOptions {
    /// `off`, `block-bidirectional` or `block-ingress`; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_gateway_block_mode: Option<String>,
    /// `default-state`, `update-in-progress` or `update-complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `account` or `declarative-policy`: who may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

/// An exclusion of `ec2 describe-vpc-block-public-access-exclusions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BlockPublicAccessExclusion {
    /// `vpcbpa-exclude-…`.
    pub exclusion_id: String,
    /// `allow-bidirectional` or `allow-egress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_gateway_exclusion_mode: Option<String>,
    /// ARN of a VPC or a subnet.
    pub resource_arn: String,
    /// `create-complete`, `update-complete`, `delete-complete`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}
