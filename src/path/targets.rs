//! The targets of a path: those that AWS lists, or the cluster's nodes where AWS was not read.

use super::annotation::annotation;
use super::machines::Machines;
use super::{AwsName, HealthCheck, Lookup, Path, Target};
use crate::model::aws::{Region, TargetGroup, TargetHealthDescription};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Snapshot, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};

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
    let machines = Machines::new(snapshot, region);
    let mut all: Vec<Target> = health
        .iter()
        .map(|description| {
            let id = description.target.id.as_str();
            let port = description
                .target
                .port
                .or_else(|| definition.and_then(|group| group.port))
                .unwrap_or(path.node_port);
            let resolved = description.health_check_port.as_deref();
            Target {
                reported: Some(description.clone()),
                ..machines.target(
                    id,
                    port,
                    health_check(definition, service, port, resolved),
                    definition,
                )
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
    all
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
