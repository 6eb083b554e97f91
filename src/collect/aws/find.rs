//! The second wave: which load balancers, listeners and target groups there are.

use super::classic::Classic;
use super::elbv2::By;
use super::failure::Failure;
use super::plan::Wanted;
use super::reader::Reader;
use super::session::Session;
use super::unnamed;
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{Arn, Listener, LoadBalancer, NetworkInterface, TargetGroup};
use std::collections::BTreeSet;

/// Operations whose documents this wave writes.
pub(super) const IDENTITY: &str = "sts-get-caller-identity";
pub(super) const BALANCERS: &str = "elbv2-describe-load-balancers";
const LISTENERS: &str = "elbv2-describe-listeners";
pub(super) const GROUPS: &str = "elbv2-describe-target-groups";

/// What a region has of what is wanted.
pub(in crate::collect) struct Found<'a> {
    pub(super) reader: Reader<'a>,
    /// Load balancers.
    pub(in crate::collect) balancers: Vec<LoadBalancer>,
    /// Target groups.
    pub(super) groups: Vec<TargetGroup>,
    /// Classic Load Balancers.
    pub(super) classic: Classic,
    /// Load balancers that the account does not have: it may be the wrong account.
    pub(super) missing: Option<Failure>,
    /// Interfaces of load balancers that were read already.
    pub(super) interfaces: Vec<NetworkInterface>,
    /// Tags of all of them, where they were read already.
    pub(super) tags: Option<Vec<TagDescription>>,
    /// Whether all listeners and target groups of the load balancers could be read.
    pub(super) all_read: bool,
}

impl Found<'_> {
    /// Whether the region has nothing of what is wanted.
    pub(in crate::collect) fn is_empty(&self) -> bool {
        self.balancers.is_empty() && self.groups.is_empty() && self.classic.found.is_empty()
    }

    /// That none of the cluster's instances is in any account that was asked: what was left behind is not looked for.
    pub(in crate::collect) fn not_home(&self) {
        let account = &self.reader.account;
        self.reader.notebook.gap(
            account.source(BALANCERS, ""),
            format!(
                "WrongAccount: account {} in {} has none of the cluster's instances, so load balancers that the cluster left behind are not looked for: choose the cluster's account with --aws-profile or --role-arn",
                account.number, account.region
            ),
        );
    }
}

/// Finds what is wanted of one region; `None` when nothing more can be asked there.
pub(in crate::collect) async fn find<'a>(
    session: &Session<'a>,
    wanted: &Wanted,
) -> Option<Found<'a>> {
    let caller = session.identity();
    let account = wanted.account.as_deref().unwrap_or(&caller.account);
    let reader = session.reader(account, &wanted.region);
    reader.keep_whole(&reader.account.source(IDENTITY, ""), caller);
    if account != caller.account {
        return mismatch(&reader, wanted, &caller.account, &caller.arn);
    }
    let (named, missing) = balancers(&reader, wanted).await;
    keep_balancers(&reader, &named);
    let mut unnamed = unnamed::look_up(&reader, wanted).await;
    unnamed.balancers.retain(|found| !named.contains(found));
    let mut classic = wanted.perhaps_classic(&named);
    classic.append(&mut unnamed.classic);
    let behind = async {
        let all = named.iter().chain(&unnamed.balancers);
        let (forwarded, all_heard) = listeners(&reader, all).await;
        let arns: BTreeSet<String> = wanted.groups.union(&forwarded).cloned().collect();
        (read_groups(&reader, &arns).await, all_heard)
    };
    let (classic, (groups, all_heard)) =
        futures::future::join(reader.classic_of(classic), behind).await;
    let mut found = Found {
        reader,
        balancers: named,
        missing: missing.or(unnamed.missing),
        interfaces: unnamed.interfaces,
        tags: None,
        all_read: all_heard && groups.is_some(),
        groups: groups.unwrap_or_default(),
        classic,
    };
    if !unnamed.balancers.is_empty() {
        unnamed::prove(&mut found, wanted, unnamed.balancers).await;
    }
    found.by_tags(wanted).await;
    found.of_groups().await;
    // One that was found proves that the account is right, so the answer counts for all.
    if !found.balancers.is_empty() {
        found.missing = None;
    }
    Some(found)
}

