//! The sentences of CLB3103: an empty group, one without any node of the cluster, one that lacks some.

use super::eligibility::Rules;
use super::registrar::{Registrar, binding_of};
use super::registration_fix::{self, CHECKPOINT};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer};
use crate::check::objects::{events, refusal};
use crate::model::kubernetes::{Event, Node, Object};
use crate::model::{Fact, Gap, Origin};
use crate::path::{AwsName, Path};
use std::collections::BTreeSet;

/// The nodes of the cluster, by what the registrar does with them.
#[derive(Default)]
pub(super) struct Nodes<'a> {
    /// Eligible ones that are registered.
    pub(super) eligible_registered: usize,
    /// Eligible ones that are not.
    pub(super) eligible_missing: Vec<&'a Fact<Node>>,
    /// Eligible ones whose providerID stops the AWS Load Balancer Controller.
    pub(super) blocking: Vec<&'a Fact<Node>>,
    /// Excluded ones with the deciding field.
    pub(super) excluded: Vec<(&'a Fact<Node>, String)>,
    /// Why one could not be judged.
    pub(super) unknown: Option<Gap>,
}

/// Several target groups of a Service that lack targets for one reason are one cause.
fn finding(message: String, evidence: Vec<Evidence>) -> Finding {
    Finding::new(message.clone(), message, evidence)
}

/// How many nodes are shown as evidence; the message counts them all.
const SHOWN: usize = 5;

/// Some eligible nodes are missing: capacity is lost, nothing fails.
pub(super) fn some(
    view: &View<'_>,
    path: &Path,
    group: &AwsName,
    origin: &Origin,
    registrar: &Registrar<'_>,
    nodes: &Nodes<'_>,
) -> Finding {
    let total = nodes.eligible_registered + nodes.eligible_missing.len();
    let mut evidence = vec![held(group, origin, nodes.eligible_registered)];
    evidence.extend(
        nodes
            .eligible_missing
            .iter()
            .take(SHOWN)
            .map(|n| provider(n)),
    );
    evidence.extend(said(view, path, group));
    let mut message = format!(
        "not registered: {} ({} of {total} eligible nodes)",
        names(&nodes.eligible_missing),
        nodes.eligible_missing.len()
    );
    let mut fix = registration_fix::of_nodes(group, registrar);
    if let Some((why, remedy, _)) = why(view, path, None, group) {
        message = format!("{message}: {why}");
        fix = remedy;
    }
    finding(message, evidence)
        .about(objects(group, &nodes.eligible_missing))
        .fix(fix)
}

/// Every eligible node is missing, and the group holds something else.
pub(super) fn all(
    view: &View<'_>,
    path: &Path,
    group: &AwsName,
    origin: &Origin,
    registrar: &Registrar<'_>,
    nodes: &Nodes<'_>,
) -> Finding {
    let ids: BTreeSet<&str> = path
        .targets
        .iter()
        .map(|target| target.id.as_str())
        .collect();
    let ids: Vec<&str> = ids.into_iter().take(SHOWN).collect();
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        origin,
        format!("TargetGroup/{}", group.name),
        "TargetHealthDescriptions[].Target.Id",
        ids.join(", "),
    )];
    evidence.extend(
        nodes
            .eligible_missing
            .iter()
            .take(SHOWN)
            .map(|n| provider(n)),
    );
    evidence.extend(said(view, path, group));
    finding(
        format!(
            "none of the {} eligible nodes is registered: the targets are others",
            nodes.eligible_missing.len()
        ),
        evidence,
    )
    .about(objects(group, &nodes.eligible_missing))
    .fix(Fix {
        changes: registration_fix::registrations(path, group, missing(nodes)),
        ..registration_fix::of_nodes(group, registrar)
    })
}

