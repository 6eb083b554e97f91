//! AWS facts of one account and region, indexed, each access remembered.

use super::View;
use crate::model::aws::load_balancer::{Attribute, TagDescription};
use crate::model::aws::security_group::PrefixListEntry;
use crate::model::aws::{
    BlockPublicAccess, BlockPublicAccessExclusion, CallerIdentity, ClassicLoadBalancer, Instance,
    InstanceHealth, Listener, LoadBalancer, NetworkAcl, NetworkInterface, Region, RouteTable,
    SecurityGroup, SecurityGroupRule, Subnet, TargetGroup, Vpc,
};
use crate::model::{Fact, Gap, Origin, Reason, Seen, Source};
use std::collections::BTreeMap;

/// Looks up what every target needs in logarithmic time.
pub(super) struct RegionIndex<'a> {
    region: &'a Region,
    instances: BTreeMap<&'a str, &'a Instance>,
    groups: BTreeMap<&'a str, &'a SecurityGroup>,
    rules: BTreeMap<&'a str, Vec<&'a SecurityGroupRule>>,
    subnets: BTreeMap<&'a str, &'a Subnet>,
    acls: BTreeMap<&'a str, &'a NetworkAcl>,
    tables: BTreeMap<&'a str, &'a RouteTable>,
    main_tables: BTreeMap<&'a str, &'a RouteTable>,
    target_groups: BTreeMap<&'a str, &'a TargetGroup>,
}

fn known<T>(seen: &Seen<Vec<T>>) -> impl Iterator<Item = &T> {
    seen.as_ref().ok().into_iter().flat_map(|fact| fact.iter())
}

impl<'a> RegionIndex<'a> {
    pub(super) fn new(region: &'a Region) -> Self {
        let mut rules: BTreeMap<&str, Vec<&SecurityGroupRule>> = BTreeMap::new();
        for rule in known(&region.security_group_rules) {
            rules.entry(&rule.group_id).or_default().push(rule);
        }
        Self {
            region,
            instances: known(&region.instances)
                .map(|i| (i.instance_id.as_str(), i))
                .collect(),
            groups: known(&region.security_groups)
                .map(|g| (g.group_id.as_str(), g))
                .collect(),
            rules,
            subnets: known(&region.subnets)
                .map(|s| (s.subnet_id.as_str(), s))
                .collect(),
            acls: known(&region.network_acls)
                .flat_map(|acl| {
                    acl.associations
                        .iter()
                        .map(move |a| (a.subnet_id.as_str(), acl))
                })
                .collect(),
            tables: known(&region.route_tables)
                .flat_map(|table| {
                    table
                        .associations
                        .iter()
                        .filter_map(move |a| Some((a.subnet_id.as_deref()?, table)))
                })
                .collect(),
            main_tables: known(&region.route_tables)
                .filter(|table| table.associations.iter().any(|a| a.main))
                .filter_map(|table| Some((table.vpc_id.as_deref()?, table)))
                .collect(),
            target_groups: known(&region.target_groups)
                .map(|g| (g.target_group_name.as_str(), g))
                .collect(),
        }
    }
}

/// A value with where it was read.
#[derive(Debug, Clone, Copy)]
pub struct Located<'a, T> {
    /// The value.
    pub value: &'a T,
    /// Where it was read.
    pub origin: &'a Origin,
}

impl<T> std::ops::Deref for Located<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

/// A lookup in a list that was read: `None` proves nothing more than "not in this answer".
pub type Found<'a, T> = Result<Located<'a, T>, Gap>;

/// The facts of one account and region.
pub struct RegionView<'v, 'a> {
    pub(super) view: &'v View<'a>,
    pub(super) index: &'v RegionIndex<'a>,
}

