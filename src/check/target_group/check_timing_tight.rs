//! The check gives a node little time, or few chances.

use super::health_check;
use crate::check::datapath::annotation::annotate;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::view::Located;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::TargetGroup;
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3203),
    slug: "check-timing-tight",
    hop: Hop::TargetGroup,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the check's time-out is so short that a busy node fails it",
    since: "0.1.0",
    needs: &[Source::Services, Source::TargetGroups],
    page: include_str!("check_timing_tight.md"),
    known_issues: &[],
    run: Run::Path(run),
};

/// Time-outs up to this many seconds are tight; both controllers set 6 (HTTP) or 10 (TCP).
const TIGHT: u32 = 4;

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some((name, group)) = health_check::group(view, path)? else {
        return not_applicable("there is no target group");
    };
    let missing = |field: &str| {
        Gap::new(
            Source::TargetGroups,
            &name.name,
            Reason::Partial(format!("{field} is not in the answer")),
        )
    };
    let timeout = group
        .health_check_timeout_seconds
        .ok_or_else(|| missing("HealthCheckTimeoutSeconds"))?;
    if timeout > TIGHT {
        return pass(format!("the check waits {timeout} s for an answer"));
    }
    let threshold = group.unhealthy_threshold_count;
    let seconds = group.health_check_interval_seconds.zip(threshold).map_or(
        String::new(),
        |(interval, threshold)| {
            format!(
                ", and {threshold} misses, {} s apart, take it out",
                interval
            )
        },
    );
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        group.origin,
        format!("TargetGroup/{}", name.name),
        "HealthCheckTimeoutSeconds",
        timeout.to_string(),
    )];
    evidence.extend(threshold.map(|count| {
        Evidence::new(
            Layer::Programmed,
            group.origin,
            format!("TargetGroup/{}", name.name),
            "UnhealthyThresholdCount",
            count.to_string(),
        )
    }));
    let mut finding = Finding::new(
        format!(
            "HealthCheckTimeoutSeconds of {} is {timeout}: a node that is busy for that long misses the check{seconds}",
            name.name
        ),
        name.name.clone(),
        evidence,
    )
    .about([format!("TargetGroup/{}", name.name)])
    .confidence(Confidence::Medium)
    .assuming("targets flap; one reading of their health cannot show it");
    let commands = commands(view, path, name, &group);
    finding = finding.fix(Fix {
        summary: "wait 6 to 10 seconds, and allow three misses".to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("HealthCheckTimeoutSeconds of {} is 6 or more", name.name),
    });
    Ok(Outcome::Note(finding))
}

/// cloud-provider-aws passes no time-out on and leaves the one that AWS has; the other controllers set what the
/// annotation says.
fn commands(
    view: &View<'_>,
    path: &Path,
    name: &AwsName,
    group: &Located<'_, TargetGroup>,
) -> Vec<String> {
    const TIMEOUT: &str = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-timeout";
    const THRESHOLD: &str =
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-unhealthy-threshold";
    let by_hand = |options: &str| {
        format!(
            "aws elbv2 modify-target-group --region {} --target-group-arn {} {options}",
            name.region.1, group.target_group_arn
        )
    };
    let service = view.service().ok().flatten().filter(|_| path.owned);
    let balancer = path.load_balancer.found().map(|name| name.name.as_str());
    match service.map(|service| (service, owner::actual(service, balancer).owner)) {
        Some((service, Owner::LoadBalancerController | Owner::AutoMode)) => {
            vec![annotate(
                service,
                &[(TIMEOUT, Some("6")), (THRESHOLD, Some("3"))],
            )]
        }
        Some((service, Owner::CloudProvider)) => vec![
            annotate(service, &[(THRESHOLD, Some("3"))]),
            by_hand("--health-check-timeout-seconds 6"),
        ],
        Some((_, Owner::Other | Owner::Nobody)) | None => {
            vec![by_hand(
                "--health-check-timeout-seconds 6 --unhealthy-threshold-count 3",
            )]
        }
    }
}
