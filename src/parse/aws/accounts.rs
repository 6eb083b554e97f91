//! Whether documents lie in the folder of the account and region that they speak of.

use crate::model::aws::{Arn, Region};
use crate::model::{Gap, Origin, Reason};

/// A gap for every reading that names another account or region than its folder.
///
/// Both are left as they are: which of the two is wrong cannot be told from here.
pub(in crate::parse) fn misplaced(region: &Region) -> Vec<(String, Gap)> {
    let mut gaps = Vec::new();
    if let Ok(caller) = &region.caller
        && !caller.account.is_empty()
        && caller.account != region.account
    {
        let found = format!("account {}", caller.account);
        gaps.push(gap(region, &caller.origin, &found));
    }
    if let Ok(balancers) = &region.load_balancers {
        let arns = balancers.iter().map(|lb| lb.load_balancer_arn.as_str());
        gaps.extend(foreign(region, &balancers.origin, arns));
    }
    if let Ok(groups) = &region.target_groups {
        let arns = groups.iter().map(|group| group.target_group_arn.as_str());
        gaps.extend(foreign(region, &groups.origin, arns));
    }
    for listeners in region.listeners.values().flatten() {
        let arns = listeners
            .iter()
            .map(|listener| listener.load_balancer_arn.as_str());
        gaps.extend(foreign(region, &listeners.origin, arns));
    }
    gaps
}

/// The first ARN of another account or region.
fn foreign<'a>(
    region: &Region,
    origin: &Origin,
    arns: impl Iterator<Item = &'a str>,
) -> Option<(String, Gap)> {
    let arn = arns
        .filter_map(|arn| arn.parse::<Arn>().ok())
        .find(|arn| arn.account != region.account || arn.region != region.name)?;
    Some(gap(region, origin, &arn.to_string()))
}

fn gap(region: &Region, origin: &Origin, found: &str) -> (String, Gap) {
    let why = format!(
        "{}: the folder says account {} and region {}, the document says {found}: one of them is misplaced",
        origin.document, region.account, region.name
    );
    let gap = Gap::new(origin.source, "", Reason::Unreadable(why));
    (origin.document.clone(), gap)
}
