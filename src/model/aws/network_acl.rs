//! EC2 network ACLs: stateless, ordered, the first match wins.

use serde::{Deserialize, Serialize};

/// A network ACL of `ec2 describe-network-acls`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkAcl {
    /// `acl-…`.
    pub network_acl_id: String,
    /// VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Default ACL of the VPC.
    pub is_default: bool,
    /// Rules, in no order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<AclEntry>,
    /// Subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<AclAssociation>,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AclEntry {
    /// Lowest first; 32767 is the closing deny.
    pub rule_number: i32,
    /// Direction, seen from the subnet.
    pub egress: bool,
    /// Protocol number as text, `-1` for all.
    pub protocol: String,
    /// `allow` or `deny`.
    pub rule_action: String,
    /// IPv4 peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
    /// IPv6 peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block: Option<String>,
    /// Ports; absent with protocol -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range: Option<PortRange>,
}

/// Ports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PortRange {
    /// First.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// Last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
}

/// A subnet of an ACL.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AclAssociation {
    /// `subnet-…`.
    pub subnet_id: String,
}
