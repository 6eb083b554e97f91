//! EC2 security group rules one by one, each with an id of its own.
//!
//! They say what the permissions of [`super::SecurityGroup`] say, and add the id by which a person finds a rule among
//! sixty. Nothing is decided by them.

use serde::{Deserialize, Serialize};

/// A rule of `ec2 describe-security-group-rules`: one protocol, one range of ports, one peer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SecurityGroupRule {
    /// `sgr-…`.
    pub security_group_rule_id: String,
    /// The group that has it, `sg-…`.
    pub group_id: String,
    /// Account of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_owner_id: Option<String>,
    /// Whether it is an outbound rule.
    pub is_egress: bool,
    /// `tcp`, a protocol number, or `-1` for all.
    pub ip_protocol: String,
    /// First port; absent or -1 means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_port: Option<i32>,
    /// Last port; absent or -1 means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_port: Option<i32>,
    /// An IPv4 peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_ipv4: Option<String>,
    /// An IPv6 peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_ipv6: Option<String>,
    /// A prefix list peer, `pl-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_list_id: Option<String>,
    /// A security group peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referenced_group_info: Option<ReferencedGroup>,
    /// Who wrote it, often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The security group that a rule names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReferencedGroup {
    /// `sg-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// Account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// VPC, for groups of a peered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Peering, for groups of a peered VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_peering_connection_id: Option<String>,
    /// `active`, `deleted`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peering_status: Option<String>,
}
