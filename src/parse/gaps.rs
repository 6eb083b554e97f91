//! Gaps that are known before anything is parsed: what the collector could not read, and documents that are broken.

use super::document::{Place, operation, place, without_ending};
use super::kubernetes::{self, ObjectPath};
use super::{aws, failure, gaps_of_agents};
use crate::bundle::Bundle;
use crate::model::aws::{Arn, Region};
use crate::model::cilium::Agent;
use crate::model::envoy::EnvoyAdmin;
use crate::model::source::STAND_INS;
use crate::model::{Gap, Reason, Seen, Snapshot, Source};
use std::collections::BTreeMap;

/// The facts of an account and region.
pub(super) fn region<'a>(snapshot: &'a mut Snapshot, account: &str, name: &str) -> &'a mut Region {
    let key = (account.to_owned(), name.to_owned());
    snapshot
        .aws
        .regions
        .entry(key)
        .or_insert_with(|| Region::new(account, name))
}

/// Puts the gaps of the manifest and the problems of the bundle where their facts would be.
///
/// What was read nevertheless stays; the gap is then only listed.
pub(super) fn apply(snapshot: &mut Snapshot, gaps: &mut Vec<(String, Gap)>, bundle: &Bundle) {
    for gap in &bundle.manifest.gaps {
        put(
            snapshot,
            gaps,
            &gap.source,
            failure::reason(&gap.reason),
            &gap.reason,
        );
    }
    for problem in &bundle.problems {
        let why = format!("{}: {}", problem.document, problem.message);
        put(
            snapshot,
            gaps,
            &problem.document,
            Reason::Unreadable(why),
            &problem.message,
        );
    }
}

/// Puts one gap in its place; one that has none is said among the ignored documents.
fn put(
    snapshot: &mut Snapshot,
    gaps: &mut Vec<(String, Gap)>,
    path: &str,
    reason: Reason,
    text: &str,
) {
    let found = match place(path) {
        Some(Place::Kubernetes(name)) => objects(snapshot, name, &reason),
        Some(Place::Aws {
            account,
            region: name,
            name: document,
        }) => aws_gap(region(snapshot, account, name), document, &reason),
        Some(place) => node_gap(snapshot, place, &reason),
        None => None,
    };
    match found {
        Some(gap) => gaps.push((path.to_owned(), gap)),
        None => snapshot.ignored.push(format!("{path} ({text})")),
    }
}

/// The reading that a document about a node makes; `None` if its name is not known.
pub(super) fn source_on_node(place: Place<'_>) -> Option<Source> {
    let (name, folder) = match place {
        Place::Agent { name, .. } => (name, "cilium"),
        Place::Envoy { name, .. } => (name, "envoy"),
        Place::Hubble { name, .. } => (name, "hubble"),
        _ => return None,
    };
    let stem = name.split(['.', '/']).next().unwrap_or_default();
    let stand_in = STAND_INS.iter().find(|(name, _)| *name == stem);
    stand_in.map(|(_, source)| *source).or_else(|| {
        Source::all()
            .filter(|source| source.is_agent() && folder_of(*source) == folder)
            .find(|source| source.info().key.split('.').next() == Some(stem))
    })
}

fn folder_of(source: Source) -> &'static str {
    match source {
        Source::EnvoyListeners
        | Source::EnvoyClusters
        | Source::EnvoyConfigDump
        | Source::EnvoyNetworkPolicies
        | Source::EnvoyServerInfo
        | Source::EnvoyStats => "envoy",
        Source::HubbleFlows => "hubble",
        _ => "cilium",
    }
}

fn objects(snapshot: &mut Snapshot, path: &str, reason: &Reason) -> Option<Gap> {
    let Some(found) = ObjectPath::of(path) else {
        // Whatever is missing may have stood in a file that could not be taken in.
        let is_file = without_ending(path) != path;
        for collection in kubernetes::collections(&mut snapshot.kubernetes)
            .into_iter()
            .filter(|_| is_file)
        {
            collection.mark_gap(Gap::new(collection.source(), "", reason.clone()));
        }
        return None;
    };
    let mut gap = Gap::new(found.source, found.about(), reason.clone());
    let collection = kubernetes::collection(&mut snapshot.kubernetes, found.source)?;
    match &found.object {
        Some((namespace, name)) if collection.has(namespace, name) => {
            gap.reason = Reason::Partial(reason_text(reason));
            collection.mark_partial(namespace, name, gap.clone());
        }
        _ => collection.mark_gap(gap.clone()),
    }
    Some(gap)
}

/// The text of a reason, without the word that says its kind.
fn reason_text(reason: &Reason) -> String {
    match reason {
        Reason::NotCollected => reason.to_string(),
        Reason::Denied(text)
        | Reason::Failed(text)
        | Reason::Unreadable(text)
        | Reason::Partial(text) => text.clone(),
    }
}

