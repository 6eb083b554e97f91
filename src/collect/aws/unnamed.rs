//! Load balancers of Services whose status names none: provisioning stopped half way, or somebody wiped it.
//!
//! Their interfaces are asked for by description, which holds the name: one call, in which the hash of the name may
//! be left open, so that the cluster's name need not be known. What has no interface yet is asked for by the names
//! that both controllers compute, one by one, because one unknown name refuses a whole call; what ELBv2 does not have
//! under the name of cloud-provider-aws may be a Classic Load Balancer. All load balancers are never listed. Whose a load
//! balancer is, only names and tags prove: what belongs to somebody else is left out, and for whom nothing is left, tags
//! are asked for.

use super::elbv2::By;
use super::failure::Failure;
use super::find::{BALANCERS, Found, keep_balancers};
use super::plan::Wanted;
use super::reader::Reader;
use crate::model::aws::load_balancer::TagDescription;
use crate::model::aws::{LoadBalancer, NetworkInterface};
use crate::model::kubernetes::Service;
use crate::model::naming;
use crate::path::balancer::{self, Made};
use crate::path::candidates;
use std::collections::BTreeSet;

/// Most load balancers whose names begin alike, for each Service; more are not its business.
const MOST: usize = 10;

/// What was found for the Services that name nothing.
#[derive(Default)]
pub(super) struct Unnamed {
    /// Load balancers under a name that one of them may have.
    pub(super) balancers: Vec<LoadBalancer>,
    /// Interfaces of those load balancers.
    pub(super) interfaces: Vec<NetworkInterface>,
    /// Names that a Classic Load Balancer has, or may have where nothing else was found.
    pub(super) classic: BTreeSet<String>,
    /// AWS's words when there is none.
    pub(super) missing: Option<Failure>,
}

/// Looks for the load balancers of the Services of `wanted` that name none.
pub(super) async fn look_up(reader: &Reader<'_>, wanted: &Wanted) -> Unnamed {
    let mut found = Unnamed::default();
    if wanted.unnamed.is_empty() {
        return found;
    }
    let source = reader.account.source(BALANCERS, "");
    let looked_up = reader.account.source(BALANCERS, "looked-up");
    reader.notebook.expect(&looked_up, &source);
    let described: BTreeSet<String> = wanted
        .unnamed
        .iter()
        .flat_map(candidates::interface_descriptions)
        .collect();
    let described: Vec<String> = described.into_iter().collect();
    let call = reader.network_interfaces("description", &described);
    let operation = "ec2-describe-network-interfaces";
    found.interfaces = reader
        .document(operation, "", "NetworkInterfaces", call)
        .await
        .unwrap_or_default();
    let mut names = BTreeSet::new();
    for description in found
        .interfaces
        .iter()
        .filter_map(|interface| interface.description.as_deref())
    {
        match named(description) {
            Some(Named::Network(name)) => {
                names.insert(name.to_owned());
            }
            Some(Named::Classic(name)) => {
                found.classic.insert(name.to_owned());
            }
            None => {}
        }
    }
    let most = MOST * wanted.unnamed.len();
    let names: Vec<String> = names.into_iter().take(most).collect();
    match reader.load_balancers(By::Name, &names).await {
        Ok(batch) => found.balancers = batch.found,
        Err(failure) => reader.notebook.gap(source, failure),
    }
    for service in &wanted.unnamed {
        let classic = candidates::classic(service);
        let is_seen = classic
            .as_ref()
            .is_some_and(|name| found.classic.contains(name))
            || names.iter().any(|name| may_be(service, wanted, name));
        if !is_seen && !by_name(reader, wanted, service, &mut found).await {
            found.classic.extend(classic);
        }
    }
    if !found.balancers.is_empty() {
        found.missing = None;
    }
    reader.notebook.settle(&looked_up);
    found
}

/// Whether a load balancer of this name may be the Service's, as far as names tell.
fn may_be(service: &Service, wanted: &Wanted, name: &str) -> bool {
    let meta = &service.metadata;
    name.starts_with(&naming::prefix(&meta.namespace, &meta.name))
        || candidates::asked_name(service) == Some(name)
        || candidates::balancers(service, &wanted.clusters)
            .iter()
            .any(|computed| computed == name)
}

/// The names that may be asked for: the computed ones, and one that an annotation gives.
pub(super) fn names(service: &Service, wanted: &Wanted) -> Vec<String> {
    let mut names = candidates::balancers(service, &wanted.clusters);
    names.extend(candidates::asked_name(service).map(str::to_owned));
    names
}

