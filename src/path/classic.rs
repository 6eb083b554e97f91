//! The Classic Load Balancer of a Service, and its instances as targets.
//!
//! It has no target groups: its listeners name the instances' port, and one health check stands for all of
//! them. The states of `elb describe-instance-health` are put into the words of ELBv2, so that one replay
//! serves both; evidence keeps AWS's own words.

use super::machines::Machines;
use super::{AwsName, HealthCheck, Target, candidates};
use crate::model::aws::classic::InstanceStanding;
use crate::model::aws::target_group::Target as Registered;
use crate::model::aws::target_group::TargetHealth;
use crate::model::aws::{ClassicLoadBalancer, InstanceHealth, Region, TargetHealthDescription};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Snapshot, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use std::collections::BTreeSet;

/// A Classic Load Balancer that was read.
pub(super) struct Classic<'a> {
    /// Region and name.
    pub(super) name: AwsName,
    balancer: &'a ClassicLoadBalancer,
    health: Result<&'a Fact<Vec<InstanceHealth>>, Gap>,
    machines: Machines<'a>,
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
        let name = &balancer.load_balancer_name;
        Some(Classic {
            name: AwsName {
                region: key.clone(),
                name: name.clone(),
            },
            balancer,
            health: Region::keyed(&region.instance_health, Source::InstanceHealth, name),
            machines: Machines::new(snapshot, region),
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
    /// Whether it has a listener on a port of clients.
    pub(super) fn listens(&self, port: u16) -> bool {
        self.balancer.listener(port).is_some()
    }

    /// The instances behind a Service port, and why their health is not known.
    pub(super) fn targets(&self, port: u16, node_port: u16) -> (Vec<Target>, Option<Gap>) {
        let instance_port = self
            .balancer
            .listener(port)
            .map_or(node_port, |listener| listener.instance_port);
        let check = self.check(instance_port);
        let target = |id: &str| self.machines.target(id, instance_port, check.clone(), None);
        let (mut targets, gap): (Vec<Target>, _) = match self.health {
            Ok(states) => {
                let each = states.iter().map(|state| Target {
                    reported: Some(reported(state, instance_port, &check)),
                    ..target(&state.instance_id)
                });
                (each.collect(), None)
            }
            Err(ref gap) => {
                let each = self.balancer.instances.iter();
                let each = each.map(|instance| target(&instance.instance_id));
                (each.collect(), Some(gap.clone()))
            }
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

/// A state in the words of ELBv2.
fn reported(health: &InstanceHealth, port: u16, check: &HealthCheck) -> TargetHealthDescription {
    let state = match health.standing() {
        InstanceStanding::InService => "healthy",
        InstanceStanding::Registering => "initial",
        InstanceStanding::ZoneNotEnabled
        | InstanceStanding::Stopped
        | InstanceStanding::Terminated
        | InstanceStanding::NotRegistered => "unused",
        InstanceStanding::ChecksFail | InstanceStanding::OutOfService => "unhealthy",
        InstanceStanding::Unknown => "unavailable",
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
