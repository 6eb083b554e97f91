//! The instance behind the target is stopped or gone.

use super::facts;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3106),
    slug: "instance-not-running",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the instance behind the target is not running",
    since: "0.1.0",
    needs: &[Source::TargetHealth, Source::Instances],
    page: include_str!("instance_not_running.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some((group, reported)) = facts::reported(path, target)? else {
        return not_applicable("there is no target group");
    };
    if !facts::is_instance(&target.id) {
        return not_applicable("the target is an address, not an instance");
    }
    let said = reported.target_health.reason.as_deref() == Some("Target.InvalidState");
    let instance = view
        .region(group, Source::Instances)
        .and_then(|region| region.instance(&target.id));
    let state = match &instance {
        Ok(instance) => instance.state.name.as_str(),
        Err(gap) if !said => return Err(gap.clone()),
        Err(_) => "",
    };
    match state {
        "running" if !said => return pass("the instance is running"),
        // Whatever AWS says of the target is not about an instance whose state nobody read.
        "" if !said => {
            let why = "State.Name is not in it".to_owned();
            return Err(Gap::new(
                Source::Instances,
                &target.id,
                Reason::Partial(why),
            ));
        }
        _ => {}
    }
    let mut evidence = Vec::new();
    if let Ok(instance) = &instance {
        evidence.push(Evidence::new(
            Layer::Observed,
            instance.origin,
            format!("Instance/{}", target.id),
            "State.Name",
            state,
        ));
    }
    if said {
        evidence.push(facts::health_evidence(view, group, reported)?);
    }
    let (message, decides, confidence) = match state {
        "" | "running" => {
            let words = reported
                .target_health
                .description
                .as_deref()
                .unwrap_or("Target is in an invalid state");
            let doubt = if state.is_empty() {
                Confidence::High
            } else {
                Confidence::Medium
            };
            (
                format!("AWS does not use the target: {words}"),
                words.to_owned(),
                doubt,
            )
        }
        state => (
            format!("State.Name of the instance is {state}, not running"),
            state.to_owned(),
            Confidence::High,
        ),
    };
    let mut finding = Finding::new(message, decides, evidence)
        .about([format!("Instance/{}", target.id)])
        .confidence(confidence)
        .fix(Fix {
            summary: "start the instance, or let its node and registration be removed".to_owned(),
            commands: vec![
                format!("aws ec2 describe-instances --region {} --instance-ids {} --query 'Reservations[].Instances[].[State,StateTransitionReason]'", group.region.1, target.id),
                "kubectl get nodes -o wide".to_owned(),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "describe-target-health lists running instances only".to_owned(),
        });
    if state == "running" {
        finding = finding.assuming("the instance was started after AWS last looked");
    }
    fail(finding)
}
