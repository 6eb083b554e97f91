//! A load balancer with the cluster's tags that nothing of the cluster uses any more.

use super::left_behind::{asked_for, finding, group_commands};
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Standing;
use crate::path::estate::READS;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2111),
    slug: "orphaned-load-balancer",
    hop: Hop::LoadBalancer,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "nothing in the cluster uses the load balancer that was made for it",
    since: "0.1.0",
    needs: &NEEDS,
    page: include_str!("orphaned_load_balancer.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

/// What every judgement reads, and whether AWS keeps the load balancer from being deleted.
const NEEDS: [Source; READS.len() + 1] = {
    let mut all = [Source::LoadBalancerAttributes; READS.len() + 1];
    let (reads, _) = all.split_at_mut(READS.len());
    reads.copy_from_slice(&READS);
    all
};

/// Name of the attribute that keeps AWS from deleting a load balancer.
const PROTECTION: &str = "deletion_protection.enabled";

fn run(view: &View<'_>) -> Checked {
    let Some(arn) = &view.subject().load_balancer else {
        return not_applicable("the subject is no load balancer");
    };
    let Some(at) = asked_for(view) else {
        return not_applicable("the subject's ARN is not that of a load balancer");
    };
    let region = view.region(&at, Source::LoadBalancers)?;
    let balancer = region.load_balancer(&at.name)?;
    let orphan = match view.estate().balancer(&at.region, balancer.value)? {
        Standing::Needed(why) => return pass(why),
        Standing::NotJudged(why) => return not_applicable(why),
        Standing::Orphan(orphan) => orphan,
    };
    let (name, in_region) = (&at.name, &at.region.1);
    let object = format!("LoadBalancer/{name}");
    let mut finding = finding(&orphan, &object, "load balancer");
    let (mut commands, delete_groups) = group_commands(&orphan, &at.region);
    // An attribute that was not read costs a refused call and nothing else.
    let is_protected = region.load_balancer_attribute(name, PROTECTION) == Ok(Some("true"));
    if is_protected {
        finding.evidence.push(Evidence::new(
            Layer::Programmed,
            region.load_balancer_attributes_origin(name)?,
            object,
            PROTECTION,
            "true",
        ));
        commands.push(format!(
            "aws elbv2 modify-load-balancer-attributes --region {in_region} --load-balancer-arn {arn} --attributes Key={PROTECTION},Value=false"
        ));
    }
    commands.push(format!(
        "aws elbv2 delete-load-balancer --region {in_region} --load-balancer-arn {arn}"
    ));
    commands.extend(delete_groups);
    fail(finding.fix(Fix {
        summary: "see whether clients still come (CloudWatch, NewFlowCount) and whether DNS, a VPC endpoint service or Global Accelerator names it, then delete it with its target groups; no controller makes it again".to_owned(),
        commands,
        risk: Risk::Destructive,
        changes: Vec::new(),
        after: format!("describe-load-balancers does not list {name}"),
    }))
}
