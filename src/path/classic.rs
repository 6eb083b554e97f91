//! The Classic Load Balancer of a Service, and its instances as targets.
//!
//! It has no target groups: its listeners name the instances' port, and one health check stands for all of
//! them. The states of `elb describe-instance-health` are put into the words of ELBv2, so that one replay
//! serves both; evidence keeps AWS's own words.

use super::{AwsName, HealthCheck, Target, candidates};
use crate::model::aws::target_group::Target as Registered;
use crate::model::aws::target_group::TargetHealth;
use crate::model::aws::{ClassicLoadBalancer, InstanceHealth, Region, TargetHealthDescription};
use crate::model::kubernetes::{Node, Service};
use crate::model::{Gap, Snapshot, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use std::collections::BTreeSet;

/// A Classic Load Balancer that was read.
pub(super) struct Classic<'a> {
    /// Region and name.
    pub(super) name: AwsName,
    region: &'a Region,
    balancer: &'a ClassicLoadBalancer,
}

/// The Classic Load Balancer whose host name the Service has or, without one, that cloud-provider-aws names after it.
pub(super) fn of_service<'a>(snapshot: &'a Snapshot, service: &Service) -> Option<Classic<'a>> {
    let hostname = service.hostname();
    let wanted = match hostname.map(LoadBalancerName::parse) {
        Some(name) => Some(name.filter(|name| name.kind == LoadBalancerKind::AlbOrClassic)?),
        None => None,
    };
    let computed = candidates::balancers(service, &BTreeSet::new());
    snapshot.aws.regions.iter().find_map(|(key, region)| {
        let all = region.classic_load_balancers.as_ref().ok()?;
        let balancer = all.iter().find(|found| match &wanted {
            Some(name) => is_named(found, name),
            None => computed.contains(&found.load_balancer_name),
        })?;
        Some(Classic {
            name: AwsName {
                region: key.clone(),
                name: balancer.load_balancer_name.clone(),
            },
            region,
            balancer,
        })
    })
}

/// Name, number and region of both DNS names are the same.
fn is_named(balancer: &ClassicLoadBalancer, wanted: &LoadBalancerName) -> bool {
    LoadBalancerName::parse(&balancer.dns_name).is_some_and(|own| {
        own.name.eq_ignore_ascii_case(&wanted.name)
            && own.id == wanted.id
            && own.region == wanted.region
    })
}

impl Classic<'_> {
    /// The port of the listener for a Service port.
    pub(super) fn listener(&self, port: u16) -> Option<u16> {
        let listener = self.balancer.listener(port)?;
        Some(listener.load_balancer_port)
    }

    /// The instances behind a Service port, and why their health is not known.
    pub(super) fn targets(
        &self,
        snapshot: &Snapshot,
        port: u16,
        node_port: u16,
    ) -> (Vec<Target>, Option<Gap>) {
        let name = &self.name.name;
        let instance_port = self
            .balancer
            .listener(port)
            .map_or(node_port, |listener| listener.instance_port);
        let check = self.check(instance_port);
        let target = |id: &str, health: Option<&InstanceHealth>| {
            target(snapshot, self.region, id, instance_port, &check, health)
        };
        let health = Region::keyed(&self.region.instance_health, Source::InstanceHealth, name);
        let (mut targets, gap): (Vec<Target>, _) = match health {
            Ok(states) => (
                states
                    .iter()
                    .map(|state| target(&state.instance_id, Some(state)))
                    .collect(),
                None,
            ),
            Err(gap) => (
                self.balancer
                    .instances
                    .iter()
                    .map(|instance| target(&instance.instance_id, None))
                    .collect(),
                Some(gap),
            ),
        };
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        (targets, gap)
    }

    fn check(&self, port: u16) -> HealthCheck {
        let check = self.balancer.health_check.as_ref();
        match check.and_then(|check| check.parts()) {
            Some(parts) => HealthCheck {
                protocol: match parts.protocol {
                    "SSL" => "TLS".to_owned(),
                    other => other.to_owned(),
                },
                port: parts.port,
                path: parts.path.map(str::to_owned),
                assumed: false,
            },
            None => HealthCheck {
                protocol: "TCP".to_owned(),
                port,
                path: None,
                assumed: true,
            },
        }
    }
}

fn target(
    snapshot: &Snapshot,
    region: &Region,
    id: &str,
    port: u16,
    check: &HealthCheck,
    health: Option<&InstanceHealth>,
) -> Target {
    let instances = region.instances.as_ref();
    let instance = instances
        .ok()
        .and_then(|all| all.iter().find(|instance| instance.instance_id == id));
    let mut nodes = snapshot.kubernetes.nodes.known();
    let node = nodes.find(|node| node.instance_id() == Some(id));
    let address = instance
        .and_then(|instance| instance.address())
        .or_else(|| node.and_then(|node| node.internal_ips().next()));
    Target {
        id: id.to_owned(),
        port,
        address: address.ok_or_else(|| match instances {
            Err(gap) => gap.clone(),
            Ok(_) => Gap::not_collected(Source::Instances, id),
        }),
        node: node
            .map(|node| node.metadata.name.clone())
            .ok_or_else(|| Gap::not_collected(Source::Nodes, id)),
        zone: instance
            .map(|instance| instance.placement.availability_zone.clone())
            .or_else(|| node.and_then(|node| Node::zone(node)).map(str::to_owned)),
        check: check.clone(),
        reported: health.map(|health| reported(health, port, check)),
    }
}

/// A state in the words of ELBv2.
fn reported(health: &InstanceHealth, port: u16, check: &HealthCheck) -> TargetHealthDescription {
    let said = |text: &str| health.description.to_ascii_lowercase().contains(text);
    let state = match health.state.as_str() {
        "InService" => "healthy",
        // The descriptions are those of the guide of Classic Load Balancers, troubleshooting health checks.
        "OutOfService" if said("registration is still in progress") => "initial",
        "OutOfService" if said("for which loadbalancer is not configured") => "unused",
        "OutOfService" if said("stopped state") || said("terminated") => "unused",
        "OutOfService" if said("not currently registered") => "unused",
        "OutOfService" => "unhealthy",
        _ => "unavailable",
    };
    let given = |text: &str| (!text.is_empty() && text != "N/A").then(|| text.to_owned());
    TargetHealthDescription {
        target: Registered {
            id: health.instance_id.clone(),
            port: Some(port),
            availability_zone: None,
        },
        health_check_port: Some(check.port.to_string()),
        target_health: TargetHealth {
            state: state.to_owned(),
            reason: given(&health.reason_code),
            description: given(&health.description),
        },
        administrative_override: None,
    }
}
