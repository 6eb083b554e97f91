//! Connects a Service's ports to listeners and target groups.

use super::classic::Classic;
use super::targets::targets;
use super::{AwsName, Lookup, ObjectName, Path, RegionKey, Subject, SubjectKind};
use super::{balancer, classic};
use crate::model::aws::{Arn, Listener, Region};
use crate::model::kubernetes::Service;
use crate::model::kubernetes::service::ServicePort;
use crate::model::{Gap, Snapshot, Source};
use std::collections::BTreeSet;

/// All paths of a subject, in the order of the Service's ports.
///
/// A TargetGroupBinding or target group ARN narrows them to its own target group.
pub fn paths(snapshot: &Snapshot, subject: &Subject) -> Vec<Path> {
    let service = subject.service.as_ref().and_then(|id| {
        snapshot
            .kubernetes
            .services
            .find(&id.namespace, &id.name)
            .ok()
            .flatten()
    });
    let mut all = match (service, subject.kind) {
        (Some(service), _) => of_service(snapshot, &service.value),
        (None, SubjectKind::LoadBalancer) => match &subject.load_balancer {
            Some(arn) => of_balancer(snapshot, arn, &subject.object.name),
            None => Vec::new(),
        },
        // Nothing is checked through a target group that no load balancer uses.
        (None, _) => Vec::new(),
    };
    if let Some(arn) = subject
        .target_group
        .as_deref()
        .and_then(|arn| arn.parse::<Arn>().ok())
    {
        all.retain(|path| match path.target_group.found() {
            Some(group) => Some(group.name.as_str()) == arn.name(),
            None => true,
        });
    }
    all
}

fn of_service(snapshot: &Snapshot, service: &Service) -> Vec<Path> {
    let id = ObjectName::new(&service.metadata.namespace, &service.metadata.name);
    let (balancer, owned) = balancer::of_service(snapshot, service);
    if balancer.found().is_none()
        && let Some(classic) = classic::of_service(snapshot, service)
    {
        return of_classic(service, &id, &classic);
    }
    let mut all = Vec::new();
    for port in &service.spec.ports {
        let (listener, groups) = listener_and_groups(snapshot, &balancer, &id, port, owned);
        for target_group in groups {
            let mut path = Path {
                service: Some(id.clone()),
                port: port.port,
                protocol: port.protocol().to_owned(),
                node_port: port.node_port,
                load_balancer: balancer.clone(),
                owned,
                classic: None,
                listener: listener.clone(),
                target_group,
                targets: Vec::new(),
                targets_gap: None,
            };
            (path.targets, path.targets_gap) = targets(snapshot, &path, Some(service));
            all.push(path);
        }
    }
    all
}

/// The paths through a Classic Load Balancer: one per Service port, without target groups.
fn of_classic(service: &Service, id: &ObjectName, classic: &Classic<'_>) -> Vec<Path> {
    let name = &classic.name.name;
    let ports = service.spec.ports.iter().map(|port| {
        let (targets, targets_gap) = classic.targets(port.port, port.node_port);
        Path {
            service: Some(id.clone()),
            port: port.port,
            protocol: port.protocol().to_owned(),
            node_port: port.node_port,
            load_balancer: Lookup::Absent(format!("{name} is a Classic Load Balancer")),
            owned: true,
            classic: Some(classic.name.clone()),
            listener: if classic.listens(port.port) {
                Lookup::Found(port.port)
            } else {
                Lookup::Absent(format!("{name} has no listener on {}", port.port))
            },
            target_group: Lookup::Absent("a Classic Load Balancer has no target groups".to_owned()),
            targets,
            targets_gap,
        }
    });
    ports.collect()
}

/// The paths of a load balancer that belongs to no captured Service: one per listener and target group.
fn of_balancer(snapshot: &Snapshot, arn: &str, name: &str) -> Vec<Path> {
    let mut all = Vec::new();
    for (key, region) in &snapshot.aws.regions {
        let Ok(balancers) = &region.load_balancers else {
            continue;
        };
        if !balancers.iter().any(|lb| lb.load_balancer_arn == arn) {
            continue;
        }
        let balancer = Lookup::Found(AwsName {
            region: key.clone(),
            name: name.to_owned(),
        });
        let Ok(listeners) = Region::keyed(&region.listeners, Source::Listeners, name) else {
            continue;
        };
        for listener in listeners.iter() {
            for arn in listener.forwards_to() {
                let mut path = Path {
                    service: None,
                    port: listener.port,
                    protocol: listener.protocol.clone(),
                    node_port: 0,
                    load_balancer: balancer.clone(),
                    owned: false,
                    classic: None,
                    listener: Lookup::Found(listener.port),
                    target_group: group_by_arn(arn, key),
                    targets: Vec::new(),
                    targets_gap: None,
                };
                (path.targets, path.targets_gap) = targets(snapshot, &path, None);
                all.push(path);
            }
        }
    }
    // AWS answers in no particular order.
    all.sort_by_key(|path| {
        let group = path.target_group.found().map(|group| group.name.clone());
        (path.port, group)
    });
    all
}

