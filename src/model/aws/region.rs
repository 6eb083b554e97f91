//! Everything read from one account and region.

use super::load_balancer::{Attribute, Listener, LoadBalancer, TagDescription};
use super::security_group::PrefixListEntry;
use super::{
    BlockPublicAccess, BlockPublicAccessExclusion, ClassicLoadBalancer, Instance, InstanceHealth,
    NetworkAcl, NetworkInterface, RouteTable, SecurityGroup, SecurityGroupRule, Subnet,
    TargetGroup, TargetHealthDescription, Vpc,
};
use crate::model::{Gap, Seen, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who made the calls, of `sts get-caller-identity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CallerIdentity {
    /// Twelve digits.
    pub account: String,
    /// ARN of the user or role session.
    pub arn: String,
}

/// AWS facts of one account and region.
///
/// Facts that are read per load balancer or per target group are keyed by its name.
#[derive(Debug, Clone)]
pub struct Region {
    /// Twelve digits.
    pub account: String,
    /// Region name.
    pub name: String,
    /// Who asked.
    pub caller: Seen<CallerIdentity>,
    /// Load balancers.
    pub load_balancers: Seen<Vec<LoadBalancer>>,
    /// Attributes by load balancer name.
    pub load_balancer_attributes: BTreeMap<String, Seen<Vec<Attribute>>>,
    /// Listeners by load balancer name.
    pub listeners: BTreeMap<String, Seen<Vec<Listener>>>,
    /// Target groups.
    pub target_groups: Seen<Vec<TargetGroup>>,
    /// Attributes by target group name.
    pub target_group_attributes: BTreeMap<String, Seen<Vec<Attribute>>>,
    /// Health by target group name.
    pub target_health: BTreeMap<String, Seen<Vec<TargetHealthDescription>>>,
    /// Tags.
    pub tags: Seen<Vec<TagDescription>>,
    /// Instances.
    pub instances: Seen<Vec<Instance>>,
    /// Network interfaces that are not part of an instance reading.
    pub network_interfaces: Seen<Vec<NetworkInterface>>,
    /// Security groups.
    pub security_groups: Seen<Vec<SecurityGroup>>,
    /// The rules of the security groups, one by one.
    pub security_group_rules: Seen<Vec<SecurityGroupRule>>,
    /// Network ACLs.
    pub network_acls: Seen<Vec<NetworkAcl>>,
    /// Route tables.
    pub route_tables: Seen<Vec<RouteTable>>,
    /// Subnets.
    pub subnets: Seen<Vec<Subnet>>,
    /// VPCs.
    pub vpcs: Seen<Vec<Vpc>>,
    /// Whether VPCs may talk to the internet at all.
    pub block_public_access: Seen<BlockPublicAccess>,
    /// VPCs and subnets that may all the same.
    pub block_public_access_exclusions: Seen<Vec<BlockPublicAccessExclusion>>,
    /// Classic Load Balancers.
    pub classic_load_balancers: Seen<Vec<ClassicLoadBalancer>>,
    /// States of instances by the name of a Classic Load Balancer.
    pub instance_health: BTreeMap<String, Seen<Vec<InstanceHealth>>>,
    /// Entries by prefix list id.
    pub prefix_lists: BTreeMap<String, Seen<Vec<PrefixListEntry>>>,
}

impl Region {
    /// A region of which nothing has been read.
    pub fn new(account: &str, name: &str) -> Self {
        fn unread<T>(source: Source) -> Seen<T> {
            Err(Gap::not_collected(source, ""))
        }
        Self {
            account: account.to_owned(),
            name: name.to_owned(),
            caller: unread(Source::CallerIdentity),
            load_balancers: unread(Source::LoadBalancers),
            load_balancer_attributes: BTreeMap::new(),
            listeners: BTreeMap::new(),
            target_groups: unread(Source::TargetGroups),
            target_group_attributes: BTreeMap::new(),
            target_health: BTreeMap::new(),
            tags: unread(Source::Tags),
            instances: unread(Source::Instances),
            network_interfaces: unread(Source::NetworkInterfaces),
            security_groups: unread(Source::SecurityGroups),
            security_group_rules: unread(Source::SecurityGroupRules),
            network_acls: unread(Source::NetworkAcls),
            route_tables: unread(Source::RouteTables),
            subnets: unread(Source::Subnets),
            vpcs: unread(Source::Vpcs),
            block_public_access: unread(Source::BlockPublicAccess),
            block_public_access_exclusions: unread(Source::BlockPublicAccessExclusions),
            classic_load_balancers: unread(Source::ClassicLoadBalancers),
            instance_health: BTreeMap::new(),
            prefix_lists: BTreeMap::new(),
        }
    }

    /// A reading that is kept per name, or a gap that names what it would be about.
    pub fn keyed<'a, T>(
        readings: &'a BTreeMap<String, Seen<T>>,
        source: Source,
        key: &str,
    ) -> Result<&'a crate::model::Fact<T>, Gap> {
        match readings.get(key) {
            Some(Ok(fact)) => Ok(fact),
            Some(Err(gap)) => Err(gap.clone()),
            None => Err(Gap::not_collected(source, key)),
        }
    }
}
