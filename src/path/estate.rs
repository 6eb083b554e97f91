//! What of an account belongs to the cluster: its name, its VPC, and what its objects use.
//!
//! Built once for a cluster, so that each of thousands of load balancers and target groups is judged by lookups.

use super::claim::{Claim, Claimant, cluster_of_instance};
use super::{ObjectName, RegionKey};
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{Instance, LoadBalancer, TargetGroup};
use crate::model::{Gap, Origin, Reason, Snapshot, Source};
use std::collections::{BTreeMap, BTreeSet};

/// A tag that names the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// Kind of the tagged resource.
    pub kind: &'static str,
    /// Its id or name.
    pub id: &'a str,
    /// Key of the tag.
    pub key: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Where it was read.
    pub origin: &'a Origin,
}

/// What belongs to a cluster.
pub struct Estate<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Tags by ARN.
    tags: BTreeMap<&'a str, (&'a TagDescription, &'a Origin)>,
    /// What uses a DNS name, in lower case.
    hosts: BTreeMap<String, Claimant>,
    /// The first binding of a target group, by ARN; that of the empty one has yet to be told its group.
    bound: BTreeMap<&'a str, ObjectName>,
    /// The target groups of a load balancer, by ARN.
    groups: BTreeMap<&'a str, Vec<&'a TargetGroup>>,
    /// DNS names of all load balancers that were read, in lower case.
    balancers: BTreeSet<String>,
    /// Names of the cluster with the first tag that says so.
    names: BTreeMap<&'a str, Proof<'a>>,
    /// The VPCs of the cluster's nodes.
    vpcs: BTreeMap<&'a RegionKey, BTreeSet<&'a str>>,
    /// Instance ids and addresses of the cluster's nodes.
    nodes: BTreeSet<String>,
}

/// The readings that are consulted when something is judged.
pub const READS: [Source; 10] = [
    Source::Services,
    Source::Ingresses,
    Source::Gateways,
    Source::TargetGroupBindings,
    Source::Nodes,
    Source::LoadBalancers,
    Source::TargetGroups,
    Source::TargetHealth,
    Source::Tags,
    Source::Instances,
];

/// Keeps the first kind of proof, and of one kind the first by id, whatever the order of the documents.
fn prove<'a>(names: &mut BTreeMap<&'a str, Proof<'a>>, name: &'a str, proof: Proof<'a>) {
    let known = names.entry(name).or_insert(proof);
    if known.kind == proof.kind && (proof.id, proof.key) < (known.id, known.key) {
        *known = proof;
    }
}

