//! Fixes are proven or labelled unproven: all checks run again with the change applied.

use super::cause::Group;
use super::predict::{Predicted, TargetVerdict};
use super::{cause, evaluate, predict};
use crate::check::finding::Change;
use crate::check::{Code, View};
use crate::model::Snapshot;
use crate::model::aws::network_acl::{AclEntry, PortRange};
use crate::model::aws::security_group::{IpPermission, IpRange, Ipv6Range, UserIdGroupPair};
use crate::model::aws::{NetworkAcl, Region, SecurityGroup};
use crate::path::{Subject, paths};
use std::collections::BTreeSet;

/// What checking again says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// `Some(true)`: every target of the cause is then predicted healthy. `Some(false)`: something else
    /// stops at least one. `None`: the cause is gone and something unread decides the rest.
    pub verified: Option<bool>,
    /// Targets of the cause that are then predicted healthy.
    pub healthy: usize,
    /// Targets of the cause.
    pub of: usize,
    /// Codes that would still stop them.
    pub remaining: Vec<Code>,
    /// Seconds until the last of them counts as healthy, where the target groups say so.
    pub seconds: Option<u32>,
}

/// Runs all checks with the group's changes applied; `None` when the fix cannot be expressed.
pub fn prove(
    snapshot: &Snapshot,
    subject: &Subject,
    group: &Group,
    before: &[Vec<TargetVerdict>],
) -> Option<Proof> {
    if group.changes.is_empty() || group.targets.is_empty() {
        return None;
    }
    let mut changed = snapshot.clone();
    for change in &group.changes {
        apply(&mut changed, change);
    }
    let all = paths(&changed, subject);
    let view = View::new(&changed, subject, &all);
    let evaluation = evaluate::evaluate(&view);
    let groups = cause::groups(&all, &evaluation);
    let after = predict::targets(&all, &evaluation, &groups);
    let mut healthy = 0;
    let mut unknown = 0;
    let mut remaining = BTreeSet::new();
    for (path, target) in &group.targets {
        let Some(verdict) = after.get(*path).and_then(|targets| targets.get(*target)) else {
            continue;
        };
        match verdict.predicted {
            Predicted::Healthy => healthy += 1,
            Predicted::Unknown => unknown += 1,
            Predicted::Unhealthy if verdict.by_design => healthy += 1,
            Predicted::Unhealthy => remaining.extend(verdict.codes.iter().copied()),
        }
    }
    // A fix that breaks what works today is no fix.
    for (path, targets) in before.iter().enumerate() {
        for (target, verdict) in targets.iter().enumerate() {
            let now = after.get(path).and_then(|targets| targets.get(target));
            if verdict.predicted == Predicted::Healthy
                && let Some(now) = now.filter(|now| now.predicted == Predicted::Unhealthy)
            {
                remaining.extend(now.codes.iter().copied());
            }
        }
    }
    Some(Proof {
        verified: match (remaining.is_empty(), unknown) {
            (false, _) => Some(false),
            (true, 0) => Some(true),
            (true, _) => None,
        },
        healthy,
        of: group.targets.len(),
        remaining: remaining.into_iter().collect(),
        seconds: seconds(&view, group),
    })
}

/// The longest interval × threshold of the target groups involved.
fn seconds(view: &View<'_>, group: &Group) -> Option<u32> {
    let involved: BTreeSet<usize> = group.targets.iter().map(|(path, _)| *path).collect();
    involved
        .into_iter()
        .map(|path| {
            let name = view.paths()[path].target_group.found()?;
            let region = view.region(name, crate::model::Source::TargetGroups).ok()?;
            region.target_group(&name.name).ok()?.seconds_to_healthy()
        })
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .max()
}

fn apply(snapshot: &mut Snapshot, change: &Change) {
    let key = match change {
        Change::SecurityGroupRule { region, .. }
        | Change::NetworkAclEntry { region, .. }
        | Change::TargetPort { region, .. }
        | Change::HealthCheckPort { region, .. } => region,
    };
    let Some(region) = snapshot.aws.regions.get_mut(key) else {
        return;
    };
    match change {
        Change::SecurityGroupRule {
            group,
            egress,
            port,
            peer,
            ..
        } => {
            if let Some(found) = security_group(region, group) {
                let rules = if *egress {
                    &mut found.ip_permissions_egress
                } else {
                    &mut found.ip_permissions
                };
                rules.push(rule(*port, peer));
            }
        }
        Change::NetworkAclEntry {
            acl,
            egress,
            ports,
            cidr,
            ..
        } => {
            if let Some(found) = network_acl(region, acl) {
                found.entries.push(entry(*egress, *ports, cidr));
            }
        }
        Change::TargetPort {
            group,
            id,
            from,
            to,
            ..
        } => {
            if let Some(Ok(health)) = region.target_health.get_mut(group) {
                for description in &mut health.value {
                    if description.target.id == *id && description.target.port == Some(*from) {
                        description.target.port = Some(*to);
                        if description.health_check_port.as_deref() == Some(&from.to_string()) {
                            description.health_check_port = Some(to.to_string());
                        }
                    }
                }
            }
        }
        Change::HealthCheckPort { group, port, .. } => {
            if let Ok(groups) = &mut region.target_groups {
                for found in groups
                    .value
                    .iter_mut()
                    .filter(|found| found.target_group_name == *group)
                {
                    found.health_check_port = Some(port.clone());
                }
            }
            if let Some(Ok(health)) = region.target_health.get_mut(group) {
                for description in &mut health.value {
                    // AWS resolves the port anew.
                    description.health_check_port = None;
                }
            }
        }
    }
}

fn security_group<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut SecurityGroup> {
    let groups = region.security_groups.as_mut().ok()?;
    groups.value.iter_mut().find(|group| group.group_id == id)
}

fn network_acl<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut NetworkAcl> {
    let acls = region.network_acls.as_mut().ok()?;
    acls.value.iter_mut().find(|acl| acl.network_acl_id == id)
}

fn rule(port: u16, peer: &str) -> IpPermission {
    let mut rule = IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(i32::from(port)),
        to_port: Some(i32::from(port)),
        ..IpPermission::default()
    };
    if peer.starts_with("sg-") {
        rule.user_id_group_pairs.push(UserIdGroupPair {
            group_id: Some(peer.to_owned()),
            ..UserIdGroupPair::default()
        });
    } else if peer.contains(':') {
        rule.ipv6_ranges.push(Ipv6Range {
            cidr_ipv6: peer.to_owned(),
            description: None,
        });
    } else {
        rule.ip_ranges.push(IpRange {
            cidr_ip: peer.to_owned(),
            description: None,
        });
    }
    rule
}

fn entry(egress: bool, (from, to): (u16, u16), cidr: &str) -> AclEntry {
    let v6 = cidr.contains(':');
    AclEntry {
        rule_number: 0,
        egress,
        protocol: "6".to_owned(),
        rule_action: "allow".to_owned(),
        cidr_block: (!v6).then(|| cidr.to_owned()),
        ipv6_cidr_block: v6.then(|| cidr.to_owned()),
        port_range: Some(PortRange {
            from: Some(i32::from(from)),
            to: Some(i32::from(to)),
        }),
    }
}
