//! Why nobody has opened a target's security groups: three well-known circumstances.
//!
//! The missing rule is the cause whatever they say; they decide which hand has to write it.

use super::ends::{Ends, list};
use super::rule_fix::bindings;
use crate::check::finding::{Evidence, Fix, Layer};
use crate::check::objects::{events, owner, setting};
use crate::check::{Risk, View};
use crate::model::Fact;
use crate::model::aws::SecurityGroup;
use crate::model::kubernetes::{Event, Object, Service};

/// Rules per security group and direction unless AWS has raised it (VPC guide, "Amazon VPC quotas").
const RULES: usize = 60;

/// The quota of that name, in the console and in service-quotas.
const QUOTA: &str = "L-0EA8095F";

/// What AWS answers when a group is full.
const FULL: &str = "RulesPerSecurityGroupLimitExceeded";

/// The annotation that lets the AWS Load Balancer Controller write rules although the Service names
/// the security groups.
const MANAGE: &str = "aws-load-balancer-manage-backend-security-group-rules";

/// A circumstance.
pub enum Why<'a> {
    /// The group takes no more rules, and a controller was told so.
    Full {
        /// The group.
        group: &'a SecurityGroup,
        /// Its inbound rules.
        rules: usize,
        /// The answer that the controller got.
        event: &'a Fact<Event>,
    },
    /// The Service names the balancer's groups, and then the controller writes no rules for nodes.
    OwnGroups {
        /// The Service.
        service: &'a Fact<Service>,
    },
    /// The target's interface is a secondary one with groups of its own.
    Secondary {
        /// Groups of the primary interface of the same instance.
        primary: Vec<&'a str>,
    },
}

/// The circumstance of a target that `group` should admit, if one is known.
pub fn why<'a>(view: &View<'a>, ends: &Ends<'_, 'a>, group: &str) -> Option<Why<'a>> {
    full(view, ends, group)
        .or_else(|| own_groups(view, ends))
        .or_else(|| secondary(ends))
}

fn full<'a>(view: &View<'a>, ends: &Ends<'_, 'a>, group: &str) -> Option<Why<'a>> {
    let group = ends.region.security_group(group).ok()?.value;
    let rules = count(ends, group);
    if rules < RULES {
        return None;
    }
    let service = view.service().ok().flatten().map(|service| {
        let meta = &service.metadata;
        events::warnings(view, "Service", &meta.namespace, &meta.name)
    });
    let bound = bindings(view, ends.name);
    let of_bindings = bound.iter().flat_map(|binding| {
        let meta = &binding.metadata;
        events::warnings(view, "TargetGroupBinding", &meta.namespace, &meta.name)
    });
    let event = of_bindings
        .chain(service.into_iter().flatten())
        .find(|event| event.message.contains(FULL))?;
    Some(Why::Full {
        group,
        rules,
        event,
    })
}

/// Inbound rules as the quota counts them: every peer of every permission is one. A prefix list
/// counts with its greatest size, which is not read, so its entries are the least it can be.
fn count(ends: &Ends<'_, '_>, group: &SecurityGroup) -> usize {
    let of_lists = |id: &str| ends.prefix_list(id).map_or(1, <[_]>::len).max(1);
    group
        .ip_permissions
        .iter()
        .map(|rule| {
            let lists = rule.prefix_list_ids.iter();
            rule.ip_ranges.len()
                + rule.ipv6_ranges.len()
                + rule.user_id_group_pairs.len()
                + lists
                    .map(|list| of_lists(&list.prefix_list_id))
                    .sum::<usize>()
        })
        .sum()
}

fn own_groups<'a>(view: &View<'a>, ends: &Ends<'_, 'a>) -> Option<Why<'a>> {
    let service = view.service().ok().flatten()?;
    owner::annotation(service, "aws-load-balancer-security-groups")?;
    let managed = owner::annotation(service, MANAGE) == Some("true");
    let lbc =
        owner::actual(service, Some(&ends.name.name)).owner == owner::Owner::LoadBalancerController;
    let bound = bindings(view, ends.name);
    let silent = !bound.is_empty()
        && bound
            .iter()
            .all(|binding| binding.spec.networking.is_none());
    (lbc && silent && !managed).then_some(Why::OwnGroups { service })
}

fn secondary<'a>(ends: &Ends<'_, 'a>) -> Option<Why<'a>> {
    let attachment = ends.target.interface?.attachment.as_ref()?;
    if attachment.device_index.unwrap_or(0) == 0 {
        return None;
    }
    let instance = ends.region.instance(attachment.instance_id.as_deref()?);
    let mut primary = instance.ok()?.value.group_ids();
    primary.sort_unstable();
    primary.dedup();
    let differ = ends.target.groups.as_ref().is_ok_and(|own| *own != primary);
    (differ && !primary.is_empty()).then_some(Why::Secondary { primary })
}

impl Why<'_> {
    /// What it adds to the message.
    pub fn says(&self) -> String {
        match self {
            Self::Full { group, rules, .. } => format!(
                "{} has {rules} inbound rules and takes no more: {FULL}",
                group.group_id
            ),
            Self::OwnGroups { .. } => format!(
                "the Service names the load balancer's security groups and not {MANAGE}, so the AWS Load Balancer Controller opens no node"
            ),
            Self::Secondary { primary } => format!(
                "the targets are on secondary interfaces, the primary ones carry {}",
                list(primary)
            ),
        }
    }

    /// What it adds to what decides.
    pub fn mark(&self) -> &'static str {
        match self {
            Self::Full { .. } => " quota",
            Self::OwnGroups { .. } => " own groups",
            Self::Secondary { .. } => " secondary interface",
        }
    }

    /// What shows it.
    pub fn evidence(&self) -> Option<Evidence> {
        match self {
            Self::Full { event, .. } => Some(events::evidence(event)),
            Self::OwnGroups { service } => Some(Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{}", service.key()),
                MANAGE,
                owner::annotation(service, MANAGE).unwrap_or("unset"),
            )),
            // The interface and its groups are shown anyway.
            Self::Secondary { .. } => None,
        }
    }

    /// The fix on the object that owns the rules, in place of one that adds the rule by hand.
    pub fn fix(&self, fix: Fix, region: &str) -> Fix {
        match self {
            Self::Full { group, rules, .. } => Fix {
                summary: format!(
                    "make room in {}: replace rules for single ports by one for a range, or have quota {QUOTA} raised; then {}",
                    group.group_id, fix.summary
                ),
                commands: [
                    format!(
                        "aws ec2 describe-security-group-rules --region {region} --filters Name=group-id,Values={}",
                        group.group_id
                    ),
                    format!(
                        "aws service-quotas request-service-quota-increase --region {region} --service-code vpc --quota-code {QUOTA} --desired-value {}",
                        rules + RULES
                    ),
                ]
                .into_iter()
                .chain(fix.commands)
                .collect(),
                ..fix
            },
            Self::OwnGroups { service } => Fix {
                summary: format!(
                    "set {MANAGE}, so that the controller writes and keeps the rule"
                ),
                commands: vec![setting::annotate(
                    service,
                    &format!("{}{MANAGE}", owner::PREFIX),
                    "true",
                )],
                risk: Risk::Safe,
                ..fix
            },
            Self::Secondary { primary } => Fix {
                summary: format!(
                    "{}; or have Cilium give its interfaces {} (spec.eni.security-groups of CiliumNode), which holds for interfaces made from then on",
                    fix.summary,
                    list(primary)
                ),
                ..fix
            },
        }
    }
}
