//! Nodes that ought to be targets and are not.

use super::eligibility::{Eligibility, any_ready, blocks_the_group, judge};
use super::registrar::{Registrar, registrar};
use super::unregistered::{self, Nodes};
use crate::check::balancer::left_behind::is_left_behind;
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Node;
use crate::model::{Fact, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3103),
    slug: "target-not-registered",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "nodes that the controller should register are not in the target group",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::Ingresses,
        Source::Gateways,
        Source::TargetGroupBindings,
        Source::EndpointSlices,
        Source::Nodes,
        Source::Events,
        Source::LoadBalancers,
        Source::TargetGroups,
        Source::TargetHealth,
        Source::Tags,
        Source::Instances,
    ],
    page: include_str!("target_not_registered.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(group) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let region = view.region(group, Source::TargetHealth)?;
    let origin = region.target_health_origin(&group.name)?;
    let service = view.service()?;
    if path.targets.is_empty() {
        if is_left_behind(view) {
            return not_applicable(
                "its load balancer was left behind (CLB2111): nobody fills it any more",
            );
        }
        return empty(view, path, group);
    }
    let Some(service) = service else {
        return not_applicable("no Service says which nodes belong into the group");
    };
    if region.target_group(&group.name)?.target_type != "instance" {
        return not_applicable("the targets are no instances");
    }
    let Some(registrar) = registrar(view, path, service, group)? else {
        return not_applicable("no controller of this cluster is known to register the targets");
    };
    let nodes = sort(view.nodes().all("")?, &registrar, path);
    if nodes.eligible_missing.is_empty() {
        return match nodes.unknown {
            Some(gap) => Err(gap),
            None => pass("every eligible node is registered"),
        };
    }
    if nodes.eligible_registered > 0 {
        return Ok(Outcome::Note(unregistered::some(
            view, path, group, origin, &registrar, &nodes,
        )));
    }
    match nodes.unknown {
        // A registered node might be eligible.
        Some(gap) => Err(gap),
        None => fail(unregistered::all(
            view, path, group, origin, &registrar, &nodes,
        )),
    }
}

/// An empty group is proven whatever the nodes are; they only say why.
fn empty(view: &View<'_>, path: &Path, group: &AwsName) -> Checked {
    let region = view.region(group, Source::TargetHealth)?;
    let origin = region.target_health_origin(&group.name)?;
    let kind = region
        .target_group(&group.name)
        .map(|found| found.target_type.clone())
        .unwrap_or_default();
    let service = view.service().ok().flatten();
    if kind == "ip" {
        if service.is_some_and(|service| service.is_proxied()) {
            return not_applicable(
                "a group of addresses stays empty behind Cilium's placeholder (CLB3102)",
            );
        }
        return fail(unregistered::no_pods(view, path, group, origin));
    }
    let registrar = match service {
        Some(service) => registrar(view, path, service, group).ok().flatten(),
        None => None,
    };
    let nodes = registrar.as_ref().and_then(|registrar| {
        let all = view.nodes().all("").ok()?;
        Some(sort(all, registrar, path))
    });
    fail(unregistered::none(
        view,
        path,
        group,
        origin,
        registrar.as_ref().zip(nodes.as_ref()),
    ))
}

/// Sorts the nodes into registered, missing, excluded and unknown.
fn sort<'a>(all: Vec<&'a Fact<Node>>, registrar: &Registrar<'_>, path: &Path) -> Nodes<'a> {
    let values = all.iter().map(|node| &node.value);
    let any_ready = any_ready(values, registrar.rules, &registrar.selector);
    let mut nodes = Nodes::default();
    for node in all {
        let registered = node
            .instance_id()
            .is_some_and(|id| path.targets.iter().any(|target| target.id == id));
        match judge(node, registrar.rules, &registrar.selector, any_ready) {
            Eligibility::Eligible if registered => nodes.eligible_registered += 1,
            Eligibility::Eligible => {
                if blocks_the_group(node) {
                    nodes.blocking.push(node);
                }
                nodes.eligible_missing.push(node);
            }
            // Registered once is enough: nothing is missing.
            Eligibility::Unknown(_) if registered => nodes.eligible_registered += 1,
            Eligibility::Excluded(why) => nodes.excluded.push((node, why)),
            Eligibility::Unknown(gap) => nodes.unknown = nodes.unknown.or(Some(gap)),
        }
    }
    nodes
}
