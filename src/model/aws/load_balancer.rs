//! ELBv2 load balancers and listeners.

use serde::{Deserialize, Serialize};

/// A load balancer of `elbv2 describe-load-balancers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancer {
    /// ARN; names account and region.
    pub load_balancer_arn: String,
    /// Name, unique per account and region.
    pub load_balancer_name: String,
    /// DNS name as AWS spells it; compare without regard to case.
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// VPC.
    pub vpc_id: String,
    /// `network`, `application` or `gateway`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// `ipv4` or `dualstack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<String>,
    /// State.
    pub state: LbState,
    /// Enabled zones with their subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub availability_zones: Vec<LbZone>,
    /// Security groups; an NLB created without any can never get one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// `on` or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforce_security_group_inbound_rules_on_private_link_traffic: Option<String>,
}

/// The state of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LbState {
    /// `provisioning`, `active`, `active_impaired` or `failed`.
    pub code: String,
    /// Text that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An enabled zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LbZone {
    /// `eu-west-2a`.
    pub zone_name: String,
    /// The subnet with the balancer's network interface.
    pub subnet_id: String,
    /// Addresses that the user chose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_addresses: Vec<LbAddress>,
}

/// An address that the user chose for a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LbAddress {
    /// Private address.
    #[serde(rename = "PrivateIPv4Address", skip_serializing_if = "Option::is_none")]
    pub private_ipv4_address: Option<String>,
    /// Elastic IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_id: Option<String>,
}

/// A listener of `elbv2 describe-listeners`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Listener {
    /// ARN.
    pub listener_arn: String,
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// Port.
    pub port: u16,
    /// `TCP`, `TLS`, `UDP`, `TCP_UDP`, …
    pub protocol: String,
    /// What it does; an NLB listener forwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_actions: Vec<Action>,
}

/// An action of a listener.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Action {
    /// `forward`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Target group of a plain forward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// Target groups with weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_config: Option<ForwardConfig>,
}

/// The target groups of a forward.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ForwardConfig {
    /// Target groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_groups: Vec<WeightedTargetGroup>,
}

/// A target group with its weight.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct WeightedTargetGroup {
    /// ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// 0 sends nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

/// An attribute of a load balancer or a target group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attribute {
    /// `load_balancing.cross_zone.enabled`, `preserve_client_ip.enabled`, …
    pub key: String,
    /// Always text.
    pub value: String,
}

/// The tags of one resource, of `elbv2 describe-tags`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagDescription {
    /// ARN of the resource.
    pub resource_arn: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A resource of `resourcegroupstaggingapi get-resources`, which spells the ARN in its own way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaggedResource {
    /// What carries the tags.
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

impl Listener {
    /// ARNs of the target groups that get traffic: forwards with a weight above 0, each once.
    pub fn forwards_to(&self) -> Vec<&str> {
        let mut arns: Vec<&str> = Vec::new();
        for action in &self.default_actions {
            match &action.forward_config {
                Some(config) if !config.target_groups.is_empty() => arns.extend(
                    config
                        .target_groups
                        .iter()
                        .filter(|group| group.weight != Some(0))
                        .filter_map(|group| group.target_group_arn.as_deref()),
                ),
                _ => arns.extend(action.target_group_arn.as_deref()),
            }
        }
        arns.sort_unstable();
        arns.dedup();
        arns
    }
}
