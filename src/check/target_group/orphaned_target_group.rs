//! A target group with the cluster's tags that neither a load balancer nor a binding uses.

use crate::check::balancer::left_behind::{finding, group_commands};
use crate::check::finding::{Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::aws::Arn;
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
    needs: &[
        Source::Services,
        Source::Ingresses,
        Source::Gateways,
        Source::TargetGroupBindings,
        Source::Nodes,
        Source::LoadBalancers,
        Source::TargetGroups,
        Source::TargetHealth,
        Source::Tags,
        Source::Instances,
    ],
    page: include_str!("orphaned_target_group.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let subject = view.subject();
    let arn = subject
        .target_group
        .as_deref()
        .and_then(|arn| arn.parse::<Arn>().ok());
    let (SubjectKind::TargetGroup, Some(arn)) = (subject.kind, arn) else {
        return not_applicable("the subject is no target group of its own");
    };
    let key = (arn.account.clone(), arn.region.clone());
    let name = subject.object.name.clone();
    let at = AwsName {
        region: key.clone(),
        name: name.clone(),
    };
    let group = view
        .region(&at, Source::TargetGroups)?
        .target_group(&name)?;
    let estate = view.estate();
    let orphan = match estate.group(&key, group.value)? {
        Standing::Needed(why) => return pass(why),
        Standing::NotJudged(why) => return not_applicable(why),
        Standing::Orphan(orphan) => orphan,
    };
    let (mut commands, delete) = group_commands(&orphan, &key);
    commands.extend(delete);
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
