//! AWS neither calls the target healthy nor unhealthy: what its state means instead.

use super::eligibility::{Eligibility, any_ready, judge};
use super::facts;
use super::registrar::registrar;
use super::states::{Meaning, meaning};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3107),
    slug: "target-in-transition",
    hop: Hop::TargetGroup,
    severity: Severity::Warning,
    bearing: Bearing::Health,
    title: "AWS neither calls the target healthy nor unhealthy",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::Nodes,
        Source::TargetHealth,
        Source::NetworkInterfaces,
    ],
    page: include_str!("target_in_transition.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    let finding = |message: String| -> Result<Finding, Gap> {
        Ok(Finding::new(
            message.clone(),
            message,
            vec![facts::health_evidence(view, group, reported)?],
        )
        .about([format!("TargetGroup/{}", group.name)]))
    };
    match meaning(reported) {
        Meaning::Settled(proof) => pass(proof),
        Meaning::Elsewhere(why) => not_applicable(why),
        Meaning::Worth(message) => Ok(Outcome::Note(finding(message)?)),
        Meaning::Unused(message) => {
            let mut unused = finding(message)?;
            unused.evidence.extend(taken_by(view, group, target));
            fail(unused)
        }
        Meaning::ByDesign(why) => {
            if still_wanted(view, path, target, group) {
                return Ok(Outcome::Note(finding(
                    "the target is being deregistered although its node is eligible and its port is the Service's: something else than this cluster's controller may be removing it".to_owned(),
                )?));
            }
            Ok(Outcome::Expected(
                match leaving(view, path, target, group) {
                    Some(field) => format!("{why}; its node is not eligible any more ({field})"),
                    None => why,
                },
            ))
        }
    }
}

/// Whether the controller would register the very target that is leaving.
///
/// Two clusters that share a target group without `multiClusterTargetGroup` deregister each other's
/// targets in this way. Where it cannot be told, nothing is claimed.
fn still_wanted(view: &View<'_>, path: &Path, target: &Target, group: &AwsName) -> bool {
    target.port == path.node_port
        && eligibility(view, path, target, group) == Some(Eligibility::Eligible)
}

/// What keeps the node of a target that is leaving out of the target group, where that is known.
fn leaving(view: &View<'_>, path: &Path, target: &Target, group: &AwsName) -> Option<String> {
    match eligibility(view, path, target, group)? {
        Eligibility::Excluded(why) => Some(why),
        Eligibility::Eligible | Eligibility::Unknown(_) => None,
    }
}

fn eligibility(
    view: &View<'_>,
    path: &Path,
    target: &Target,
    group: &AwsName,
) -> Option<Eligibility> {
    let service = view.service().ok()??;
    let name = target.node.as_ref().ok()?;
    let registrar = registrar(view, path, service, group).ok()??;
    let node = view.nodes().find("", name).ok()??;
    let (rules, selector) = (registrar.rules, &registrar.selector);
    let known = view.nodes().known().map(|node| &node.value);
    // A node that was not read may be the ready one.
    let any_ready = match any_ready(known, rules, selector) {
        Some(false) if view.nodes().complete("").is_err() => None,
        told => told,
    };
    Some(judge(node, rules, selector, any_ready))
}

/// The interface of AWS's own that has the address of a target, where it was read.
fn taken_by(view: &View<'_>, group: &AwsName, target: &Target) -> Option<Evidence> {
    let address = target.address.as_ref().ok()?.to_string();
    let region = view.region(group, Source::NetworkInterfaces).ok()?;
    let all = region.network_interfaces().ok()?;
    let found = all.iter().find(|interface| {
        interface.requester_id.as_deref() == Some("amazon-elb")
            && (interface.private_ip_address.as_deref() == Some(address.as_str())
                || interface
                    .private_ip_addresses
                    .iter()
                    .any(|own| own.private_ip_address == address))
    })?;
    Some(Evidence::new(
        Layer::Observed,
        &all.origin,
        format!("NetworkInterface/{}", found.network_interface_id),
        "Description",
        found.description.clone().unwrap_or_default(),
    ))
}
