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
use crate::parse::hostname::{LoadBalancerName, is_name_of};
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
    let parsed = LoadBalancerName::parse(hostname);
    let name = parsed.as_ref().map_or(hostname, |parsed| &parsed.name);
    let mut searched: Vec<&RegionKey> = Vec::new();
    let mut gap = None;
    for (key, region) in &snapshot.aws.regions {
        match &region.load_balancers {
            Ok(balancers) => {
                let has_name = |lb: &&LoadBalancer| is_name_of(hostname, &lb.dns_name);
                if let Some(found) = balancers.iter().find(has_name) {
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
        let region = AwsName::of_arn(&arn)?.region;
        let groups = snapshot.aws.regions.get(&region)?;
        let groups = groups.target_groups.as_ref().ok()?;
        let text = arn.to_string();
        let group = groups.iter().find(|group| group.target_group_arn == text)?;
        let balancer: Arn = group.load_balancer_arns.first()?.parse().ok()?;
        AwsName::of_arn(&balancer).map(Lookup::Found)
    })
}

/// The load balancer that its name, its target groups or, without a UID, its tags prove to be the Service's.
fn by_name(snapshot: &Snapshot, service: &Service) -> Option<Lookup<AwsName>> {
    let told = home::cluster_names(snapshot);
    snapshot.aws.regions.iter().find_map(|(key, region)| {
        let balancers = region.load_balancers.as_ref().ok()?;
        let tags = known(&region.tags);
        let names = told.union(&clusters(tags)).cloned().collect();
        let made = Made::of(service, &names, tags, known(&region.target_groups));
        let found = balancers.iter().find(|balancer| made.has(balancer))?;
        Some(found_in(key, found))
    })
}

/// What a load balancer has that a controller made for a Service.
///
/// The UID of the Service is in the names that controllers compute. Under a name that an annotation gave, the
/// names of the target groups behind it prove the same. Tags alone hold neither the UID nor what tells two
/// clusters of one account apart, so they decide only where the UID is not known.
pub struct Made<'a> {
    names: BTreeSet<String>,
    arns: BTreeSet<&'a str>,
}

impl<'a> Made<'a> {
    /// What is known of the Service's own. `clusters` are the names that the cluster may have; one that is not its
    /// name makes no name that is the Service's.
    pub fn of(
        service: &Service,
        clusters: &BTreeSet<String>,
        tags: &'a [TagDescription],
        groups: &'a [TargetGroup],
    ) -> Self {
        let computed = candidates::target_groups(service, clusters);
        let own = groups
            .iter()
            .filter(|group| computed.contains(&group.target_group_name));
        let behind = own.flat_map(|group| group.load_balancer_arns.iter().map(String::as_str));
        Self {
            names: candidates::balancers(service, clusters)
                .into_iter()
                .collect(),
            arns: if service.metadata.uid.is_empty() {
                tagged(service, tags).collect()
            } else {
                behind.collect()
            },
        }
    }

    /// Whether a load balancer is proven to be the Service's.
    pub fn has(&self, balancer: &LoadBalancer) -> bool {
        self.names.contains(&balancer.load_balancer_name)
            || self.arns.contains(balancer.load_balancer_arn.as_str())
    }
}

/// The ARNs of what carries a tag with the Service's namespace and name.
fn tagged<'a>(service: &Service, tags: &'a [TagDescription]) -> impl Iterator<Item = &'a str> {
    let stack = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let own = tags.iter().filter(move |resource| {
        resource
            .tags
            .iter()
            .any(|tag| [STACK_TAG, SERVICE_TAG].contains(&tag.key.as_str()) && tag.value == stack)
    });
    own.map(|resource| resource.resource_arn.as_str())
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
