//! The accounts and regions that a cluster's evidence reaches.

use crate::model::{Reason, Snapshot};
use crate::report::v1;
use std::collections::{BTreeMap, BTreeSet};

/// The account in documents about AWS when nobody could tell it.
const UNKNOWN: &str = "unknown";

/// Accounts and regions in order, with what of them could not be read. How much of them the subjects use is for
/// [`join`] to say.
pub(super) fn of(snapshot: &Snapshot) -> Vec<v1::Account> {
    let regions = snapshot.aws.regions.iter();
    regions
        .map(|((account, name), region)| {
            let gaps = [
                region.load_balancers.as_ref().err(),
                region.target_groups.as_ref().err(),
            ];
            let errors = gaps
                .into_iter()
                .flatten()
                .filter_map(|gap| match &gap.reason {
                    Reason::Denied(text) | Reason::Failed(text) | Reason::Unreadable(text) => {
                        Some(text.clone())
                    }
                    Reason::NotCollected | Reason::Partial(_) => None,
                });
            v1::Account {
                account: known(account).to_owned(),
                region: name.clone(),
                errors: errors.collect(),
                ..v1::Account::default()
            }
        })
        .collect()
}

fn known(account: &str) -> &str {
    if account.is_empty() { UNKNOWN } else { account }
}

/// Joins what several clusters or slices saw of the same account and region, and counts what `items` use of it: each
/// balancer and group once, however many subjects share it.
pub(super) fn join(
    all: impl IntoIterator<Item = v1::Account>,
    items: &[v1::Diagnosis],
) -> Vec<v1::Account> {
    let mut errors: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for next in all {
        let of = errors.entry((next.account, next.region)).or_default();
        of.extend(next.errors);
    }
    let mut balancers: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut groups = balancers.clone();
    for item in items {
        let Some(balancer) = &item.subject.load_balancer else {
            continue;
        };
        let key = (known(&balancer.account), balancer.region.as_str());
        balancers.entry(key).or_default().insert(&balancer.name);
        let of = groups.entry(key).or_default();
        of.extend(
            item.paths
                .iter()
                .filter_map(|path| path.target_group.as_deref()),
        );
    }
    errors
        .into_iter()
        .map(|((account, region), errors)| {
            let key = (account.as_str(), region.as_str());
            v1::Account {
                load_balancers: balancers.get(&key).map_or(0, BTreeSet::len),
                target_groups: groups.get(&key).map_or(0, BTreeSet::len),
                errors: errors.into_iter().collect(),
                account,
                region,
            }
        })
        .collect()
}
