//! A target group with the cluster's tags that neither a load balancer nor a binding uses.

use crate::check::balancer::left_behind::{finding, group_commands};
use crate::check::finding::{Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::aws::Arn;
use crate::path::estate::READS;
use crate::path::{AwsName, Standing, SubjectKind};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3114),
    slug: "orphaned-target-group",
    hop: Hop::TargetGroup,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "nothing uses the target group that was made for the cluster",
    since: "0.1.0",
    needs: &READS,
    page: include_str!("orphaned_target_group.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let subject = view.subject();
    let arn = subject.target_group.as_deref().map(str::parse::<Arn>);
    let (SubjectKind::TargetGroup, Some(Ok(arn))) = (subject.kind, arn) else {
        return not_applicable("the subject is no target group of its own");
    };
    let Some(at) = AwsName::of_arn(&arn) else {
        return not_applicable("the subject's ARN is not that of a target group");
    };
    let group = view
        .region(&at, Source::TargetGroups)?
        .target_group(&at.name)?;
    let orphan = match view.estate().group(&at.region, group.value)? {
        Standing::Needed(why) => return pass(why),
        Standing::NotJudged(why) => return not_applicable(why),
        Standing::Orphan(orphan) => orphan,
    };
    let (mut commands, delete) = group_commands(&orphan, &at.region);
    commands.extend(delete);
    let name = &at.name;
    fail(
        finding(&orphan, &format!("TargetGroup/{name}"), "target group").fix(Fix {
            summary: "delete it: nothing sends anything to it, and no controller takes it up again"
                .to_owned(),
            commands,
            risk: Risk::Destructive,
            changes: Vec::new(),
            after: format!("describe-target-groups does not list {name}"),
        }),
    )
}