fn listener_and_groups(
    snapshot: &Snapshot,
    balancer: &Lookup<AwsName>,
    service: &ObjectName,
    port: &ServicePort,
    owned: bool,
) -> (Lookup<u16>, Vec<Lookup<AwsName>>) {
    let bound = bound_groups(snapshot, service, port);
    let or_bound = |otherwise: Lookup<AwsName>| {
        if bound.is_empty() {
            vec![otherwise]
        } else {
            bound.clone()
        }
    };
    let AwsName { region, name } = match balancer {
        Lookup::Found(found) => found,
        Lookup::Absent(why) => {
            return (
                Lookup::Absent(why.clone()),
                or_bound(Lookup::Absent(why.clone())),
            );
        }
        Lookup::Unknown(gap) => {
            return (
                Lookup::Unknown(gap.clone()),
                or_bound(Lookup::Unknown(gap.clone())),
            );
        }
    };
    let Some(facts) = snapshot.aws.regions.get(region) else {
        let gap = Gap::not_collected(Source::Listeners, name);
        return (Lookup::Unknown(gap.clone()), or_bound(Lookup::Unknown(gap)));
    };
    let listeners = match Region::keyed(&facts.listeners, Source::Listeners, name) {
        Ok(listeners) => listeners,
        Err(gap) => return (Lookup::Unknown(gap.clone()), or_bound(Lookup::Unknown(gap))),
    };
    let bound_names: BTreeSet<&str> = bound
        .iter()
        .filter_map(|group| Some(group.found()?.name.as_str()))
        .collect();
    // A listener made by hand may have any port: the target group that is bound tells which one it is.
    let forwards_here = |listener: &Listener| {
        listener
            .forwards_to()
            .into_iter()
            .filter_map(|arn| arn.parse::<Arn>().ok())
            .any(|arn| arn.name().is_some_and(|name| bound_names.contains(name)))
    };
    let found = listeners
        .iter()
        .find(|listener| listener.port == port.port && carries(&listener.protocol, port.protocol()))
        .filter(|listener| owned || forwards_here(listener))
        .or_else(|| {
            let mut others = listeners.iter().filter(|_| !owned);
            others.find(|listener| forwards_here(listener))
        });
    match found {
        None => {
            let why = format!(
                "load balancer {name} has no listener on {}/{}",
                port.port,
                port.protocol()
            );
            (Lookup::Absent(why.clone()), or_bound(Lookup::Absent(why)))
        }
        Some(listener) => {
            let groups: Vec<_> = listener
                .forwards_to()
                .into_iter()
                .map(|arn| group_by_arn(arn, region))
                .collect();
            let groups = if groups.is_empty() {
                or_bound(Lookup::Absent(format!(
                    "listener {}/{} of {name} forwards to no target group",
                    port.port,
                    port.protocol()
                )))
            } else {
                groups
            };
            (Lookup::Found(listener.port), groups)
        }
    }
}

/// Whether a listener of `listener` protocol carries a Service port of `port` protocol.
pub fn carries(listener: &str, port: &str) -> bool {
    match port {
        "UDP" => matches!(listener, "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC"),
        _ => matches!(
            listener,
            "TCP" | "TLS" | "TCP_UDP" | "TCP_QUIC" | "HTTP" | "HTTPS"
        ),
    }
}

/// Target groups that TargetGroupBindings name for a Service port.
fn bound_groups(
    snapshot: &Snapshot,
    service: &ObjectName,
    port: &ServicePort,
) -> Vec<Lookup<AwsName>> {
    balancer::bindings(snapshot, service)
        .filter(|(binding, _)| binding.spec.service_ref.port.is(port))
        .filter_map(|(_, arn)| AwsName::of_arn(&arn).map(Lookup::Found))
        .collect()
}

/// A target group's name is in its ARN, so it is known even when the group itself was not read.
fn group_by_arn(arn: &str, region: &RegionKey) -> Lookup<AwsName> {
    let parsed = arn.parse().ok();
    match parsed.as_ref().and_then(AwsName::of_arn) {
        Some(name) => Lookup::Found(name),
        None => Lookup::Unknown(Gap::not_collected(
            Source::TargetGroups,
            format!("{arn} in {}", region.1),
        )),
    }
}
