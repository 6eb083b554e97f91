//! A Classic Load Balancer keeps an instance out of service for another reason than failed checks.
//!
//! The texts are those of the guide of Classic Load Balancers ("Troubleshoot: health checks"); they are matched by
//! their telling words, and what is not known is quoted.

use crate::check::balancer::classic::classic;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::aws::InstanceHealth;
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

/// What AWS says of an instance.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// Checks decide.
    Checked(&'static str),
    /// It passes by itself, or is not decided here.
    Worth(String),
    /// It gets no traffic, and no check is made.
    Kept(&'static str),
}

fn said(health: &InstanceHealth) -> Said {
    let text = health.description.to_ascii_lowercase();
    let has = |part: &str| text.contains(part);
    let quoted = format!(
        "{} ({}: {})",
        health.state, health.reason_code, health.description
    );
    match health.state.as_str() {
        "InService" => Said::Checked("the instance is in service"),
        "OutOfService" if has("registration is still in progress") => {
            Said::Worth(format!("AWS is still registering the instance: {quoted}"))
        }
        "OutOfService" if has("for which loadbalancer is not configured") => Said::Kept(
            "the instance is in a zone that is not enabled for the Classic Load Balancer",
        ),
        "OutOfService" if has("stopped state") => Said::Kept("the instance is stopped"),
        "OutOfService" if has("terminated") => Said::Kept("the instance is terminated"),
        "OutOfService" if has("not currently registered") => {
            Said::Kept("the instance is not registered with the Classic Load Balancer")
        }
        "OutOfService" if has("unhealthythreshold") || has("health check") => {
            Said::Checked("AWS checks it, and the checks fail")
        }
        _ => Said::Worth(format!("AWS says of the instance: {quoted}")),
    }
}

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
    match said(health) {
        Said::Checked(proof) => pass(proof),
        Said::Worth(message) => Ok(Outcome::Note(finding(message))),
        Said::Kept(why) => fail(finding(why.to_owned()).fix(fix(name, why))),
    }
}

fn fix(name: &AwsName, why: &str) -> Fix {
    let region = &name.region.1;
    let name = &name.name;
    Fix {
        summary: if why.contains("zone") {
            "cloud-provider-aws chose the subnets when it made the load balancer: enable a subnet of the zone, or keep nodes out of it"
        } else {
            "cloud-provider-aws registers the nodes of the cluster when they change: start the instance, or remove the Node object of one that is gone"
        }
        .to_owned(),
        commands: vec![
            format!("aws elb describe-load-balancers --region {region} --load-balancer-names {name} --query 'LoadBalancerDescriptions[].[AvailabilityZones,Subnets]'"),
            "kubectl get nodes -L topology.kubernetes.io/zone".to_owned(),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("aws elb describe-instance-health --load-balancer-name {name} says InService"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, said};
    use crate::model::aws::InstanceHealth;

    fn of(state: &str, description: &str) -> Said {
        said(&InstanceHealth {
            instance_id: "i-1".to_owned(),
            state: state.to_owned(),
            reason_code: "ELB".to_owned(),
            description: description.to_owned(),
        })
    }

    #[test]
    fn words_of_the_guide() {
        assert!(matches!(of("InService", "N/A"), Said::Checked(_)));
        for (text, kept) in [
            (
                "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
                false,
            ),
            (
                "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.",
                true,
            ),
            ("Instance is in stopped state.", true),
            (
                "Instance is not currently registered with the LoadBalancer.",
                true,
            ),
            ("Instance registration is still in progress.", false),
            ("A word that nobody knows.", false),
        ] {
            assert_eq!(
                matches!(of("OutOfService", text), Said::Kept(_)),
                kept,
                "{text}"
            );
        }
        assert!(
            matches!(of("Unknown", "A transient error occurred."), Said::Worth(text) if text.contains("transient"))
        );
    }
}