impl Found<'_> {
    /// Load balancers that nothing but a binding leads to: its target group knows them.
    async fn of_groups(&mut self) {
        let owners = self
            .groups
            .iter()
            .flat_map(|group| &group.load_balancer_arns);
        let is_read = |arn: &String| {
            let mut known = self.balancers.iter();
            known.any(|balancer| balancer.load_balancer_arn == *arn)
        };
        let by_arn = Wanted {
            balancers: owners.filter(|arn| !is_read(arn)).cloned().collect(),
            ..Wanted::default()
        };
        let (bound, _) = balancers(&self.reader, &by_arn).await;
        if bound.is_empty() {
            return;
        }
        self.tags = None;
        listeners(&self.reader, bound.iter()).await;
        self.balancers.extend(bound);
        keep_balancers(&self.reader, &self.balancers);
    }
}

/// What was found so far; what is found later takes its place.
pub(super) fn keep_balancers(reader: &Reader<'_>, found: &[LoadBalancer]) {
    if !found.is_empty() {
        reader.keep(BALANCERS, "", "LoadBalancers", found);
    }
}

/// Nothing is asked with the credentials of another account: its answers would read as "does not exist".
fn mismatch<'a>(
    reader: &Reader<'a>,
    wanted: &Wanted,
    caller: &str,
    arn: &str,
) -> Option<Found<'a>> {
    let owner = &reader.account.number;
    let mut reason = format!(
        "WrongAccount: the load balancer belongs to account {owner}, and the credentials to {caller} ({arn}): choose others with --aws-profile or --role-arn"
    );
    if let Some(role) = wanted.roles.iter().next() {
        reason.push_str(&format!("; a TargetGroupBinding names the role {role}"));
    }
    for operation in [BALANCERS, GROUPS] {
        reader
            .notebook
            .gap(reader.account.source(operation, ""), &reason);
    }
    None
}

/// The load balancers that names and ARNs say, and AWS's words about those that the account does not have.
async fn balancers(reader: &Reader<'_>, wanted: &Wanted) -> (Vec<LoadBalancer>, Option<Failure>) {
    if wanted.names.is_empty() && wanted.balancers.is_empty() {
        return Default::default();
    }
    let source = reader.account.source(BALANCERS, "");
    reader.notebook.expect(&source, &source);
    let names: Vec<String> = wanted.names.keys().cloned().collect();
    let arns: Vec<String> = wanted.balancers.iter().cloned().collect();
    let mut found: Vec<LoadBalancer> = Vec::new();
    let mut missing = None;
    for (by, wanted_names) in [(By::Name, names), (By::Arn, arns)] {
        match reader.load_balancers(by, &wanted_names).await {
            Ok(batch) => {
                for balancer in batch.found {
                    if !found.contains(&balancer) {
                        found.push(balancer);
                    }
                }
                missing = batch
                    .missing
                    .into_iter()
                    .map(|(_, why)| why)
                    .next_back()
                    .or(missing);
            }
            Err(failure) => {
                reader.notebook.gap(&source, failure);
                break;
            }
        }
    }
    reader.notebook.settle(&source);
    (found, missing)
}

/// Reads the listeners of each load balancer and returns the target groups they forward to, and whether all were read.
pub(super) async fn listeners<'b>(
    reader: &Reader<'_>,
    balancers: impl Iterator<Item = &'b LoadBalancer>,
) -> (BTreeSet<String>, bool) {
    let reads = balancers.map(|balancer| {
        let call = reader.listeners(&balancer.load_balancer_arn);
        reader.document(LISTENERS, &balancer.load_balancer_name, "Listeners", call)
    });
    let answers = futures::future::join_all(reads).await;
    let arns = answers
        .iter()
        .flatten()
        .flatten()
        .flat_map(Listener::forwards_to)
        .map(str::to_owned)
        .collect();
    (arns, answers.iter().all(Option::is_some))
}

/// The target groups that exist of these; `None` when they could not be read.
pub(super) async fn read_groups(
    reader: &Reader<'_>,
    arns: &BTreeSet<String>,
) -> Option<Vec<TargetGroup>> {
    if arns.is_empty() {
        return Some(Vec::new());
    }
    let source = reader.account.source(GROUPS, "");
    reader.notebook.expect(&source, &source);
    let arns: Vec<String> = arns.iter().cloned().collect();
    let found = match reader.target_groups(&arns).await {
        Ok(batch) => {
            for (arn, failure) in batch.missing {
                let name = arn
                    .parse::<Arn>()
                    .ok()
                    .and_then(|arn| arn.name().map(str::to_owned));
                let key = name.unwrap_or_default();
                reader.notebook.gap(
                    reader.account.source(GROUPS, &key),
                    format!("{failure} ({arn})"),
                );
            }
            reader.keep(GROUPS, "", "TargetGroups", &batch.found);
            Some(batch.found)
        }
        Err(failure) => {
            reader.notebook.gap(&source, failure);
            None
        }
    };
    reader.notebook.settle(&source);
    found
}