/// The group is empty.
pub(super) fn none(
    view: &View<'_>,
    path: &Path,
    group: &AwsName,
    origin: &Origin,
    known: Option<(&Registrar<'_>, &Nodes<'_>)>,
) -> Finding {
    let mut evidence = vec![held(group, origin, 0)];
    let name = &group.name;
    let Some((registrar, nodes)) = known else {
        return finding("the target group has no targets".to_owned(), evidence)
            .about([format!("TargetGroup/{name}")]);
    };
    let lbc = registrar.rules == Rules::LoadBalancerController;
    let mut fix = registration_fix::of_nodes(group, registrar);
    fix.changes = registration_fix::registrations(path, group, missing(nodes));
    let message = if let Some(node) = nodes.blocking.first().filter(|_| lbc) {
        evidence.push(provider(node));
        fix = Fix {
            changes: fix.changes,
            ..registration_fix::of_provider(group, &nodes.blocking, &nodes.eligible_missing)
        };
        format!(
            "the target group has no targets: providerID {:?} of node {} names no EC2 instance, and the AWS Load Balancer Controller then registers no node at all",
            node.spec.provider_id, node.metadata.name
        )
    } else if !nodes.eligible_missing.is_empty() {
        evidence.extend(
            nodes
                .eligible_missing
                .iter()
                .take(SHOWN)
                .map(|n| provider(n)),
        );
        let mut message = format!(
            "the target group has no targets, and {} nodes are eligible",
            nodes.eligible_missing.len()
        );
        if let Some((why, remedy, row)) = why(view, path, Some(registrar), group) {
            message = format!("{message}: {why}");
            evidence.extend(row);
            fix = remedy;
        }
        message
    } else if nodes.unknown.is_none() && !nodes.excluded.is_empty() {
        evidence.extend(nodes.excluded.iter().take(SHOWN).map(|(node, why)| {
            Evidence::new(
                Layer::Declared,
                &node.origin,
                format!("Node/{}", node.metadata.name),
                "excluded by",
                why.clone(),
            )
        }));
        if let Some(of_excluded) = registration_fix::of_excluded(path, group, &nodes.excluded) {
            fix = of_excluded;
        }
        let reasons: BTreeSet<&str> = nodes.excluded.iter().map(|(_, why)| why.as_str()).collect();
        let reasons: Vec<&str> = reasons.into_iter().collect();
        format!(
            "the target group has no targets: none of {} nodes is eligible ({})",
            nodes.excluded.len(),
            reasons.join("; ")
        )
    } else {
        "the target group has no targets".to_owned()
    };
    evidence.extend(said(view, path, group));
    finding(message, evidence)
        .about(objects(group, &nodes.eligible_missing))
        .fix(fix)
}

/// A group of addresses is empty.
pub(super) fn no_pods(view: &View<'_>, path: &Path, group: &AwsName, origin: &Origin) -> Finding {
    let name = &group.name;
    let mut evidence = vec![held(group, origin, 0)];
    let slices: Vec<_> = path
        .service
        .iter()
        .flat_map(|service| {
            view.endpoint_slices().known().filter(move |slice| {
                slice.metadata.namespace == service.namespace
                    && slice.service() == Some(service.name.as_str())
            })
        })
        .collect();
    let ready: usize = slices
        .iter()
        .flat_map(|slice| &slice.endpoints)
        .filter(|endpoint| endpoint.is_ready())
        .count();
    evidence.extend(slices.iter().take(SHOWN).map(|slice| {
        Evidence::new(
            Layer::Declared,
            &slice.origin,
            slice.id(),
            "endpoints",
            slice.endpoints.len().to_string(),
        )
    }));
    let message = match (slices.is_empty(), ready) {
        (true, _) => "the target group has no targets".to_owned(),
        (false, 0) => {
            "the target group has no targets, because no endpoint of the Service is ready"
                .to_owned()
        }
        (false, ready) => {
            format!(
                "the target group has no targets, and {ready} endpoints of the Service are ready"
            )
        }
    };
    let mut message = message;
    let mut fix = registration_fix::of_pods(path, group);
    if ready > 0
        && let Some((why, remedy, row)) = why(view, path, None, group)
    {
        message = format!("{message}: {why}");
        evidence.extend(row);
        fix = remedy;
    }
    finding(message, evidence)
        .about([format!("TargetGroup/{name}")])
        .fix(fix)
}

