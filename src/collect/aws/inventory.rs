//! All load balancers and target groups of an account and region, with their tags: what an audit lists once
//! instead of asking for each by name.

use super::elbv2::Batch;
use super::failure::Failure;
use super::reader::Reader;
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{LoadBalancer, TargetGroup};
use std::collections::{BTreeMap, BTreeSet};

/// What an account has in a region.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) balancers: Vec<LoadBalancer>,
    pub(super) groups: Vec<TargetGroup>,
    /// Tags of both, or why they could not be read.
    pub(super) tags: Option<Result<BTreeMap<String, TagDescription>, Failure>>,
}

impl Inventory {
    /// Lists everything; the tags in batches.
    ///
    /// # Errors
    /// When the load balancers or target groups cannot be listed.
    pub(super) async fn list(reader: &Reader<'_>) -> Result<Self, Failure> {
        let (balancers, groups) =
            futures::future::join(reader.all_load_balancers(), reader.all_target_groups()).await;
        let (balancers, groups) = (balancers?, groups?);
        let arns: Vec<String> = balancers
            .iter()
            .map(|balancer| balancer.load_balancer_arn.clone())
            .chain(groups.iter().map(|group| group.target_group_arn.clone()))
            .collect();
        let tags = reader.tags_of(&arns).await.map(|all| {
            all.into_iter()
                .map(|tags| (tags.resource_arn.clone(), tags))
                .collect()
        });
        Ok(Self {
            balancers,
            groups,
            tags: Some(tags),
        })
    }

    /// The load balancers with these values of `key`; those that are not there are missing.
    pub(super) fn balancers_by(
        &self,
        wanted: &[String],
        key: impl Fn(&LoadBalancer) -> &str,
    ) -> Batch<LoadBalancer> {
        pick(&self.balancers, wanted, key, "LoadBalancerNotFound")
    }

    /// The target groups with these ARNs.
    pub(super) fn groups_by_arn(&self, wanted: &[String]) -> Batch<TargetGroup> {
        pick(
            &self.groups,
            wanted,
            |group| group.target_group_arn.as_str(),
            "TargetGroupNotFound",
        )
    }

    /// Why no tags could be read.
    pub(super) fn unread_tags(&self) -> Option<&Failure> {
        self.tags.as_ref()?.as_ref().err()
    }

    /// Whether the next who lists the account may be told the tags that this one was not.
    pub(super) fn lacks_tags_for_now(&self) -> bool {
        self.unread_tags().is_some_and(Failure::is_passing)
    }

    /// Tags of an ARN, where they were read.
    pub(super) fn tags(&self, arn: &str) -> Option<&TagDescription> {
        self.tags.as_ref()?.as_ref().ok()?.get(arn)
    }

    /// Tags of these ARNs.
    ///
    /// # Errors
    /// Why tags could not be read.
    pub(super) fn tags_of(&self, arns: &[String]) -> Result<Vec<TagDescription>, Failure> {
        let none = BTreeMap::new();
        let tags = match &self.tags {
            Some(read) => read.as_ref().map_err(Clone::clone)?,
            None => &none,
        };
        Ok(arns
            .iter()
            .filter_map(|arn| tags.get(arn))
            .cloned()
            .collect())
    }
}

/// The items whose key is wanted, in the order of the inventory.
fn pick<T: Clone>(all: &[T], wanted: &[String], key: impl Fn(&T) -> &str, code: &str) -> Batch<T> {
    let names: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let found: Vec<T> = all
        .iter()
        .filter(|item| names.contains(key(item)))
        .cloned()
        .collect();
    let there: BTreeSet<&str> = found.iter().map(&key).collect();
    let missing = names
        .difference(&there)
        .map(|name| {
            let why = "not among those that the account has in the region";
            ((*name).to_owned(), Failure::new(code, why))
        })
        .collect();
    Batch { found, missing }
}
