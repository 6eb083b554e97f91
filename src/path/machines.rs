//! The machines behind targets: the cluster's nodes and a region's instances, by what a target names.

use super::{HealthCheck, Target};
use crate::model::aws::{Instance, NetworkInterface, Region, TargetGroup};
use crate::model::kubernetes::Node;
use crate::model::{Gap, Reason, Snapshot, Source};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Nodes by instance id and by address, and instances by id.
pub(super) struct Machines<'a> {
    region: &'a Region,
    instances: BTreeMap<&'a str, &'a Instance>,
    by_instance: BTreeMap<&'a str, &'a Node>,
    by_address: BTreeMap<IpAddr, &'a Node>,
}

impl<'a> Machines<'a> {
    /// Indexes the nodes of the cluster and the instances of `region`.
    pub(super) fn new(snapshot: &'a Snapshot, region: &'a Region) -> Self {
        let nodes = || snapshot.kubernetes.nodes.known().map(|fact| &fact.value);
        let instances = region.instances.iter().flat_map(|all| all.iter());
        Self {
            region,
            instances: instances
                .map(|instance| (instance.instance_id.as_str(), instance))
                .collect(),
            by_instance: nodes()
                .filter_map(|node| Some((node.instance_id()?, node)))
                .collect(),
            by_address: nodes()
                .flat_map(|node| node.internal_ips().map(move |ip| (ip, node)))
                .collect(),
        }
    }

    /// A target by instance id or address, of which AWS has not said anything; `group` is the target group it is of.
    pub(super) fn target(
        &self,
        id: &str,
        port: u16,
        check: HealthCheck,
        group: Option<&TargetGroup>,
    ) -> Target {
        let instance = self.instances.get(id).copied();
        let node = self.node(id);
        Target {
            id: id.to_owned(),
            port,
            address: address(self.region, id, instance, node, group),
            node: node
                .map(|node| node.metadata.name.clone())
                .ok_or_else(|| Gap::not_collected(Source::Nodes, id)),
            zone: instance
                .map(|instance| instance.placement.availability_zone.clone())
                .or_else(|| node.and_then(|node| node.zone().map(str::to_owned))),
            check,
            reported: None,
        }
    }

    fn node(&self, id: &str) -> Option<&'a Node> {
        match id.parse::<IpAddr>() {
            Ok(address) => self.by_address.get(&address).copied(),
            Err(_) => self.by_instance.get(id).copied(),
        }
    }
}

fn address(
    region: &Region,
    id: &str,
    instance: Option<&Instance>,
    node: Option<&Node>,
    group: Option<&TargetGroup>,
) -> Result<IpAddr, Gap> {
    if let Ok(address) = id.parse() {
        return Ok(address);
    }
    if group.is_some_and(|group| group.ip_address_type.as_deref() == Some("ipv6")) {
        return instance
            .and_then(Instance::primary_interface)
            .and_then(NetworkInterface::primary_ipv6)
            .ok_or_else(|| match (&region.instances, instance) {
                (Err(gap), _) => gap.clone(),
                (Ok(_), None) => Gap::not_collected(Source::Instances, id),
                (Ok(_), Some(_)) => {
                    let what = "a primary IPv6 address of its primary interface is not in it";
                    Gap::new(Source::Instances, id, Reason::Partial(what.to_owned()))
                }
            });
    }
    instance
        .and_then(Instance::address)
        .or_else(|| node.and_then(|node| node.internal_ips().next()))
        .ok_or_else(|| match &region.instances {
            Err(gap) => gap.clone(),
            Ok(_) => Gap::not_collected(Source::Instances, id),
        })
}