impl<'a> Estate<'a> {
    /// Indexes a cluster's evidence.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let k8s = &snapshot.kubernetes;
        let mut estate = Self {
            snapshot,
            tags: BTreeMap::new(),
            hosts: hosts(snapshot),
            bound: BTreeMap::new(),
            groups: BTreeMap::new(),
            balancers: BTreeSet::new(),
            names: BTreeMap::new(),
            vpcs: BTreeMap::new(),
            nodes: k8s
                .nodes
                .known()
                .flat_map(|node| {
                    let id = node.instance_id().map(str::to_owned);
                    id.into_iter()
                        .chain(node.internal_ips().map(|ip| ip.to_string()))
                })
                .collect(),
        };
        for binding in k8s.target_group_bindings.known() {
            let meta = &binding.metadata;
            let arn = binding.spec.target_group_arn.as_str();
            let name = || ObjectName::new(&meta.namespace, &meta.name);
            estate.bound.entry(arn).or_insert_with(name);
        }
        for region in snapshot.aws.regions.values() {
            estate.tags.extend(region.tags.iter().flat_map(|tags| {
                let each = tags.iter();
                each.map(|found| (found.resource_arn.as_str(), (found, &tags.origin)))
            }));
            for group in region.target_groups.iter().flat_map(|groups| groups.iter()) {
                for arn in &group.load_balancer_arns {
                    estate.groups.entry(arn).or_default().push(group);
                }
            }
            let balancers = region.load_balancers.iter().flat_map(|all| all.iter());
            estate
                .balancers
                .extend(balancers.map(|balancer| host(&balancer.dns_name)));
        }
        for groups in estate.groups.values_mut() {
            groups.sort_by_key(|group| &group.target_group_arn);
        }
        estate.find_nodes();
        estate.find_names();
        estate
    }

    /// The VPCs of the nodes, and the names that their instances carry.
    fn find_nodes(&mut self) {
        for (key, region) in &self.snapshot.aws.regions {
            let Ok(instances) = &region.instances else {
                continue;
            };
            let own = |instance: &&Instance| self.nodes.contains(&instance.instance_id);
            for instance in instances.iter().filter(own) {
                if let Some(vpc) = &instance.vpc_id {
                    self.vpcs.entry(key).or_default().insert(vpc);
                }
                for (tag, name) in cluster_of_instance(&instance.tags) {
                    let value = instance.tags.iter().find(|found| found.key == tag);
                    let proof = Proof {
                        kind: "Instance",
                        id: &instance.instance_id,
                        key: tag,
                        value: value.map_or(name, |found| &found.value),
                        origin: &instances.origin,
                    };
                    prove(&mut self.names, name, proof);
                }
            }
        }
    }

    /// The names on load balancers and target groups whose tags and users agree.
    fn find_names(&mut self) {
        for region in self.snapshot.aws.regions.values() {
            for balancer in region.load_balancers.iter().flat_map(|all| all.iter()) {
                let Some((claim, origin)) = self.claim(&balancer.load_balancer_arn) else {
                    continue;
                };
                if self.user(balancer) == Some(&claim.claimant) {
                    self.name(&claim, origin, "LoadBalancer", &balancer.load_balancer_name);
                }
            }
        }
        for binding in self.snapshot.kubernetes.target_group_bindings.known() {
            let Some((claim, origin)) = self.claim(&binding.spec.target_group_arn) else {
                continue;
            };
            let meta = &binding.metadata;
            let service = ObjectName::new(&meta.namespace, &binding.spec.service_ref.name);
            if binding.is_generated() && claim.claimant == Claimant::Service(service) {
                self.name(&claim, origin, "TargetGroup", &meta.name);
            }
        }
    }

    fn name(&mut self, claim: &Claim<'a>, origin: &'a Origin, kind: &'static str, id: &'a str) {
        let proof = Proof {
            kind,
            id,
            key: claim.cluster_key,
            value: claim.cluster_value,
            origin,
        };
        prove(&mut self.names, claim.cluster, proof);
    }

    /// What the tags of a resource say; none when they were not read or name nobody.
    pub fn claim(&self, arn: &str) -> Option<(Claim<'a>, &'a Origin)> {
        let (found, origin) = self.tags.get(arn)?;
        Some((Claim::of(&found.tags)?, origin))
    }

    /// Whether the tags of a resource were read.
    pub(super) fn has_tags(&self, arn: &str) -> bool {
        self.tags.contains_key(arn)
    }

    /// The Service, Ingress or Gateway whose status has the DNS name of a load balancer.
    pub(super) fn user(&self, balancer: &LoadBalancer) -> Option<&Claimant> {
        self.hosts.get(&host(&balancer.dns_name))
    }

    /// Whether a load balancer of this DNS name was read.
    pub(super) fn has_balancer(&self, hostname: &str) -> bool {
        self.balancers.contains(&host(hostname))
    }

    /// The binding of a target group.
    pub(super) fn binding(&self, arn: &str) -> Option<&ObjectName> {
        self.bound.get(arn)
    }

    /// The target groups of a load balancer.
    pub(super) fn groups(&self, arn: &str) -> &[&'a TargetGroup] {
        self.groups.get(arn).map_or(&[], Vec::as_slice)
    }

    /// Whether an instance id or an address is that of a node.
    pub(super) fn is_node(&self, id: &str) -> bool {
        self.nodes.contains(id)
    }

    /// The names of the cluster, each with the first tag that proves it.
    pub fn names(&self) -> &BTreeMap<&'a str, Proof<'a>> {
        &self.names
    }

    /// The VPCs of the nodes in a region, at least one, when all nodes are known.
    ///
    /// # Errors
    /// The gap when nodes or instances were not read, or when no node is among the instances.
    pub(super) fn vpcs(&self, key: &RegionKey) -> Result<&BTreeSet<&'a str>, Gap> {
        self.snapshot.kubernetes.nodes.complete("")?;
        let region = self.snapshot.aws.regions.get(key);
        let instances = region
            .ok_or_else(|| Gap::not_collected(Source::Instances, &key.1))?
            .instances
            .as_ref()
            .map_err(Gap::clone)?;
        self.vpcs.get(key).ok_or_else(|| {
            let why = format!("no node of the cluster is in {}", instances.origin.document);
            Gap::new(Source::Instances, "", Reason::Partial(why))
        })
    }
}

/// A DNS name for comparison: in lower case, without what AWS answers for names of both address families.
pub fn host(name: &str) -> String {
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    match lower.strip_prefix("dualstack.") {
        Some(rest) => rest.to_owned(),
        None => lower,
    }
}

/// Every DNS name in the status of a Service, an Ingress or a Gateway.
fn hosts(snapshot: &Snapshot) -> BTreeMap<String, Claimant> {
    let k8s = &snapshot.kubernetes;
    let mut hosts = BTreeMap::new();
    for gateway in k8s.gateways.known() {
        let meta = &gateway.metadata;
        for address in &gateway.status.addresses {
            let name = ObjectName::new(&meta.namespace, &meta.name);
            hosts.insert(host(&address.value), Claimant::Gateway(name));
        }
    }
    for ingress in k8s.ingresses.known() {
        let meta = &ingress.metadata;
        let status = &ingress.status.load_balancer.ingress;
        for hostname in status.iter().filter_map(|entry| entry.hostname.as_deref()) {
            let name = ObjectName::new(&meta.namespace, &meta.name);
            hosts.insert(host(hostname), Claimant::Ingress(name));
        }
    }
    // Gateways and Ingresses of Cilium repeat the status of their Service, which is what the tags name.
    for service in k8s.services.known() {
        let meta = &service.metadata;
        let status = &service.status.load_balancer.ingress;
        for hostname in status.iter().filter_map(|entry| entry.hostname.as_deref()) {
            let name = ObjectName::new(&meta.namespace, &meta.name);
            hosts.insert(host(hostname), Claimant::Service(name));
        }
    }
    hosts
}
