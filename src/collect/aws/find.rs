//! The second wave: which load balancers, listeners and target groups there are.

use super::elbv2::By;
use super::failure::Failure;
use super::plan::Wanted;
use super::reader::Reader;
use super::session::Session;
use super::unnamed;
use crate::model::aws::{Arn, LoadBalancer, NetworkInterface, TargetGroup};
use serde::Serialize;
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
    /// Load balancers that the account does not have: it may be the wrong account.
    pub(super) missing: Option<Failure>,
    /// Interfaces of load balancers that were read already.
    pub(super) interfaces: Vec<NetworkInterface>,
    /// Whether tags were read already.
    pub(super) tagged: bool,
}

impl Found<'_> {
    /// Whether the region has nothing of what is wanted.
    pub(in crate::collect) fn is_empty(&self) -> bool {
        self.balancers.is_empty() && self.groups.is_empty()
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
    keep_identity(&reader, session);
    if account != caller.account {
        return mismatch(&reader, wanted, &caller.account, &caller.arn);
    }
    let asked = !wanted.names.is_empty() || !wanted.balancers.is_empty();
    let (mut balancers, mut missing) = if asked {
        balancers(&reader, wanted).await
    } else {
        Default::default()
    };
    let unnamed = unnamed::look_up(&reader, wanted).await;
    let (looked_up, named) = (!unnamed.balancers.is_empty(), balancers.clone());
    balancers.extend(
        unnamed
            .balancers
            .into_iter()
            .filter(|found| !named.contains(found)),
    );
    missing = missing.or(unnamed.missing).filter(|_| balancers.is_empty());
    let mut arns = wanted.groups.clone();
    arns.extend(listeners(&reader, &balancers).await);
    let mut groups = if arns.is_empty() {
        Vec::new()
    } else {
        read_groups(&reader, &arns).await
    };
    if looked_up {
        let found = balancers.split_off(named.len());
        let own = unnamed::prove(&reader, wanted, &named, found, &groups).await;
        if balancers.is_empty() {
            missing = own.as_ref().err().cloned();
        }
        balancers.extend(own.unwrap_or_default());
        groups.retain(|group| {
            wanted.groups.contains(&group.target_group_arn)
                || balancers
                    .iter()
                    .any(|own| group.load_balancer_arns.contains(&own.load_balancer_arn))
        });
    }
    let owners: BTreeSet<String> = groups
        .iter()
        .flat_map(|group| group.load_balancer_arns.clone())
        .filter(|arn| {
            balancers
                .iter()
                .all(|known| known.load_balancer_arn != *arn)
        })
        .collect();
    let mut tagged = looked_up;
    if !asked && !owners.is_empty() {
        // No host name, only bindings: the target groups know their load balancers.
        let by_arn = Wanted {
            balancers: owners,
            ..Wanted::default()
        };
        let bound = self::balancers(&reader, &by_arn).await.0;
        listeners(&reader, &bound).await;
        tagged &= bound.is_empty();
        balancers.extend(bound);
    }
    Some(Found {
        reader,
        balancers,
        groups,
        missing,
        interfaces: unnamed.interfaces,
        tagged,
    })
}

fn keep_identity(reader: &Reader<'_>, session: &Session<'_>) {
    let path = format!("{}.json", reader.account.source(IDENTITY, ""));
    let mut out = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, format);
    if session.identity().serialize(&mut writer).is_ok() {
        out.push(b'\n');
        reader.notebook.document(path, out);
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

/// The load balancers, and AWS's words about those that the account does not have.
async fn balancers(reader: &Reader<'_>, wanted: &Wanted) -> (Vec<LoadBalancer>, Option<Failure>) {
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
                for (name, failure) in batch.missing {
                    if wanted.names.get(&name) == Some(&true) {
                        reader.is_classic(&name, false);
                    }
                    missing = Some(failure);
                }
            }
            Err(failure) => {
                reader.notebook.gap(&source, failure);
                break;
            }
        }
    }
    // One that was found proves that the account is right, so the answer counts for all.
    if !found.is_empty() {
        reader.keep(BALANCERS, "", "LoadBalancers", &found);
        missing = None;
    }
    reader.notebook.settle(&source);
    (found, missing)
}

/// Reads the listeners of each load balancer and returns the target groups they forward to.
async fn listeners(reader: &Reader<'_>, balancers: &[LoadBalancer]) -> BTreeSet<String> {
    let reads = balancers.iter().map(|balancer| {
        let call = reader.listeners(&balancer.load_balancer_arn);
        reader.document(LISTENERS, &balancer.load_balancer_name, "Listeners", call)
    });
    let answers = futures::future::join_all(reads).await;
    let mut arns = BTreeSet::new();
    for listener in answers.into_iter().flatten().flatten() {
        arns.extend(listener.forwards_to().into_iter().map(str::to_owned));
    }
    arns
}

async fn read_groups(reader: &Reader<'_>, arns: &BTreeSet<String>) -> Vec<TargetGroup> {
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
            batch.found
        }
        Err(failure) => {
            reader.notebook.gap(&source, failure);
            Vec::new()
        }
    };
    reader.notebook.settle(&source);
    found
}
