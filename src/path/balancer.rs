//! Finds the load balancer of a Service in what was read.
//!
//! In this order: the host name in the Service's status, the target group that a
//! TargetGroupBinding names, the names that both controllers compute for load
//! balancers and target groups, the tags that they set. None of them needs a
//! list of all load balancers.

use super::{AwsName, Lookup, ObjectName, RegionKey, candidates, home};
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{Arn, LoadBalancer, TargetGroup};
use crate::model::kubernetes::{Service, TargetGroupBinding};
use crate::model::{Fact, Gap, Seen, Snapshot, Source};
use crate::parse::hostname::LoadBalancerName;
use std::collections::BTreeSet;

/// Tag of the AWS Load Balancer Controller: `namespace/name` of the Service.
pub const STACK_TAG: &str = "service.k8s.aws/stack";
/// Tag of cloud-provider-aws: `namespace/name` of the Service.
pub const SERVICE_TAG: &str = "kubernetes.io/service-name";
/// Tag of the AWS Load Balancer Controller: its `--cluster-name`.
pub const CLUSTER_TAG: &str = "elbv2.k8s.aws/cluster";

/// Nothing names a load balancer.
const NO_STATUS: &str = "status.loadBalancer is empty";

/// The load balancer of a Service, and whether the Service's own controller made it.
pub(super) fn of_service(snapshot: &Snapshot, service: &Service) -> (Lookup<AwsName>, bool) {
    if let Some(hostname) = service.hostname() {
        return (by_hostname(snapshot, hostname), true);
    }
    let ingress = &service.status.load_balancer.ingress;
    if let Some(ip) = ingress.iter().find_map(|ingress| ingress.ip.as_deref()) {
        let why = format!(
            "status.loadBalancer has the address {ip} and no host name, so no AWS load balancer stands behind it"
        );
        return (Lookup::Absent(why), false);
    }
    if let Some(bound) = by_binding(snapshot, service) {
        return (bound, false);
    }
    // Of another type no controller makes one for it, so a name or a tag of before says nothing.
    let of_type = service.spec.kind == "LoadBalancer";
    match of_type.then(|| by_name(snapshot, service)).flatten() {
        Some(found) => (found, true),
        None => (Lookup::Absent(NO_STATUS.to_owned()), false),
    }
}

/// The bindings of a Service with the target groups they name.
pub fn bindings<'a>(
    snapshot: &'a Snapshot,
    service: &'a ObjectName,
) -> impl Iterator<Item = (&'a Fact<TargetGroupBinding>, Arn)> {
    snapshot
        .kubernetes
        .target_group_bindings
        .known()
        .filter(|binding| binding.of_service(&service.namespace, &service.name))
        .filter_map(|binding| Some((binding, binding.spec.target_group_arn.parse().ok()?)))
}

fn by_hostname(snapshot: &Snapshot, hostname: &str) -> Lookup<AwsName> {
    let wanted = hostname.trim_end_matches('.').to_ascii_lowercase();
    let parsed = LoadBalancerName::parse(hostname);
    let name = parsed
        .as_ref()
        .map_or(wanted.as_str(), |parsed| &parsed.name);
    let mut searched: Vec<&RegionKey> = Vec::new();
    let mut gap = None;
    for (key, region) in &snapshot.aws.regions {
        match &region.load_balancers {
            Ok(balancers) => {
                if let Some(found) = balancers.iter().find(|lb| has_dns_name(lb, &wanted)) {
                    return found_in(key, found);
                }
                // A region that the host name does not name cannot prove anything.
                if parsed.as_ref().is_some_and(|parsed| parsed.region == key.1) {
                    searched.push(key);
                }
            }
            Err(missing) => gap = gap.or(Some(missing.clone())),
        }
    }
    if parsed.is_none() {
        return Lookup::Absent(format!(
            "{hostname} is not the name of a load balancer of AWS"
        ));
    }
    match (searched.as_slice(), gap) {
        ([], Some(gap)) => Lookup::Unknown(gap),
        ([], None) => Lookup::Unknown(Gap::not_collected(Source::LoadBalancers, name)),
        (keys, _) => Lookup::Absent(format!(
            "{} has no load balancer {name} of that DNS name",
            keys.iter()
                .map(|(account, region)| format!("account {account} in {region}"))
                .collect::<Vec<_>>()
                .join(" and "),
        )),
    }
}

