//! Subnets and security groups that an annotation lists, by id or by name.
//!
//! A name is the value of the tag `Name`, never the name of a security group (AWS Load Balancer Controller guide,
//! "Service annotations").

use crate::check::objects::declared::{Difference, Wins, annotated};
use crate::check::view::{Located, RegionView};
use crate::model::aws::LoadBalancer;
use crate::model::aws::load_balancer::Tag;
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};
use std::collections::BTreeSet;

/// What an annotation lists.
pub(super) struct Listed<'s> {
    by: String,
    items: BTreeSet<&'s str>,
    named: bool,
}

/// Something that the load balancer has, by id and, where the annotation lists names, with its own.
pub(super) struct Member<'a> {
    id: &'a str,
    name: Option<&'a str>,
}

impl<'s> Listed<'s> {
    /// The list of an annotation; ids begin with `prefix`, everything else is a name.
    pub(super) fn of(service: &'s Service, annotation: &str, prefix: &str) -> Option<Self> {
        let (by, value) = annotated(service, annotation)?;
        let items = value.split(',').map(str::trim);
        let items: BTreeSet<&str> = items.filter(|item| !item.is_empty()).collect();
        let named = items.iter().any(|item| !item.starts_with(prefix));
        (!items.is_empty()).then_some(Self { by, items, named })
    }

    /// The members with these ids; names are read only if the annotation has one.
    ///
    /// # Errors
    /// The gap when a name was not read.
    pub(super) fn named<'a>(
        &self,
        ids: &[&'a str],
        name: impl Fn(&'a str) -> Result<Option<&'a str>, Gap>,
    ) -> Result<Vec<Member<'a>>, Gap> {
        let members = ids.iter().map(|id| {
            let name = if self.named { name(id)? } else { None };
            Ok(Member { id, name })
        });
        members.collect()
    }

    /// Whether the annotation lists a member.
    pub(super) fn lists(&self, member: &Member<'_>) -> bool {
        self.items.contains(member.id) || member.name.is_some_and(|name| self.items.contains(name))
    }

    /// Whether every item is one of the members.
    pub(super) fn has_all(&self, members: &[Member<'_>]) -> bool {
        self.items.iter().all(|item| {
            members
                .iter()
                .any(|member| member.id == *item || member.name == Some(*item))
        })
    }

    /// That the members are not what is listed.
    pub(super) fn difference<'a>(
        &self,
        field: &str,
        members: &[Member<'_>],
        balancer: &Located<'a, LoadBalancer>,
        wins: Wins,
    ) -> Difference<'a> {
        let mut actual: Vec<String> = members
            .iter()
            .map(|member| match member.name {
                Some(name) => format!("{} ({name})", member.id),
                None => member.id.to_owned(),
            })
            .collect();
        actual.sort_unstable();
        Difference {
            field: field.to_owned(),
            actual: if actual.is_empty() {
                "none".to_owned()
            } else {
                actual.join(",")
            },
            origin: balancer.origin,
            wanted: self.items.iter().copied().collect::<Vec<_>>().join(","),
            by: Some(self.by.clone()),
            wins,
        }
    }
}

/// The name of a subnet.
///
/// # Errors
/// The gap when it was not read, or the answer has no tags at all.
pub(super) fn subnet<'a>(region: &RegionView<'_, 'a>, id: &str) -> Result<Option<&'a str>, Gap> {
    let subnet = region.subnet(id)?;
    let tagged = region.subnets()?.iter().any(|other| !other.tags.is_empty());
    name(&subnet.value.tags, tagged).ok_or_else(|| untagged(Source::Subnets, id))
}

/// The name of a security group.
///
/// # Errors
/// The gap when it was not read, or the answer has no tags at all.
pub(super) fn security_group<'a>(
    region: &RegionView<'_, 'a>,
    id: &str,
) -> Result<Option<&'a str>, Gap> {
    let group = region.security_group(id)?;
    let tagged = region
        .security_groups()?
        .iter()
        .any(|other| !other.tags.is_empty());
    name(&group.value.tags, tagged).ok_or_else(|| untagged(Source::SecurityGroups, id))
}

/// The tag `Name`; the outer `None` when an empty list says nothing because nothing of the answer is `tagged`.
fn name(tags: &[Tag], tagged: bool) -> Option<Option<&str>> {
    let name = tags.iter().find(|tag| tag.key == "Name");
    tagged.then(|| name.map(|tag| tag.value.as_str()))
}

fn untagged(source: Source, id: &str) -> Gap {
    Gap::new(source, id, Reason::Partial("Tags are not in it".to_owned()))
}
