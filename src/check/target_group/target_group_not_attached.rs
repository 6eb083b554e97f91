//! The target group exists and no listener sends anything to it.

use super::facts;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::{controller, owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::Arn;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Lookup, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3101),
    slug: "target-group-not-attached",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "no listener forwards to the target group",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::Listeners,
        Source::TargetGroups,
        Source::TargetHealth,
    ],
    page: include_str!("target_group_not_attached.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    match &path.target_group {
        Lookup::Found(group) => of_group(view, path, group),
        Lookup::Unknown(gap) => Err(gap.clone()),
        Lookup::Absent(_) => of_listener(view, path),
    }
}

/// A listener without a target group.
fn of_listener(view: &View<'_>, path: &Path) -> Checked {
    let (Some(balancer), Some(port)) = (path.load_balancer.found(), path.listener.found()) else {
        return not_applicable("there is no listener that could forward");
    };
    let listeners = view
        .region(balancer, Source::Listeners)?
        .listeners(&balancer.name)?;
    let actions: Vec<String> = listeners
        .iter()
        .filter(|listener| listener.port == *port)
        .flat_map(|listener| &listener.default_actions)
        .map(|action| action.kind.clone())
        .collect();
    let evidence = Evidence::new(
        Layer::Programmed,
        &listeners.origin,
        format!("LoadBalancer/{}", balancer.name),
        format!("Listeners[Port={port}].DefaultActions"),
        format!("[{}] without a target group", actions.join(", ")),
    );
    fail(
        Finding::new(
            format!("the listener on port {port} forwards to no target group"),
            format!("{} {port}", balancer.name),
            vec![evidence],
        )
        .about([format!("LoadBalancer/{}", balancer.name)])
        .fix(fix(
            view,
            path,
            &format!(
                "describe-listeners of {} shows a target group on port {port}",
                balancer.name
            ),
        )),
    )
}

fn of_group(view: &View<'_>, path: &Path, group: &AwsName) -> Checked {
    let region = view.region(group, Source::TargetGroups)?;
    let definition = region.target_group(&group.name);
    let mut evidence = Vec::new();
    let mut unread = None;
    if let Ok(definition) = &definition
        && definition.load_balancer_arns.is_empty()
    {
        match forwarded_to(view, path, group) {
            Ok(true) => {}
            Err(gap) => unread = Some(gap),
            Ok(false) => evidence.push(Evidence::new(
                Layer::Programmed,
                definition.origin,
                format!("TargetGroup/{}", group.name),
                "LoadBalancerArns",
                "[]",
            )),
        }
    }
    let unused = path
        .targets
        .iter()
        .filter_map(|target| target.reported.as_ref())
        .find(|reported| {
            facts::says(
                reported,
                "Target.NotInUse",
                "not configured to receive traffic",
            )
        });
    if let Some(reported) = unused {
        evidence.push(facts::health_evidence(view, group, reported)?);
    }
    if evidence.is_empty() {
        // Either reading alone proves a failure; only both together prove that there is none.
        definition?;
        if let Some(gap) = unread {
            return Err(gap);
        }
        region.target_health_origin(&group.name)?;
        return pass("the target group is attached to a load balancer");
    }
    fail(
        Finding::new(
            format!(
                "no listener forwards to target group {}, so AWS does not check its targets",
                group.name
            ),
            group.name.clone(),
            evidence,
        )
        .about([format!("TargetGroup/{}", group.name)])
        .fix(fix(
            view,
            path,
            &format!(
                "LoadBalancerArns of {} is not empty, and its targets leave the state unused",
                group.name
            ),
        )),
    )
}

/// Whether a listener forwards to the group, whatever a partial description of the group says.
fn forwarded_to(view: &View<'_>, path: &Path, group: &AwsName) -> Result<bool, Gap> {
    let Some(balancer) = path.load_balancer.read()? else {
        return Ok(false);
    };
    let region = view.region(balancer, Source::Listeners)?;
    Ok(region
        .listeners(&balancer.name)?
        .iter()
        .flat_map(|listener| listener.forwards_to())
        .filter_map(|arn| arn.parse::<Arn>().ok())
        .any(|arn| arn.name() == Some(group.name.as_str())))
}

/// A controller owns its listeners, so it has to reconcile; a group bound by hand needs a listener by hand.
fn fix(view: &View<'_>, path: &Path, after: &str) -> Fix {
    let (summary, commands) = match (&path.service, path.target_group.found()) {
        (Some(service), _) if path.load_balancer.found().is_some() => {
            let mut commands = vec![format!(
                "kubectl describe service {} -n {}",
                service.name, service.namespace
            )];
            if let Ok(Some(found)) = view.service() {
                let name = path.load_balancer.found().map(|name| name.name.as_str());
                commands.extend(controller::again(owner::actual(found, name).owner));
            }
            (
                "the owner controller attaches target groups to its listeners: see what keeps it from doing so, then have it reconcile",
                commands,
            )
        }
        (_, Some(group)) => (
            "make a listener that forwards to it, or remove it if nobody needs it",
            vec![format!(
                "aws elbv2 create-listener --region {0} --load-balancer-arn LOAD_BALANCER_ARN --protocol TCP --port {1} --default-actions Type=forward,TargetGroupArn=$(aws elbv2 describe-target-groups --region {0} --names {2} --query 'TargetGroups[0].TargetGroupArn' --output text)",
                group.region.1, path.port, group.name
            )],
        ),
        (_, None) => ("make the listener forward to a target group", Vec::new()),
    };
    Fix {
        summary: summary.to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: after.to_owned(),
    }
}
