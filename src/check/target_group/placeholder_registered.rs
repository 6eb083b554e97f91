//! Somebody registered Cilium's placeholder address as a target.

use super::facts;
use crate::check::finding::{Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::endpoints::PLACEHOLDER_ADDRESS;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3108),
    slug: "placeholder-registered",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Cilium's placeholder address is registered as a target",
    since: "0.1.0",
    needs: &[Source::TargetHealth],
    page: include_str!("placeholder_registered.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    if target.id != PLACEHOLDER_ADDRESS {
        return pass("the target is not the placeholder");
    }
    fail(
        Finding::new(
            format!("{PLACEHOLDER_ADDRESS} is registered as a target: it is Cilium's placeholder, an address that nothing answers"),
            PLACEHOLDER_ADDRESS,
            vec![facts::health_evidence(view, group, reported)?],
        )
        .about([format!("TargetGroup/{}", group.name)])
        .fix(Fix {
            summary: "deregister it, and stop what registers endpoints of this Service: its targets are the nodes".to_owned(),
            commands: view.paths().iter().flat_map(deregister).collect(),
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("describe-target-health does not list {PLACEHOLDER_ADDRESS}"),
        }),
    )
}

/// The commands that remove the placeholder from a path's target group.
fn deregister(path: &Path) -> Vec<String> {
    let Some(group) = path.target_group.found() else {
        return Vec::new();
    };
    let (region, name) = (&group.region.1, &group.name);
    path.targets
        .iter()
        .filter(|target| target.id == PLACEHOLDER_ADDRESS)
        .map(|target| {
            format!(
                "aws elbv2 deregister-targets --region {region} --target-group-arn $(aws elbv2 describe-target-groups --region {region} --names {name} --query 'TargetGroups[0].TargetGroupArn' --output text) --targets Id={PLACEHOLDER_ADDRESS},Port={}",
                target.port
            )
        })
        .collect()
}
