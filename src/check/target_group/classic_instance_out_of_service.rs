//! A Classic Load Balancer keeps an instance out of service for another reason than failed checks.
//!
//! What AWS says in words that are not known is quoted.

use crate::check::balancer::classic::classic;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::aws::classic::InstanceStanding;
use crate::path::{AwsName, Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3113),
    slug: "classic-instance-out-of-service",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a Classic Load Balancer keeps an instance out of service without checking it",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ClassicLoadBalancers,
        Source::InstanceHealth,
    ],
    page: include_str!("classic_instance_out_of_service.md"),
    known_issues: &[],
    run: Run::Target(run),
};

/// What to do about an instance that stopped, went, or was never registered.
const NOT_RUNNING: &str = "cloud-provider-aws registers the nodes of the cluster when they change: start the instance, or remove the Node object of one that is gone";

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(name) = classic(view, path)? else {
        return not_applicable("there is no Classic Load Balancer");
    };
    let region = view.region(name, Source::InstanceHealth)?;
    let states = region.instance_health(&name.name)?;
    let Some(health) = states.iter().find(|found| found.instance_id == target.id) else {
        return not_applicable("AWS does not list the instance");
    };
    let finding = |message: String| {
        let value = format!(
            "{} {}: {}",
            health.state, health.reason_code, health.description
        );
        let row = Evidence::new(
            Layer::Observed,
            &states.origin,
            format!("Instance/{}", target.id),
            "InstanceStates[]",
            value,
        );
        Finding::new(message.clone(), message, vec![row])
            .about([format!("LoadBalancer/{}", name.name)])
    };
    let note = |what: &str| {
        Ok(Outcome::Note(finding(format!(
            "{what}: {} ({}: {})",
            health.state, health.reason_code, health.description
        ))))
    };
    let (why, summary) = match health.standing() {
        InstanceStanding::InService => return pass("the instance is in service"),
        InstanceStanding::ChecksFail => return pass("AWS checks it, and the checks fail"),
        InstanceStanding::Registering => return note("AWS is still registering the instance"),
        InstanceStanding::OutOfService | InstanceStanding::Unknown => {
            return note("AWS says of the instance");
        }
        InstanceStanding::ZoneNotEnabled => (
            "the instance is in a zone that is not enabled for the Classic Load Balancer",
            "cloud-provider-aws chose the subnets when it made the load balancer: enable a subnet of the zone, or keep nodes out of it",
        ),
        InstanceStanding::Stopped => ("the instance is stopped", NOT_RUNNING),
        InstanceStanding::Terminated => ("the instance is terminated", NOT_RUNNING),
        InstanceStanding::NotRegistered => (
            "the instance is not registered with the Classic Load Balancer",
            NOT_RUNNING,
        ),
    };
    fail(finding(why.to_owned()).fix(fix(name, summary)))
}

fn fix(name: &AwsName, summary: &str) -> Fix {
    let region = &name.region.1;
    let name = &name.name;
    Fix {
        summary: summary.to_owned(),
        commands: vec![
            format!(
                "aws elb describe-load-balancers --region {region} --load-balancer-names {name} --query 'LoadBalancerDescriptions[].[AvailabilityZones,Subnets]'"
            ),
            "kubectl get nodes -L topology.kubernetes.io/zone".to_owned(),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!(
            "aws elb describe-instance-health --region {region} --load-balancer-name {name} says InService"
        ),
    }
}
