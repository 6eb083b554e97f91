//! The load balancer exists and AWS does not call it active.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Lookup, Path};

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
        "provisioning" => fail(
            finding("State.Code is provisioning, not active: a new load balancer checks nothing for its first minutes".to_owned()).fix(Fix {
                summary: "wait; if it takes more than five minutes, look for free addresses in its subnets".to_owned(),
                commands: vec![command],
                risk: Risk::Safe,
                changes: Vec::new(),
                after,
            }),
        ),
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

fn suffix(reason: Option<&str>) -> String {
    reason.map_or(String::new(), |reason| format!(" ({reason})"))
}
