//! A load balancer with the cluster's tags that nothing of the cluster uses any more.

use super::left_behind::{asked_for, finding, group_commands};
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{AwsName, Standing};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2111),
    slug: "orphaned-load-balancer",
    hop: Hop::LoadBalancer,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "nothing in the cluster uses the load balancer that was made for it",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::Ingresses,
        Source::Gateways,
        Source::TargetGroupBindings,
        Source::Nodes,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetHealth,
        Source::Tags,
        Source::Instances,
    ],
    page: include_str!("orphaned_load_balancer.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

/// Name of the attribute that keeps AWS from deleting a load balancer.
const PROTECTION: &str = "deletion_protection.enabled";

fn run(view: &View<'_>) -> Checked {
    let Some(arn) = &view.subject().load_balancer else {
        return not_applicable("the subject is no load balancer");
    };
    let Some((key, balancer)) = asked_for(view) else {
        return not_applicable("the load balancer was not read");
    };
    let estate = view.estate();
    let orphan = match estate.balancer(&key, balancer)? {
        Standing::Needed(why) => return pass(why),
        Standing::NotJudged(why) => return not_applicable(why),
        Standing::Orphan(orphan) => orphan,
    };
    let name = &balancer.load_balancer_name;
    let object = format!("LoadBalancer/{name}");
    let mut finding = finding(&orphan, &object, "load balancer");
    let (mut commands, delete_groups) = group_commands(&orphan, &key);
    let at = AwsName {
        region: key.clone(),
        name: name.clone(),
    };
    let region = view.region(&at, Source::LoadBalancerAttributes)?;
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
            "aws elbv2 modify-load-balancer-attributes --region {} --load-balancer-arn {arn} --attributes Key={PROTECTION},Value=false",
            key.1
        ));
    }
    commands.push(format!(
        "aws elbv2 delete-load-balancer --region {} --load-balancer-arn {arn}",
        key.1
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
