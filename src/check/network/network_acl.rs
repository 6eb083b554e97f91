//! What network ACLs let through: stateless, ordered, the first match wins per port.
//!
//! A check crosses the ACLs of two subnets in both directions, so four questions
//! are asked. The two about the check itself have one port. The two about its
//! answer have the balancer's source port, which is anything from 1024 to 65535;
//! an ACL that lets only a part of them through fails that share of the checks.

use super::cidr::{self, InvalidCidr};
use super::ports::Ports;
use crate::model::aws::NetworkAcl;
use crate::model::aws::network_acl::{AclEntry, PortRange};
use crate::model::{Gap, Reason, Source};
use std::net::IpAddr;

/// The source ports of a balancer's connections (Reachability Analyzer, REMAP_EPHEMERAL_PORT).
pub const REPLY_PORTS: (u16, u16) = (1024, 65535);

/// The number of the closing deny that every ACL ends with.
pub const CLOSING_RULE: i32 = 32767;

/// Ports that one rule of an ACL decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The ports.
    pub ports: Ports,
    /// Allowed or denied.
    pub allow: bool,
    /// The number of the rule; [`CLOSING_RULE`] for the closing deny.
    pub rule: i32,
}

/// What an ACL says to every port of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// In the order of the rules; together they cover the range, each port once.
    pub slices: Vec<Slice>,
}

impl Ruling {
    /// The ports that are let through.
    pub fn allowed(&self) -> Ports {
        let mut all = Ports::default();
        for slice in self.slices.iter().filter(|slice| slice.allow) {
            all.join(&slice.ports);
        }
        all
    }

    /// How many ports are let through.
    pub fn allowed_count(&self) -> u32 {
        self.slices
            .iter()
            .filter(|slice| slice.allow)
            .map(|slice| slice.ports.count())
            .sum()
    }

    /// The rule that denies most ports, the first one of several; none when everything is let through.
    pub fn denying(&self) -> Option<&Slice> {
        self.slices
            .iter()
            .filter(|slice| !slice.allow)
            .min_by_key(|slice| (std::cmp::Reverse(slice.ports.count()), slice.rule))
    }
}

/// The share of [`REPLY_PORTS`] that `ports` are, 0 to 1.
pub fn share_of_replies(ports: &Ports) -> f64 {
    let all = Ports::range(REPLY_PORTS.0, REPLY_PORTS.1);
    f64::from(ports.common(&all).count()) / f64::from(all.count())
}

/// What `acl` says to TCP packets that go to (`egress`) or come from `peer`, for each destination
/// port from `first` to `last`.
///
/// # Errors
/// A gap when an entry that could decide cannot be read.
pub fn evaluate(
    acl: &NetworkAcl,
    egress: bool,
    peer: IpAddr,
    (first, last): (u16, u16),
) -> Result<Ruling, Gap> {
    let mut entries: Vec<&AclEntry> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress && matches!(entry.protocol.as_str(), "-1" | "6"))
        .collect();
    entries.sort_by_key(|entry| entry.rule_number);
    let mut left = Ports::range(first, last);
    let mut slices = Vec::new();
    for entry in entries {
        if left.is_empty() {
            break;
        }
        let unreadable = |what: String| {
            Gap::new(
                Source::NetworkAcls,
                &acl.network_acl_id,
                Reason::Unreadable(format!("rule {}: {what}", entry.rule_number)),
            )
        };
        if !covers(entry, peer).map_err(|error| unreadable(error.to_string()))? {
            continue;
        }
        let (from, to) = ports(entry).ok_or_else(|| unreadable("no range of ports".to_owned()))?;
        let taken = left.take(from, to);
        if taken.is_empty() {
            continue;
        }
        let allow = match entry.rule_action.as_str() {
            "allow" => true,
            "deny" => false,
            other => return Err(unreadable(format!("RuleAction {other:?}"))),
        };
        slices.push(Slice {
            ports: taken,
            allow,
            rule: entry.rule_number,
        });
    }
    if !left.is_empty() {
        slices.push(Slice {
            ports: left,
            allow: false,
            rule: CLOSING_RULE,
        });
    }
    Ok(Ruling { slices })
}

/// Whether an entry is about `peer`; entries for the other address family are not.
fn covers(entry: &AclEntry, peer: IpAddr) -> Result<bool, InvalidCidr> {
    let block = match peer {
        IpAddr::V4(_) => &entry.cidr_block,
        IpAddr::V6(_) => &entry.ipv6_cidr_block,
    };
    block
        .as_deref()
        .map_or(Ok(false), |block| cidr::contains(block, peer))
}

/// The ports of an entry: all for protocol -1, whatever range it shows.
fn ports(entry: &AclEntry) -> Option<(u16, u16)> {
    if entry.protocol == "-1" {
        return Some((0, u16::MAX));
    }
    let PortRange {
        from: Some(from),
        to: Some(to),
    } = entry.port_range.as_ref()?
    else {
        return None;
    };
    let range = (u16::try_from(*from).ok()?, u16::try_from(*to).ok()?);
    (range.0 <= range.1).then_some(range)
}

/// An entry as people write it: `rule 90 deny tcp 30000-32767 10.80.101.0/24`.
///
/// The closing deny, which has no number in the console, is `rule *`.
pub fn describe(acl: &NetworkAcl, egress: bool, rule: i32) -> String {
    let entry = acl
        .entries
        .iter()
        .find(|entry| entry.egress == egress && entry.rule_number == rule);
    match entry {
        Some(entry) if rule != CLOSING_RULE => {
            let what = match ports(entry) {
                _ if entry.protocol == "-1" => "all traffic".to_owned(),
                Some((from, to)) => format!("tcp {}", Ports::range(from, to)),
                None => "tcp".to_owned(),
            };
            let block = entry
                .cidr_block
                .as_deref()
                .or(entry.ipv6_cidr_block.as_deref())
                .unwrap_or_default();
            format!("rule {rule} {} {what} {block}", entry.rule_action)
        }
        _ => "rule * deny all traffic".to_owned(),
    }
}

/// Rule numbers that take effect before `rule` and are free in that direction, `count` of them in
/// ascending order; none when there is no room.
pub fn free_numbers(acl: &NetworkAcl, egress: bool, rule: i32, count: usize) -> Option<Vec<i32>> {
    let used = |number: i32| {
        acl.entries
            .iter()
            .any(|entry| entry.egress == egress && entry.rule_number == number)
    };
    let last = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress && entry.rule_number < CLOSING_RULE)
        .map(|entry| entry.rule_number)
        .max()
        .unwrap_or(0);
    if rule == CLOSING_RULE {
        // People number in steps of ten; 32766 is the last that can be given.
        let numbers: Vec<i32> = (1..)
            .map(|step| (last / 10 + step) * 10)
            .take_while(|number| *number < CLOSING_RULE)
            .take(count)
            .collect();
        if numbers.len() == count {
            return Some(numbers);
        }
    }
    let mut numbers: Vec<i32> = (1..rule)
        .rev()
        .filter(|number| !used(*number))
        .take(count)
        .collect();
    numbers.reverse();
    (numbers.len() == count).then_some(numbers)
}
