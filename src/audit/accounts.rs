//! The accounts and regions that a cluster's evidence reaches.

use crate::model::{Reason, Snapshot};
use crate::report::v1;

/// The account in documents about AWS when nobody could tell it.
const UNKNOWN: &str = "unknown";

/// Accounts and regions in order, with what of them could not be read.
pub(super) fn of(snapshot: &Snapshot) -> Vec<v1::Account> {
    let regions = snapshot.aws.regions.iter();
    regions
        .map(|((account, name), region)| {
            let mut errors: Vec<String> = Vec::new();
            let mut failed = |reason: &Reason| match reason {
                Reason::Denied(text) | Reason::Failed(text) | Reason::Unreadable(text) => {
                    errors.push(text.clone());
                }
                Reason::NotCollected | Reason::Partial(_) => {}
            };
            let balancers = match &region.load_balancers {
                Ok(all) => all.len(),
                Err(gap) => {
                    failed(&gap.reason);
                    0
                }
            };
            let groups = match &region.target_groups {
                Ok(all) => all.len(),
                Err(gap) => {
                    failed(&gap.reason);
                    0
                }
            };
            errors.sort();
            errors.dedup();
            v1::Account {
                account: if account.is_empty() { UNKNOWN } else { account }.to_owned(),
                region: name.clone(),
                load_balancers: balancers,
                target_groups: groups,
                errors,
            }
        })
        .collect()
}

/// Joins what several clusters saw of the same account and region.
pub(super) fn join(all: impl IntoIterator<Item = v1::Account>) -> Vec<v1::Account> {
    let mut joined: Vec<v1::Account> = Vec::new();
    for next in all {
        let same = joined
            .iter_mut()
            .find(|known| known.account == next.account && known.region == next.region);
        match same {
            Some(known) => {
                known.load_balancers += next.load_balancers;
                known.target_groups += next.target_groups;
                known.errors.extend(next.errors);
                known.errors.sort();
                known.errors.dedup();
            }
            None => joined.push(next),
        }
    }
    joined.sort();
    joined
}
