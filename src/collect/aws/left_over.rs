//! What carries the cluster's tags and no object of it uses: an audit judges whether it is left over.
//!
//! Descriptions and tags are in the account's list already. Only who is registered with the target groups is asked: a
//! node of another cluster there proves that they are in use. A slice asks about those that it has to judge.

use super::detail::HEALTH;
use super::elbv2::TAGS;
use super::find::{BALANCERS, Found, GROUPS};
use super::inventory::Inventory;
use super::reader::Reader;
use crate::model::aws::instance::Reservation;
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{LoadBalancer, TargetGroup};
use crate::path::Shard;
use crate::path::claim::{Claim, Claimant, cluster_of_instance};
use crate::path::estate::host;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tells these documents from those of what was asked for.
const KEY: &str = "left-over";

/// What the objects of a whole cluster use, whichever slice holds them.
#[derive(Debug, Default)]
pub(in crate::collect) struct Users {
    /// DNS names in the status of Services, Ingresses and Gateways, as [`host`] has them.
    pub(in crate::collect) hosts: BTreeSet<String>,
    /// ARNs of target groups that bindings fill.
    pub(in crate::collect) bound: BTreeSet<String>,
    /// Those who need what was made for them whatever its DNS name is: they exist, or wait for it.
    pub(in crate::collect) needing: BTreeSet<Claimant>,
    /// The slice that judges, and the name of the cluster.
    pub(in crate::collect) slice: Option<(Shard, String)>,
}

impl Users {
    fn use_balancer(&self, balancer: &LoadBalancer) -> bool {
        self.hosts.contains(&host(&balancer.dns_name))
    }

    fn use_group(&self, group: &TargetGroup) -> bool {
        self.bound.contains(&group.target_group_arn)
    }

    /// Whether the one that tags name may be gone or have something else. Of a group of Ingresses nobody can tell.
    fn may_lack(&self, claimant: &Claimant) -> bool {
        !matches!(claimant, Claimant::IngressGroup(_)) && !self.needing.contains(claimant)
    }

    /// Whether it is this slice that judges the load balancer or target group of this name.
    fn judge(&self, name: &str) -> bool {
        let slice = self.slice.as_ref();
        slice.is_none_or(|(shard, cluster)| shard.holds(cluster, "", name))
    }
}

impl Found<'_> {
    /// Keeps load balancers and target groups that carry a name of the cluster, as instances or what is used bear it,
    /// and that may be left over.
    pub(super) async fn left_over(&self, reservations: &[Reservation], users: &Users) {
        let Some(inventory) = self.inventory().await else {
            return;
        };
        let left = Left::new(&inventory, reservations, users);
        let balancers: Vec<_> = left.balancers().collect();
        let groups: Vec<_> = left.groups(&balancers).collect();
        if balancers.is_empty() && groups.is_empty() {
            return;
        }
        // What is used proves the name of the cluster, also where another slice holds it.
        let known = self.balancers.iter().map(|lb| &lb.load_balancer_arn);
        let known = known.chain(self.groups.iter().map(|group| &group.target_group_arn));
        let known: BTreeSet<&String> = known.collect();
        let balancers: Vec<_> = balancers
            .into_iter()
            .chain(left.used())
            .filter(|lb| !known.contains(&lb.load_balancer_arn))
            .collect();
        let described: Vec<_> = groups
            .iter()
            .copied()
            .chain(left.bound())
            .filter(|group| !known.contains(&group.target_group_arn))
            .collect();
        let arns = balancers.iter().map(|lb| &lb.load_balancer_arn);
        let arns = arns.chain(described.iter().map(|group| &group.target_group_arn));
        let tags: Vec<&TagDescription> = arns.filter_map(|arn| inventory.tags(arn)).collect();
        // An empty list says that there are none, which only a list proves.
        let reader = &self.reader;
        if inventory.balancers.is_ok() {
            reader.keep(BALANCERS, KEY, "LoadBalancers", &balancers);
        }
        if inventory.groups.is_ok() {
            reader.keep(GROUPS, KEY, "TargetGroups", &described);
        }
        reader.keep(TAGS, KEY, "TagDescriptions", &tags);
        for group in groups {
            let health = reader.target_health(&group.target_group_arn);
            let (name, field) = (&group.target_group_name, "TargetHealthDescriptions");
            reader.document(HEALTH, name, field, health).await;
        }
    }

    /// The account's list, with gaps for what of it could not be listed: nobody else asks for it where the cluster
    /// names nothing.
    async fn inventory(&self) -> Option<Arc<Inventory>> {
        let Reader {
            account, notebook, ..
        } = &self.reader;
        let name = account.source(BALANCERS, KEY);
        notebook.expect(&name, account.source(BALANCERS, ""));
        let listed = self.reader.inventory().await;
        notebook.settle(&name);
        for (operation, failure) in listed.iter().flat_map(|listed| listed.failures()) {
            notebook.gap(account.source(operation, ""), failure);
        }
        listed
    }
}

