//! All load balancers and target groups of an account and region, with their tags: what an audit lists once
//! instead of asking for each by name.

use super::batch::Batch;
use super::elbv2::TAGS;
use super::failure::Failure;
use super::find::{BALANCERS, GROUPS};
use super::reader::Reader;
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{LoadBalancer, TargetGroup};
use std::collections::{BTreeMap, BTreeSet};

/// What an account has in a region. Each part was listed for itself, so that a right that is missing for one costs no
/// other.
#[derive(Debug)]
pub(super) struct Inventory {
    pub(super) balancers: Result<Vec<LoadBalancer>, Failure>,
    pub(super) groups: Result<Vec<TargetGroup>, Failure>,
    /// Tags of both by ARN.
    pub(super) tags: Result<BTreeMap<String, TagDescription>, Failure>,
}

impl Inventory {
    /// Lists everything; the tags in batches.
    pub(super) async fn list(reader: &Reader<'_>) -> Self {
        let (balancers, groups) =
            futures::future::join(reader.all_load_balancers(), reader.all_target_groups()).await;
        let of_balancers = balancers.iter().flatten().map(|lb| &lb.load_balancer_arn);
        let of_groups = groups.iter().flatten().map(|group| &group.target_group_arn);
        let arns: Vec<String> = of_balancers.chain(of_groups).cloned().collect();
        let tags = reader.tags_of(&arns).await.map(|all| {
            all.into_iter()
                .map(|tags| (tags.resource_arn.clone(), tags))
                .collect()
        });
        Self {
            balancers,
            groups,
            tags,
        }
    }

    /// The operations that gave no list, and why.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        let all = [
            (BALANCERS, self.balancers.as_ref().err()),
            (GROUPS, self.groups.as_ref().err()),
            (TAGS, self.tags.as_ref().err()),
        ];
        let failed = all.into_iter();
        failed.filter_map(|(operation, failure)| Some((operation, failure?)))
    }

    /// The load balancers with these values of `key`; those that are not there are missing.
    ///
    /// # Errors
    /// Why load balancers could not be listed.
    pub(super) fn balancers_by(
        &self,
        wanted: &[String],
        key: impl Fn(&LoadBalancer) -> &str,
    ) -> Result<Batch<LoadBalancer>, Failure> {
        let all = self.balancers.as_ref().map_err(Clone::clone)?;
        Ok(pick(all, wanted, key, "LoadBalancerNotFound"))
    }

    /// The target groups with these ARNs.
    ///
    /// # Errors
    /// Why target groups could not be listed.
    pub(super) fn groups_by_arn(&self, wanted: &[String]) -> Result<Batch<TargetGroup>, Failure> {
        let all = self.groups.as_ref().map_err(Clone::clone)?;
        Ok(pick(
            all,
            wanted,
            |group| &group.target_group_arn,
            "TargetGroupNotFound",
        ))
    }

    /// Whether the next who lists the account may be told what this one was not.
    pub(super) fn lacks_for_now(&self) -> bool {
        self.failures().any(|(_, failure)| failure.is_passing())
    }

    /// Tags of an ARN, where they were read.
    pub(super) fn tags(&self, arn: &str) -> Option<&TagDescription> {
        self.tags.as_ref().ok()?.get(arn)
    }

    /// Tags of these ARNs.
    ///
    /// # Errors
    /// Why tags could not be read.
    pub(super) fn tags_of(&self, arns: &[String]) -> Result<Vec<TagDescription>, Failure> {
        let tags = self.tags.as_ref().map_err(Clone::clone)?;
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
