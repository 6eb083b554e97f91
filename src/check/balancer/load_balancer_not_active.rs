//! The load balancer exists and AWS does not call it active.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::view::Located;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::LoadBalancer;
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Lookup, Path};
use jiff::Timestamp;

/// Seconds that AWS takes to set a load balancer up, generously.
const SETUP: i64 = 300;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2102),
    slug: "load-balancer-not-active",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the load balancer is not active",
    since: "0.1.0",
    needs: &[Source::LoadBalancers],
    page: include_str!("load_balancer_not_active.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let name = match &path.load_balancer {
        Lookup::Found(name) => name,
        Lookup::Absent(_) => return not_applicable("there is no load balancer"),
        Lookup::Unknown(gap) => return Err(gap.clone()),
    };
    let balancer = view
        .region(name, Source::LoadBalancers)?
        .load_balancer(&name.name)?;
    let state = &balancer.state;
    let id = format!("LoadBalancer/{}", name.name);
    let finding = |message: String| {
        Finding::new(
            message,
            name.name.clone(),
            vec![Evidence::new(
                Layer::Observed,
                balancer.origin,
                id.clone(),
                "State",
                match &state.reason {
                    Some(reason) => format!("{}: {reason}", state.code),
                    None => state.code.clone(),
                },
            )],
        )
        .about([id.clone()])
    };
    let command = format!(
        "aws elbv2 describe-load-balancers --names {} --region {} --query 'LoadBalancers[0].[State,AvailabilityZones]'",
        name.name, name.region.1
    );
    let after = format!("State.Code of {} is active", name.name);
    match state.code.as_str() {
        "active" => pass("the load balancer is active"),
        "" => Err(Gap::new(
            Source::LoadBalancers,
            &name.name,
            Reason::Partial("State.Code is not in the answer".to_owned()),
        )),
        "provisioning" => {
            let (created, age) = age(view, name, &balancer)?;
            let mut finding = finding(if age < SETUP {
                format!("State.Code is provisioning, {age} s after CreatedTime: a new load balancer checks nothing for its first minutes")
            } else {
                format!("State.Code is provisioning, {} min after CreatedTime, where minutes are usual: it checks nothing before it is active", age / 60)
            })
            .fix(Fix {
                summary: if age < SETUP {
                    "wait, and look again five minutes after it was made"
                } else {
                    "look for free addresses in its subnets, and for a chosen address that is taken; a load balancer that never gets active has to be made again"
                }
                .to_owned(),
                commands: vec![command],
                risk: Risk::Safe,
                changes: Vec::new(),
                after,
            });
            finding.evidence.push(Evidence::new(
                Layer::Observed,
                balancer.origin,
                id.clone(),
                "CreatedTime",
                created,
            ));
            if age < SETUP {
                Ok(Outcome::Note(finding))
            } else {
                fail(finding)
            }
        }
        "failed" => fail(
            finding(format!(
                "State.Code is failed, not active{}",
                suffix(state.reason.as_deref())
            ))
            .fix(Fix {
                summary: "AWS does not repair it: remove what State.Reason names, then have the load balancer made again (a new DNS name)".to_owned(),
                commands: vec![command],
                risk: Risk::Destructive,
                changes: Vec::new(),
                after,
            }),
        ),
        "active_impaired" => Ok(Outcome::Note(finding(format!(
            "State.Code is active_impaired: it routes, but AWS could not scale it{}",
            suffix(state.reason.as_deref())
        )))),
        other => Ok(Outcome::Note(finding(format!(
            "State.Code is {other}, which this program does not know{}",
            suffix(state.reason.as_deref())
        )))),
    }
}

/// When a load balancer was made, and how many seconds before the evidence was taken.
fn age<'a>(
    view: &View<'_>,
    name: &AwsName,
    balancer: &Located<'a, LoadBalancer>,
) -> Result<(&'a str, i64), Gap> {
    let lacks = |what: &str| {
        let reason = format!("it is provisioning, and {what} does not say since when");
        Gap::new(Source::LoadBalancers, &name.name, Reason::Partial(reason))
    };
    let created = balancer
        .value
        .created_time
        .as_deref()
        .ok_or_else(|| lacks("CreatedTime"))?;
    let taken = view
        .taken_at()
        .ok_or_else(|| lacks("takenAt of the bundle"))?;
    let seconds = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).ok();
    let age = seconds(taken)
        .zip(seconds(created))
        .map(|(taken, created)| (taken - created).max(0));
    Ok((created, age.ok_or_else(|| lacks("CreatedTime"))?))
}

fn suffix(reason: Option<&str>) -> String {
    reason.map_or(String::new(), |reason| format!(" ({reason})"))
}