fn node_gap(snapshot: &mut Snapshot, place: Place<'_>, reason: &Reason) -> Option<Gap> {
    let source = source_on_node(place);
    match place {
        Place::Agent { node, name } => {
            let gap = gap_of(source, name, node, Source::AgentStatus, reason)?;
            let agent = snapshot
                .agents
                .entry(node.to_owned())
                .or_insert_with(|| Agent::new(node));
            gaps_of_agents::agent(agent, without_ending(name), source, reason);
            Some(gap)
        }
        Place::Envoy { node, name } => {
            let gap = gap_of(source, name, node, Source::EnvoyListeners, reason)?;
            let admin = snapshot
                .envoys
                .entry(node.to_owned())
                .or_insert_with(|| EnvoyAdmin::new(node));
            gaps_of_agents::envoy(admin, source, reason);
            Some(gap)
        }
        Place::Hubble { node, name } => {
            let gap = gap_of(source, name, node, Source::HubbleFlows, reason)?;
            snapshot
                .flows
                .entry(node.to_owned())
                .or_insert_with(|| Err(gap.clone()));
            Some(gap)
        }
        _ => None,
    }
}

/// The gap of one reading on a node; without a name it is about all of them, for which `first` stands.
fn gap_of(
    source: Option<Source>,
    name: &str,
    node: &str,
    first: Source,
    reason: &Reason,
) -> Option<Gap> {
    let source = source.or_else(|| name.is_empty().then_some(first))?;
    Some(Gap::new(source, format!("node {node}"), reason.clone()))
}

fn aws_gap(region: &mut Region, document: &str, reason: &Reason) -> Option<Gap> {
    let (operation, key) = operation(document);
    if document.is_empty() {
        for source in Source::all() {
            unread(region, source, "", reason);
        }
        return Some(Gap::new(Source::CallerIdentity, "", reason.clone()));
    }
    let source = aws::source(operation)?;
    let key = if aws::is_keyed(source) { key } else { "" };
    unread(region, source, key, reason);
    Some(Gap::new(source, key, reason.clone()))
}

/// Puts the gap of `source` into its field unless that has been read.
fn unread(region: &mut Region, source: Source, key: &str, reason: &Reason) {
    let balancers = || names(&region.load_balancers, |lb| &lb.load_balancer_arn);
    let groups = || names(&region.target_groups, |group| &group.target_group_arn);
    match source {
        Source::CallerIdentity => one(&mut region.caller, source, reason),
        Source::LoadBalancers => one(&mut region.load_balancers, source, reason),
        Source::TargetGroups => one(&mut region.target_groups, source, reason),
        Source::Tags | Source::TaggedResources => one(&mut region.tags, source, reason),
        Source::Instances => one(&mut region.instances, source, reason),
        Source::NetworkInterfaces => one(&mut region.network_interfaces, source, reason),
        Source::SecurityGroups => one(&mut region.security_groups, source, reason),
        Source::SecurityGroupRules => one(&mut region.security_group_rules, source, reason),
        Source::NetworkAcls => one(&mut region.network_acls, source, reason),
        Source::RouteTables => one(&mut region.route_tables, source, reason),
        Source::Subnets => one(&mut region.subnets, source, reason),
        Source::Vpcs => one(&mut region.vpcs, source, reason),
        Source::BlockPublicAccess => one(&mut region.block_public_access, source, reason),
        Source::BlockPublicAccessExclusions => {
            one(&mut region.block_public_access_exclusions, source, reason);
        }
        Source::LoadBalancerAttributes => {
            let all = balancers();
            many(
                &mut region.load_balancer_attributes,
                source,
                key,
                all,
                reason,
            );
        }
        Source::Listeners => {
            let all = balancers();
            many(&mut region.listeners, source, key, all, reason);
        }
        Source::TargetGroupAttributes => {
            let all = groups();
            many(
                &mut region.target_group_attributes,
                source,
                key,
                all,
                reason,
            );
        }
        Source::TargetHealth => {
            let all = groups();
            many(&mut region.target_health, source, key, all, reason);
        }
        Source::ClassicLoadBalancers => one(&mut region.classic_load_balancers, source, reason),
        Source::InstanceHealth => {
            let all = &region.classic_load_balancers;
            let all = all.iter().flat_map(|fact| fact.iter());
            let all = all.map(|found| found.load_balancer_name.clone()).collect();
            many(&mut region.instance_health, source, key, all, reason);
        }
        Source::PrefixLists => many(&mut region.prefix_lists, source, key, Vec::new(), reason),
        _ => {}
    }
}

fn one<T>(seen: &mut Seen<T>, source: Source, reason: &Reason) {
    if matches!(seen, Err(gap) if gap.reason == Reason::NotCollected) {
        *seen = Err(Gap::new(source, "", reason.clone()));
    }
}

/// The reading called `key`, or all of them if there is no key.
fn many<T>(
    readings: &mut BTreeMap<String, Seen<T>>,
    source: Source,
    key: &str,
    all: Vec<String>,
    reason: &Reason,
) {
    let names = if key.is_empty() {
        all
    } else {
        vec![key.to_owned()]
    };
    for name in names {
        let gap = Gap::new(source, name.as_str(), reason.clone());
        readings.entry(name).or_insert(Err(gap));
    }
}

/// Names in the ARNs of what was read.
fn names<T>(seen: &Seen<Vec<T>>, arn: fn(&T) -> &String) -> Vec<String> {
    let items = seen
        .as_ref()
        .map(|fact| fact.value.as_slice())
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| arn(item).parse::<Arn>().ok())
        .filter_map(|arn| arn.name().map(str::to_owned))
        .collect()
}
