//! The targets of a path: those that AWS lists, or the cluster's nodes where AWS was not read.

use super::annotation::annotation;
use super::{AwsName, HealthCheck, Lookup, Path, Target};
use crate::model::aws::{Instance, NetworkInterface, Region, TargetGroup, TargetHealthDescription};
use crate::model::kubernetes::{Node, Service};
use crate::model::{Gap, Reason, Snapshot, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Targets in order of id and port, and the gap that explains why they are nodes instead.
pub fn targets(
    snapshot: &Snapshot,
    path: &Path,
    service: Option<&Service>,
) -> (Vec<Target>, Option<Gap>) {
    let group = match &path.target_group {
        Lookup::Found(group) => group,
        // A target group that is proven not to exist has no targets.
        Lookup::Absent(_) => return (Vec::new(), None),
        Lookup::Unknown(gap) => {
            if let Some(name) = service.and_then(perhaps_classic) {
                // Its one check may be on another port, so no port can be told to fail it.
                let gap = Gap::not_collected(Source::ClassicLoadBalancers, name);
                return (Vec::new(), Some(gap));
            }
            return (from_nodes(snapshot, path, service, None), Some(gap.clone()));
        }
    };
    let Some(region) = snapshot.aws.regions.get(&group.region) else {
        let gap = Gap::not_collected(Source::TargetHealth, &group.name);
        return (from_nodes(snapshot, path, service, None), Some(gap));
    };
    let definition = definition(region, group);
    match Region::keyed(&region.target_health, Source::TargetHealth, &group.name) {
        Ok(health) => (
            registered(snapshot, region, path, service, definition, health),
            None,
        ),
        Err(gap) => (from_nodes(snapshot, path, service, definition), Some(gap)),
    }
}

/// The name of the load balancer in the Service's status, when it may be a Classic one, which checks one port for all.
fn perhaps_classic(service: &Service) -> Option<String> {
    let name = LoadBalancerName::parse(service.hostname()?)?;
    // With one port there is nothing else that it could check.
    let several = service.spec.ports.len() > 1;
    (several && name.kind == LoadBalancerKind::AlbOrClassic).then_some(name.name)
}

fn definition<'a>(region: &'a Region, group: &AwsName) -> Option<&'a TargetGroup> {
    region
        .target_groups
        .as_ref()
        .ok()?
        .iter()
        .find(|candidate| candidate.target_group_name == group.name)
}

fn registered(
    snapshot: &Snapshot,
    region: &Region,
    path: &Path,
    service: Option<&Service>,
    definition: Option<&TargetGroup>,
    health: &[TargetHealthDescription],
) -> Vec<Target> {
    let nodes = NodeIndex::new(snapshot);
    let instances: BTreeMap<&str, &Instance> = match &region.instances {
        Ok(all) => all
            .iter()
            .map(|instance| (instance.instance_id.as_str(), instance))
            .collect(),
        Err(_) => BTreeMap::new(),
    };
    let mut all: Vec<Target> = health
        .iter()
        .map(|description| {
            let id = description.target.id.as_str();
            let port = description
                .target
                .port
                .or_else(|| definition.and_then(|group| group.port))
                .unwrap_or(path.node_port);
            let instance = instances.get(id).copied();
            let node = nodes.by_id(id);
            Target {
                id: id.to_owned(),
                port,
                address: address(region, id, instance, node, definition),
                node: node
                    .map(|node| node.metadata.name.clone())
                    .ok_or_else(|| Gap::not_collected(Source::Nodes, id)),
                zone: instance
                    .map(|instance| instance.placement.availability_zone.clone())
                    .or_else(|| node.and_then(|node| node.zone().map(str::to_owned))),
                check: health_check(
                    definition,
                    service,
                    port,
                    description.health_check_port.as_deref(),
                ),
                reported: Some(description.clone()),
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
    all
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

/// The nodes that a controller would register, for evidence without an AWS half.
fn from_nodes(
    snapshot: &Snapshot,
    path: &Path,
    service: Option<&Service>,
    definition: Option<&TargetGroup>,
) -> Vec<Target> {
    if path.node_port == 0 {
        return Vec::new();
    }
    snapshot
        .kubernetes
        .nodes
        .known()
        .map(|node| Target {
            id: node.metadata.name.clone(),
            port: path.node_port,
            address: node
                .internal_ips()
                .next()
                .ok_or_else(|| Gap::not_collected(Source::Nodes, &node.metadata.name)),
            node: Ok(node.metadata.name.clone()),
            zone: node.zone().map(str::to_owned),
            check: health_check(definition, service, path.node_port, None),
            reported: None,
        })
        .collect()
}

/// The check that the target group defines, or the default that both AWS controllers set.
///
/// For externalTrafficPolicy Local that is HTTP on the health-check node port, otherwise TCP on the
/// traffic port (AWS Load Balancer Controller pkg/service/model_builder.go, cloud-provider-aws
/// buildNLBHealthCheckConfiguration).
fn health_check(
    definition: Option<&TargetGroup>,
    service: Option<&Service>,
    port: u16,
    resolved: Option<&str>,
) -> HealthCheck {
    if let Some(group) = definition {
        return HealthCheck {
            protocol: group
                .health_check_protocol
                .clone()
                .unwrap_or_else(|| "TCP".to_owned()),
            port: resolved
                .and_then(|text| text.parse().ok())
                .or_else(|| group.health_check_port_for(port))
                .unwrap_or(port),
            path: group.health_check_path.clone(),
            assumed: false,
        };
    }
    let resolved = resolved.and_then(|text| text.parse().ok());
    match service {
        Some(service) if service.is_local() && service.spec.health_check_node_port != 0 => {
            HealthCheck {
                protocol: asked_protocol(service).unwrap_or_else(|| "HTTP".to_owned()),
                port: resolved.unwrap_or(service.spec.health_check_node_port),
                path: Some("/healthz".to_owned()),
                assumed: true,
            }
        }
        _ => HealthCheck {
            protocol: "TCP".to_owned(),
            port: resolved.unwrap_or(port),
            path: None,
            assumed: true,
        },
    }
}

/// The protocol that the Service's annotations ask for, in capitals; both controllers heed it.
fn asked_protocol(service: &Service) -> Option<String> {
    annotation(service, "aws-load-balancer-healthcheck-protocol").map(str::to_ascii_uppercase)
}

/// Nodes by instance id and by address.
struct NodeIndex<'a> {
    by_instance: BTreeMap<&'a str, &'a Node>,
    by_address: BTreeMap<IpAddr, &'a Node>,
}

impl<'a> NodeIndex<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let nodes = || snapshot.kubernetes.nodes.known().map(|fact| &fact.value);
        Self {
            by_instance: nodes()
                .filter_map(|node| Some((node.instance_id()?, node)))
                .collect(),
            by_address: nodes()
                .flat_map(|node| node.internal_ips().map(move |ip| (ip, node)))
                .collect(),
        }
    }

    fn by_id(&self, id: &str) -> Option<&'a Node> {
        match id.parse::<IpAddr>() {
            Ok(address) => self.by_address.get(&address).copied(),
            Err(_) => self.by_instance.get(id).copied(),
        }
    }
}