/// What of an account may be left over of the cluster.
struct Left<'a> {
    inventory: &'a Inventory,
    users: &'a Users,
    /// The names of the cluster, as tags prove them.
    clusters: BTreeSet<&'a str>,
    /// Another cluster of the account may have the same name, but not the same VPC.
    vpcs: BTreeSet<&'a str>,
}

impl<'a> Left<'a> {
    fn new(inventory: &'a Inventory, reservations: &'a [Reservation], users: &'a Users) -> Self {
        let instances = reservations.iter().flat_map(|of| &of.instances);
        let of_instances = instances
            .clone()
            .flat_map(|instance| cluster_of_instance(&instance.tags).map(|(_, name)| name));
        let mut left = Self {
            inventory,
            users,
            clusters: of_instances.collect(),
            vpcs: instances.filter_map(|one| one.vpc_id.as_deref()).collect(),
        };
        let used = left.used().map(|balancer| &balancer.load_balancer_arn);
        let used = used.chain(&users.bound);
        let claims: Vec<Claim<'a>> = used.filter_map(|arn| left.claim(arn)).collect();
        left.clusters
            .extend(claims.into_iter().map(|claim| claim.cluster));
        left
    }

    fn claim(&self, arn: &str) -> Option<Claim<'a>> {
        Claim::of(&self.inventory.tags(arn)?.tags)
    }

    /// Whether something that is not used was made for the cluster and is this slice's to judge.
    fn is_candidate(&self, arn: &str, name: &str, vpc: Option<&str>) -> bool {
        self.users.judge(name)
            && vpc.is_some_and(|vpc| self.vpcs.contains(vpc))
            && self.claim(arn).is_some_and(|claim| {
                self.clusters.contains(claim.cluster) && self.users.may_lack(&claim.claimant)
            })
    }

    /// Whether a binding fills a target group of the load balancer.
    fn is_filled(&self, balancer: &LoadBalancer) -> bool {
        let arn = &balancer.load_balancer_arn;
        self.bound()
            .any(|group| group.load_balancer_arns.contains(arn))
    }

    /// The load balancers that the cluster uses.
    fn used(&self) -> impl Iterator<Item = &'a LoadBalancer> {
        let (all, users) = (self.inventory.balancers.iter().flatten(), self.users);
        all.filter(|balancer| users.use_balancer(balancer))
    }

    /// The target groups that bindings fill.
    fn bound(&self) -> impl Iterator<Item = &'a TargetGroup> {
        let (all, users) = (self.inventory.groups.iter().flatten(), self.users);
        all.filter(|group| users.use_group(group))
    }

    fn balancers(&self) -> impl Iterator<Item = &'a LoadBalancer> {
        let all = self.inventory.balancers.iter().flatten();
        all.filter(|balancer| {
            let (arn, name) = (&balancer.load_balancer_arn, &balancer.load_balancer_name);
            !self.users.use_balancer(balancer)
                && self.is_candidate(arn, name, Some(&balancer.vpc_id))
                && !self.is_filled(balancer)
        })
    }

    /// The target groups of `balancers`, whatever their tags say, and those that no load balancer has.
    fn groups(&self, balancers: &[&'a LoadBalancer]) -> impl Iterator<Item = &'a TargetGroup> {
        let of_balancers: BTreeSet<&str> = balancers
            .iter()
            .map(|balancer| balancer.load_balancer_arn.as_str())
            .collect();
        let all = self.inventory.groups.iter().flatten();
        all.filter(move |group| {
            let owners = &group.load_balancer_arns;
            if owners.is_empty() {
                let (arn, name) = (&group.target_group_arn, &group.target_group_name);
                !self.users.use_group(group)
                    && self.is_candidate(arn, name, group.vpc_id.as_deref())
            } else {
                let mut owners = owners.iter();
                owners.any(|arn| of_balancers.contains(arn.as_str()))
            }
        })
    }
}