/// Asks for the computed names of one Service, the likeliest first, until there is one; whether there is.
async fn by_name(
    reader: &Reader<'_>,
    wanted: &Wanted,
    service: &Service,
    found: &mut Unnamed,
) -> bool {
    let source = reader.account.source(BALANCERS, "");
    for name in names(service, wanted) {
        match reader.load_balancers(By::Name, &[name]).await {
            Ok(batch) => {
                found.missing = batch.missing.into_iter().map(|(_, why)| why).next();
                if !batch.found.is_empty() {
                    found.balancers.extend(batch.found);
                    return true;
                }
            }
            Err(failure) => {
                reader.notebook.gap(&source, failure);
                return false;
            }
        }
    }
    false
}

/// What the description of an interface names.
#[derive(Debug, PartialEq, Eq)]
enum Named<'a> {
    Network(&'a str),
    Classic(&'a str),
}

fn named(description: &str) -> Option<Named<'_>> {
    let rest = description.strip_prefix("ELB ")?;
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["net", name, _] => Some(Named::Network(name)),
        [name] => Some(Named::Classic(name)),
        _ => None,
    }
}

/// Adds those of `looked_up` to `found` that are proven to be one of the Services', and reads the tags of all. Of the
/// others nothing is kept, and that there is no load balancer is said only where all that would prove one was read.
pub(super) async fn prove(found: &mut Found<'_>, wanted: &Wanted, looked_up: Vec<LoadBalancer>) {
    let reader = &found.reader;
    let all = found.balancers.iter().chain(&looked_up);
    let tags = reader.read_tags(all, &found.groups).await;
    let made = made(found, wanted, &tags);
    let (own, others): (Vec<_>, Vec<_>) = looked_up
        .into_iter()
        .partition(|one| made.iter().any(|made| made.has(one)));
    if own.is_empty() {
        let others: Vec<&str> = others
            .iter()
            .map(|other| other.load_balancer_name.as_str())
            .collect();
        let others = others.join(", ");
        let unread = match (tags.is_empty(), found.all_read) {
            (true, _) => Some("tags"),
            (false, false) => Some("listeners and target groups"),
            (false, true) => None,
        };
        found.missing = unread.is_none().then(|| {
            let why = format!("only {others}, made for other Services");
            Failure::new("LoadBalancerNotFound", why)
        });
        if let Some(unread) = unread {
            reader.notebook.gap(
                reader.account.source(BALANCERS, ""),
                format!("NotProven: {others} may be what is looked for: their {unread}, which were not read, would tell whose they are"),
            );
        }
    }
    found.balancers.extend(own);
    keep_balancers(&found.reader, &found.balancers);
    let balancers = &found.balancers;
    found.groups.retain(|group| {
        let arns = &group.load_balancer_arns;
        wanted.groups.contains(&group.target_group_arn)
            || balancers
                .iter()
                .any(|own| arns.contains(&own.load_balancer_arn))
    });
    found.tags = Some(tags);
}

/// What would be each Service's own, in their order.
fn made<'a>(found: &'a Found<'_>, wanted: &Wanted, tags: &'a [TagDescription]) -> Vec<Made<'a>> {
    let mut clusters = wanted.clusters.clone();
    clusters.extend(balancer::clusters(tags));
    let services = wanted.unnamed.iter();
    services
        .map(|service| Made::of(service, &clusters, tags, &found.groups))
        .collect()
}

/// The Services that name no load balancer and of which none of those that were found is proven to be.
pub(super) fn lacking<'w>(found: &Found<'_>, wanted: &'w Wanted) -> Vec<&'w Service> {
    let tags = found.tags.as_deref().unwrap_or_default();
    let made = made(found, wanted, tags);
    let services = wanted.unnamed.iter().zip(made);
    let lacking = services.filter(|(service, made)| {
        let classic = candidates::classic(service);
        let mut of_classic = found.classic.found.iter();
        !found.balancers.iter().any(|balancer| made.has(balancer))
            && !of_classic.any(|one| Some(&one.load_balancer_name) == classic.as_ref())
    });
    lacking.map(|(service, _)| service).collect()
}

#[cfg(test)]
mod tests {
    use super::{Named, named};

    #[test]
    fn descriptions_name_load_balancers() {
        for (description, expected) in [
            (
                "ELB net/k8s-shop-web-fba545b2c1/5da0c0c5ea31ca36",
                Some(Named::Network("k8s-shop-web-fba545b2c1")),
            ),
            (
                "ELB a43b9bb7d06914d0aac0de41b40da37e",
                Some(Named::Classic("a43b9bb7d06914d0aac0de41b40da37e")),
            ),
            ("ELB app/web/0a1b", None),
            ("aws-K8S-i-0a1b", None),
        ] {
            assert_eq!(named(description), expected, "{description}");
        }
    }
}
