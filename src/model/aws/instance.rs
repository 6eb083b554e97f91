//! EC2 instances and network interfaces.

use super::load_balancer::Tag;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A reservation of `ec2 describe-instances`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Reservation {
    /// Instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<Instance>,
}

/// An instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    /// `i-…`.
    pub instance_id: String,
    /// State.
    pub state: InstanceState,
    /// Where it runs.
    pub placement: Placement,
    /// VPC; absent once terminated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Subnet of the primary interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Primary private address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    /// Groups of the primary interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<GroupIdentifier>,
    /// Drops packets that are not addressed to the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_dest_check: Option<bool>,
    /// Attached interfaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network_interfaces: Vec<NetworkInterface>,
    /// Tags; those of the cluster say whose node it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// The state of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceState {
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
    pub name: String,
}

/// Where an instance runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Placement {
    /// Zone.
    pub availability_zone: String,
}

/// A security group of an interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupIdentifier {
    /// `sg-…`.
    pub group_id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
}

/// A network interface, alone or as part of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub network_interface_id: String,
    /// `ELB net/<name>/<id>` on a load balancer's interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `network_load_balancer`, `interface`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_type: Option<String>,
    /// Subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Primary private address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    /// All private addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_ip_addresses: Vec<PrivateIp>,
    /// Delegated prefixes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv4_prefixes: Vec<Ipv4Prefix>,
    /// IPv6 addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv6_addresses: Vec<Ipv6Address>,
    /// Security groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupIdentifier>,
    /// Drops packets that are not addressed to the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_dest_check: Option<bool>,
    /// Attachment to an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// `amazon-elb` for load balancers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_id: Option<String>,
}

/// A private address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PrivateIp {
    /// Address.
    pub private_ip_address: String,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// A delegated prefix.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ipv4Prefix {
    /// CIDR.
    pub ipv4_prefix: String,
}

/// An IPv6 address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ipv6Address {
    /// Address.
    pub ipv6_address: String,
    /// Primary; needed for IPv6 instance targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_primary_ipv6: Option<bool>,
}

/// An attachment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attachment {
    /// 0 is the primary interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_index: Option<u32>,
    /// 0 on most types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_card_index: Option<u32>,
    /// Instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
}

impl Instance {
    /// The interface that gets a target group's traffic: device 0 of card 0.
    pub fn primary_interface(&self) -> Option<&NetworkInterface> {
        self.network_interfaces
            .iter()
            .find(|eni| {
                eni.attachment.as_ref().is_some_and(|attachment| {
                    attachment.device_index == Some(0)
                        && attachment.network_card_index.unwrap_or(0) == 0
                })
            })
            .or(match self.network_interfaces.as_slice() {
                [only] => Some(only),
                _ => None,
            })
    }

    /// The address that an `instance` target stands for.
    pub fn address(&self) -> Option<IpAddr> {
        self.primary_interface()
            .and_then(|eni| eni.private_ip_address.as_deref())
            .or(self.private_ip_address.as_deref())?
            .parse()
            .ok()
    }

    /// Security groups of the interface that gets the traffic.
    pub fn group_ids(&self) -> Vec<&str> {
        let groups = match self.primary_interface() {
            Some(eni) if !eni.groups.is_empty() => &eni.groups,
            _ => &self.security_groups,
        };
        groups.iter().map(|group| group.group_id.as_str()).collect()
    }
}

impl NetworkInterface {
    /// Whether an address is one of its own or inside a prefix that was delegated to it.
    pub fn carries(&self, address: IpAddr) -> bool {
        // AWS writes IPv4 addresses in one way only, so their texts can be compared.
        let text = address.to_string();
        let delegated = |prefix: &Ipv4Prefix| {
            let block = prefix.ipv4_prefix.parse::<IpNet>();
            block.is_ok_and(|block| block.contains(&address))
        };
        match address {
            IpAddr::V4(_) => {
                self.private_ip_address.as_deref() == Some(text.as_str())
                    || self
                        .private_ip_addresses
                        .iter()
                        .any(|ip| ip.private_ip_address == text)
                    || self.ipv4_prefixes.iter().any(delegated)
            }
            IpAddr::V6(_) => self
                .ipv6_addresses
                .iter()
                .any(|ip| ip.ipv6_address.parse() == Ok(address)),
        }
    }

    /// The address that an `instance` target of an IPv6 target group stands for.
    pub fn primary_ipv6(&self) -> Option<IpAddr> {
        self.ipv6_addresses
            .iter()
            .find(|ip| ip.is_primary_ipv6 == Some(true))?
            .ipv6_address
            .parse()
            .ok()
    }

    /// All private IPv4 addresses; health checks may come from any of them.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = self
            .private_ip_addresses
            .iter()
            .map(|ip| ip.private_ip_address.as_str())
            .chain(self.private_ip_address.as_deref())
            .filter_map(|text| text.parse().ok())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