impl<'a> RegionView<'_, 'a> {
    fn found<T, L>(
        &self,
        source: Source,
        list: &'a Seen<L>,
        value: Option<&'a T>,
        name: &str,
    ) -> Found<'a, T> {
        self.view.note(source);
        let fact = list.as_ref().map_err(Gap::clone)?;
        match value {
            Some(value) => Ok(Located {
                value,
                origin: &fact.origin,
            }),
            // The collectors ask for what they need by name, so an answer without it says it is gone
            // or belongs to somebody else; neither makes the path healthy.
            None => Err(Gap::new(
                source,
                name,
                Reason::Failed(format!("not in {}", fact.origin.document)),
            )),
        }
    }

    /// Twelve digits.
    pub fn account(&self) -> &'a str {
        &self.index.region.account
    }

    /// The region's name.
    pub fn name(&self) -> &'a str {
        &self.index.region.name
    }

    /// Who made the calls.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn caller(&self) -> Result<&'a Fact<CallerIdentity>, Gap> {
        self.view.note(Source::CallerIdentity);
        self.index.region.caller.as_ref().map_err(Gap::clone)
    }

    /// Every load balancer of the answer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn load_balancers(&self) -> Result<&'a Fact<Vec<LoadBalancer>>, Gap> {
        self.view.note(Source::LoadBalancers);
        self.index
            .region
            .load_balancers
            .as_ref()
            .map_err(Gap::clone)
    }

    /// A load balancer by name.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn load_balancer(&self, name: &str) -> Found<'a, LoadBalancer> {
        let list = &self.index.region.load_balancers;
        let value = known(list).find(|lb| lb.load_balancer_name == name);
        self.found(Source::LoadBalancers, list, value, name)
    }

    /// An attribute of a load balancer; `None` when AWS does not list it.
    ///
    /// # Errors
    /// The gap when the attributes were not read.
    pub fn load_balancer_attribute(&self, name: &str, key: &str) -> Result<Option<&'a str>, Gap> {
        self.view.note(Source::LoadBalancerAttributes);
        let all = &self.index.region.load_balancer_attributes;
        attribute(
            Region::keyed(all, Source::LoadBalancerAttributes, name)?,
            key,
        )
    }

    /// The listeners of a load balancer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn listeners(&self, name: &str) -> Result<&'a Fact<Vec<Listener>>, Gap> {
        self.view.note(Source::Listeners);
        Region::keyed(&self.index.region.listeners, Source::Listeners, name)
    }

    /// A target group by name.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn target_group(&self, name: &str) -> Found<'a, TargetGroup> {
        let value = self.index.target_groups.get(name).copied();
        self.found(
            Source::TargetGroups,
            &self.index.region.target_groups,
            value,
            name,
        )
    }

    /// The attributes of a target group.
    ///
    /// # Errors
    /// The gap when the attributes were not read.
    pub fn target_group_attributes(&self, name: &str) -> Result<&'a Fact<Vec<Attribute>>, Gap> {
        self.view.note(Source::TargetGroupAttributes);
        let all = &self.index.region.target_group_attributes;
        Region::keyed(all, Source::TargetGroupAttributes, name)
    }

    /// An attribute of a target group; `None` when AWS does not list it.
    ///
    /// # Errors
    /// The gap when the attributes were not read.
    pub fn target_group_attribute(&self, name: &str, key: &str) -> Result<Option<&'a str>, Gap> {
        attribute(self.target_group_attributes(name)?, key)
    }

    /// Where the attributes of a load balancer were read.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn load_balancer_attributes_origin(&self, name: &str) -> Result<&'a Origin, Gap> {
        self.view.note(Source::LoadBalancerAttributes);
        let all = &self.index.region.load_balancer_attributes;
        Ok(&Region::keyed(all, Source::LoadBalancerAttributes, name)?.origin)
    }

    /// Where the attributes of a target group were read.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn target_group_attributes_origin(&self, name: &str) -> Result<&'a Origin, Gap> {
        self.view.note(Source::TargetGroupAttributes);
        let all = &self.index.region.target_group_attributes;
        Ok(&Region::keyed(all, Source::TargetGroupAttributes, name)?.origin)
    }

    /// The ranges of the VPCs.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn vpcs(&self) -> Result<&'a Fact<Vec<Vpc>>, Gap> {
        self.view.note(Source::Vpcs);
        self.index.region.vpcs.as_ref().map_err(Gap::clone)
    }

    /// Where the health of a target group was read.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn target_health_origin(&self, name: &str) -> Result<&'a Origin, Gap> {
        self.view.note(Source::TargetHealth);
        Ok(&Region::keyed(&self.index.region.target_health, Source::TargetHealth, name)?.origin)
    }

    /// The tags of load balancers and target groups.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn tags(&self) -> Result<&'a Fact<Vec<TagDescription>>, Gap> {
        self.view.note(Source::Tags);
        self.index.region.tags.as_ref().map_err(Gap::clone)
    }

    /// Every instance of the answer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn instances(&self) -> Result<&'a Fact<Vec<Instance>>, Gap> {
        self.view.note(Source::Instances);
        self.index.region.instances.as_ref().map_err(Gap::clone)
    }

    /// An instance by id.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn instance(&self, id: &str) -> Found<'a, Instance> {
        let value = self.index.instances.get(id).copied();
        self.found(Source::Instances, &self.index.region.instances, value, id)
    }

    /// Network interfaces.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn network_interfaces(&self) -> Result<&'a Fact<Vec<NetworkInterface>>, Gap> {
        self.view.note(Source::NetworkInterfaces);
        self.index
            .region
            .network_interfaces
            .as_ref()
            .map_err(Gap::clone)
    }

    /// Every security group of the answer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn security_groups(&self) -> Result<&'a Fact<Vec<SecurityGroup>>, Gap> {
        self.view.note(Source::SecurityGroups);
        let seen = &self.index.region.security_groups;
        seen.as_ref().map_err(Gap::clone)
    }

    /// A security group by id.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn security_group(&self, id: &str) -> Found<'a, SecurityGroup> {
        let value = self.index.groups.get(id).copied();
        self.found(
            Source::SecurityGroups,
            &self.index.region.security_groups,
            value,
            id,
        )
    }

    /// The rules of a security group one by one; none where they were not read, as they only name what its permissions
    /// say.
    pub fn security_group_rules(&self, group: &str) -> &[&'a SecurityGroupRule] {
        self.view.note(Source::SecurityGroupRules);
        self.index.rules.get(group).map_or(&[], Vec::as_slice)
    }

    /// Where the rules of security groups were read one by one, if they were.
    pub fn security_group_rules_origin(&self) -> Option<&'a Origin> {
        self.view.note(Source::SecurityGroupRules);
        let seen = self.index.region.security_group_rules.as_ref();
        seen.ok().map(|fact| &fact.origin)
    }

    /// The network ACL of a subnet.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn network_acl(&self, subnet: &str) -> Found<'a, NetworkAcl> {
        let value = self.index.acls.get(subnet).copied();
        self.found(
            Source::NetworkAcls,
            &self.index.region.network_acls,
            value,
            subnet,
        )
    }

    /// The route table of a subnet: the one associated with it, or the VPC's main one.
    ///
    /// # Errors
    /// A gap when it was not read, or when the subnet's VPC is not known.
    pub fn route_table(&self, subnet: &str) -> Found<'a, RouteTable> {
        let tables = &self.index.region.route_tables;
        let value = match self.index.tables.get(subnet).copied() {
            Some(table) => Some(table),
            None => {
                self.view.note(Source::RouteTables);
                tables.as_ref().map_err(Gap::clone)?;
                let vpc = self.subnet(subnet)?.value.vpc_id.as_str();
                self.index.main_tables.get(vpc).copied()
            }
        };
        self.found(Source::RouteTables, tables, value, subnet)
    }

    /// Every subnet of the answer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn subnets(&self) -> Result<&'a Fact<Vec<Subnet>>, Gap> {
        self.view.note(Source::Subnets);
        self.index.region.subnets.as_ref().map_err(Gap::clone)
    }

    /// A subnet by id.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn subnet(&self, id: &str) -> Found<'a, Subnet> {
        let value = self.index.subnets.get(id).copied();
        self.found(Source::Subnets, &self.index.region.subnets, value, id)
    }

    /// Whether VPCs of the region may talk to the internet at all.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn block_public_access(&self) -> Result<&'a Fact<BlockPublicAccess>, Gap> {
        self.view.note(Source::BlockPublicAccess);
        let seen = &self.index.region.block_public_access;
        seen.as_ref().map_err(Gap::clone)
    }

    /// What block public access leaves alone.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn block_public_access_exclusions(
        &self,
    ) -> Result<&'a Fact<Vec<BlockPublicAccessExclusion>>, Gap> {
        self.view.note(Source::BlockPublicAccessExclusions);
        let seen = &self.index.region.block_public_access_exclusions;
        seen.as_ref().map_err(Gap::clone)
    }

    /// Every Classic Load Balancer of the answer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn classic_load_balancers(&self) -> Result<&'a Fact<Vec<ClassicLoadBalancer>>, Gap> {
        self.view.note(Source::ClassicLoadBalancers);
        let seen = &self.index.region.classic_load_balancers;
        seen.as_ref().map_err(Gap::clone)
    }

    /// A Classic Load Balancer by name.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn classic_load_balancer(&self, name: &str) -> Found<'a, ClassicLoadBalancer> {
        let list = &self.index.region.classic_load_balancers;
        let mut all = list.iter().flat_map(|fact| fact.iter());
        let value = all.find(|found| found.load_balancer_name == name);
        self.found(Source::ClassicLoadBalancers, list, value, name)
    }

    /// The states of the instances of a Classic Load Balancer.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn instance_health(&self, name: &str) -> Result<&'a Fact<Vec<InstanceHealth>>, Gap> {
        self.view.note(Source::InstanceHealth);
        let readings = &self.index.region.instance_health;
        Region::keyed(readings, Source::InstanceHealth, name)
    }

    /// The entries of a prefix list.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn prefix_list(&self, id: &str) -> Result<&'a Fact<Vec<PrefixListEntry>>, Gap> {
        self.view.note(Source::PrefixLists);
        Region::keyed(&self.index.region.prefix_lists, Source::PrefixLists, id)
    }
}

fn attribute<'a>(all: &'a Fact<Vec<Attribute>>, key: &str) -> Result<Option<&'a str>, Gap> {
    Ok(all
        .iter()
        .find(|attribute| attribute.key == key)
        .map(|attribute| attribute.value.as_str()))
}