fn has_dns_name(balancer: &LoadBalancer, wanted: &str) -> bool {
    let name = balancer.dns_name.to_ascii_lowercase();
    !name.is_empty() && (wanted == name || wanted.ends_with(&format!(".{name}")))
}

fn found_in(key: &RegionKey, balancer: &LoadBalancer) -> Lookup<AwsName> {
    Lookup::Found(AwsName {
        region: key.clone(),
        name: balancer.load_balancer_name.clone(),
    })
}

/// The load balancer that uses the target group of a binding; the group's own description names it.
fn by_binding(snapshot: &Snapshot, service: &Service) -> Option<Lookup<AwsName>> {
    let id = ObjectName::new(&service.metadata.namespace, &service.metadata.name);
    bindings(snapshot, &id).find_map(|(_, arn)| {
        let key = (arn.account.clone(), arn.region.clone());
        let groups = snapshot
            .aws
            .regions
            .get(&key)?
            .target_groups
            .as_ref()
            .ok()?;
        let text = arn.to_string();
        let group = groups.iter().find(|group| group.target_group_arn == text)?;
        let balancer: Arn = group.load_balancer_arns.first()?.parse().ok()?;
        Some(Lookup::Found(AwsName {
            region: key,
            name: balancer.name()?.to_owned(),
        }))
    })
}

/// The load balancer that its name, its target groups or, without a UID, its tags prove to be the Service's.
fn by_name(snapshot: &Snapshot, service: &Service) -> Option<Lookup<AwsName>> {
    snapshot.aws.regions.iter().find_map(|(key, region)| {
        let balancers = region.load_balancers.as_ref().ok()?;
        let (tags, groups) = (known(&region.tags), known(&region.target_groups));
        let mut names = home::cluster_names(snapshot);
        names.extend(clusters(tags));
        let found = balancers
            .iter()
            .find(|balancer| is_of(service, balancer, &names, tags, groups))?;
        Some(found_in(key, found))
    })
}

/// Whether a load balancer is proven to be the one that a controller made for the Service.
///
/// The UID of the Service is in the names that controllers compute. Under a name that an annotation gave, the
/// names of the target groups behind it prove the same. Tags alone hold neither the UID nor what tells two
/// clusters of one account apart, so they decide only where the UID is not known. `clusters` are the names
/// that the cluster may have; one that is not its name makes no name that is the Service's.
pub fn is_of(
    service: &Service,
    balancer: &LoadBalancer,
    clusters: &BTreeSet<String>,
    tags: &[TagDescription],
    groups: &[TargetGroup],
) -> bool {
    if service.metadata.uid.is_empty() {
        return has_stack(service, &balancer.load_balancer_arn, tags);
    }
    if candidates::balancers(service, clusters).contains(&balancer.load_balancer_name) {
        return true;
    }
    let names = candidates::target_groups(service, clusters);
    groups.iter().any(|group| {
        names.contains(&group.target_group_name)
            && group
                .load_balancer_arns
                .contains(&balancer.load_balancer_arn)
    })
}

fn has_stack(service: &Service, arn: &str, tags: &[TagDescription]) -> bool {
    let stack = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    tags.iter().any(|resource| {
        resource.resource_arn == arn
            && resource.tags.iter().any(|tag| {
                [STACK_TAG, SERVICE_TAG].contains(&tag.key.as_str()) && tag.value == stack
            })
    })
}

/// The clusters that tags name.
pub fn clusters(tags: &[TagDescription]) -> BTreeSet<String> {
    tags.iter()
        .flat_map(|resource| &resource.tags)
        .filter(|tag| tag.key == CLUSTER_TAG)
        .map(|tag| tag.value.clone())
        .collect()
}

fn known<T>(seen: &Seen<Vec<T>>) -> &[T] {
    seen.as_ref().map_or(&[], |fact| fact.value.as_slice())
}
