//! What carries the cluster's tags and belongs to nothing that was asked for: an audit judges whether it is left over.
//!
//! Descriptions and tags are in the account's list already. Only who is registered with the target groups is asked: a
//! node of another cluster there proves that they are in use.

use super::detail::HEALTH;
use super::elbv2::TAGS;
use super::find::{BALANCERS, Found, GROUPS};
use super::inventory::Inventory;
use super::reader::Reader;
use crate::model::aws::instance::Reservation;
use crate::model::aws::load_balancer::TagDescription;
use crate::path::claim::{Claim, cluster_of_instance};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tells these documents from those of what was asked for.
const KEY: &str = "left-over";

impl Found<'_> {
    /// Keeps load balancers and target groups of the clusters whose names the instances or what was found bear.
    pub(super) async fn left_over(&self, reservations: &[Reservation]) {
        if !self.reader.lists_everything() {
            return;
        }
        let Some(inventory) = self.inventory().await else {
            return;
        };
        let balancers = self
            .balancers
            .iter()
            .map(|lb| lb.load_balancer_arn.as_str());
        let groups = self
            .groups
            .iter()
            .map(|group| group.target_group_arn.as_str());
        let known: BTreeSet<&str> = balancers.chain(groups).collect();
        let clusters = clusters(&inventory, &known, reservations);
        // Another cluster of the account may have the same name, but not the same VPC.
        let instances = reservations
            .iter()
            .flat_map(|reservation| &reservation.instances);
        let vpcs: BTreeSet<&str> = instances.filter_map(|one| one.vpc_id.as_deref()).collect();
        let left = |arn: &str, vpc: Option<&str>| {
            !known.contains(arn)
                && vpc.is_some_and(|vpc| vpcs.contains(vpc))
                && inventory
                    .tags(arn)
                    .and_then(|tags| Claim::of(&tags.tags))
                    .is_some_and(|claim| clusters.contains(claim.cluster))
        };
        let balancers = inventory.balancers.iter().flatten();
        let balancers: Vec<_> = balancers
            .filter(|lb| left(&lb.load_balancer_arn, Some(&lb.vpc_id)))
            .collect();
        let groups = inventory.groups.iter().flatten();
        let groups: Vec<_> = groups
            .filter(|group| left(&group.target_group_arn, group.vpc_id.as_deref()))
            .collect();
        let arns = balancers.iter().map(|lb| lb.load_balancer_arn.as_str());
        let arns = arns.chain(groups.iter().map(|group| group.target_group_arn.as_str()));
        let tags: Vec<&TagDescription> = arns.filter_map(|arn| inventory.tags(arn)).collect();
        if tags.is_empty() {
            return;
        }
        // An empty list says that there are none, which only a list proves.
        let reader = &self.reader;
        if inventory.balancers.is_ok() {
            reader.keep(BALANCERS, KEY, "LoadBalancers", &balancers);
        }
        if inventory.groups.is_ok() {
            reader.keep(GROUPS, KEY, "TargetGroups", &groups);
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
        let (name, source) = (
            account.source(BALANCERS, KEY),
            account.source(BALANCERS, ""),
        );
        notebook.expect(&name, source.as_str());
        let listed = self.reader.inventory().await;
        notebook.settle(&name);
        match listed {
            Ok(inventory) => {
                let failures = inventory.iter().flat_map(|inventory| inventory.failures());
                for (operation, failure) in failures {
                    notebook.gap(account.source(operation, ""), failure);
                }
                inventory
            }
            Err(failure) => {
                notebook.gap(source, failure);
                None
            }
        }
    }
}

/// The names of the cluster, as tags prove them.
fn clusters(
    inventory: &Inventory,
    known: &BTreeSet<&str>,
    reservations: &[Reservation],
) -> BTreeSet<String> {
    let claims = known.iter().filter_map(|arn| inventory.tags(arn));
    let claims = claims.filter_map(|tags| Claim::of(&tags.tags));
    let of_instances = reservations
        .iter()
        .flat_map(|reservation| &reservation.instances)
        .flat_map(|instance| cluster_of_instance(&instance.tags).map(|(_, name)| name));
    of_instances
        .chain(claims.map(|claim| claim.cluster))
        .map(str::to_owned)
        .collect()
}