fn held(group: &AwsName, origin: &Origin, count: usize) -> Evidence {
    Evidence::new(
        Layer::Programmed,
        origin,
        format!("TargetGroup/{}", group.name),
        "TargetHealthDescriptions",
        match count {
            0 => "[]".to_owned(),
            count => format!("{count} eligible nodes"),
        },
    )
}

fn provider(node: &Fact<Node>) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &node.origin,
        format!("Node/{}", node.metadata.name),
        "spec.providerID",
        node.spec.provider_id.clone(),
    )
}

fn missing<'n>(nodes: &'n Nodes<'_>) -> impl Iterator<Item = &'n Node> {
    nodes.eligible_missing.iter().map(|node| &node.value)
}

fn names(nodes: &[&Fact<Node>]) -> String {
    let mut names: Vec<&str> = nodes
        .iter()
        .take(SHOWN)
        .map(|node| node.metadata.name.as_str())
        .collect();
    if nodes.len() > SHOWN {
        names.push("…");
    }
    names.join(", ")
}

fn objects(group: &AwsName, nodes: &[&Fact<Node>]) -> Vec<String> {
    let mut all = vec![format!("TargetGroup/{}", group.name)];
    all.extend(
        nodes
            .iter()
            .map(|node| format!("Node/{}", node.metadata.name)),
    );
    all
}

/// The Warning events about the binding, and those about the Service: two reconcilers write them.
fn warnings<'a>(view: &View<'a>, path: &Path, group: &AwsName) -> [Vec<&'a Fact<Event>>; 2] {
    let of_binding = binding_of(view, group).map(|binding| {
        let meta = &binding.metadata;
        events::warnings(view, "TargetGroupBinding", &meta.namespace, &meta.name)
    });
    let of_service = path
        .service
        .as_ref()
        .map(|service| events::warnings(view, "Service", &service.namespace, &service.name));
    [of_binding, of_service].map(Option::unwrap_or_default)
}

/// What the controller said about the binding and the Service.
fn said(view: &View<'_>, path: &Path, group: &AwsName) -> Vec<Evidence> {
    let all = warnings(view, path, group);
    all.into_iter()
        .flatten()
        .take(3)
        .map(events::evidence)
        .collect()
}

/// Why nobody is registered, as far as the controller's events and its checkpoint tell.
///
/// Removing events leaves the same failure with a plainer sentence.
fn why(
    view: &View<'_>,
    path: &Path,
    registrar: Option<&Registrar<'_>>,
    group: &AwsName,
) -> Option<(String, Fix, Option<Evidence>)> {
    let all = warnings(view, path, group);
    let service = view.service().ok().flatten()?;
    let after = format!("describe-target-health of {} lists targets", group.name);
    // The binding's own reconciler is the one that registers.
    let meant = all
        .iter()
        .find_map(|events| refusal::understood(events.iter().map(|event| &event.value)));
    if let Some((event, known)) = meant {
        let why = format!("{} ({})", known.says, event.reason);
        return Some((why, known.fix(service, after), None));
    }
    let registrar = registrar?;
    let binding = registrar.binding?;
    let meta = &binding.metadata;
    let checkpoint = meta.annotations.get(CHECKPOINT)?;
    // Only a complete list of events proves that the controller reports no error.
    if !all.iter().all(Vec::is_empty) || view.events().all(&meta.namespace).is_err() {
        return None;
    }
    let row = Evidence::new(
        Layer::Programmed,
        &binding.origin,
        format!("TargetGroupBinding/{}/{}", meta.namespace, meta.name),
        format!("metadata.annotations[{CHECKPOINT}]"),
        checkpoint.clone(),
    );
    Some((
        "the controller reports no error and has a checkpoint on the binding; while that matches it skips the binding, which hides what was deregistered by hand".to_owned(),
        registration_fix::of_nodes(group, registrar),
        Some(row),
    ))
}
