//! AWS neither calls the target healthy nor unhealthy: what its state means instead.

use super::eligibility::{Eligibility, judge};
use super::facts;
use super::registrar::registrar;
use super::states::{Meaning, meaning};
use crate::check::finding::Finding;
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
        Meaning::Unused(message) => fail(finding(message)?),
        Meaning::ByDesign(why) => {
            if still_wanted(view, path, target, group) {
                return Ok(Outcome::Note(finding(
                    "the target is being deregistered although its node is eligible and its port is the Service's: something else than this cluster's controller may be removing it".to_owned(),
                )?));
            }
            Ok(Outcome::Expected(why))
        }
    }
}

/// Whether the controller would register the very target that is leaving.
///
/// Two clusters that share a target group without `multiClusterTargetGroup` deregister each other's
/// targets in this way. Where it cannot be told, nothing is claimed.
fn still_wanted(view: &View<'_>, path: &Path, target: &Target, group: &AwsName) -> bool {
    if target.port != path.node_port {
        return false;
    }
    let (Ok(Some(service)), Ok(name)) = (view.service(), &target.node) else {
        return false;
    };
    let (Ok(Some(registrar)), Ok(Some(node))) = (
        registrar(view, path, service, group),
        view.nodes().find("", name),
    ) else {
        return false;
    };
    judge(node, registrar.rules, &registrar.selector, true) == Eligibility::Eligible
}
