//! The check speaks TLS to the agent's server, which has plain HTTP only.

use super::health_check;
use crate::check::datapath::probe::Probe;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3204),
    slug: "agent-port-checked-with-tls",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the check speaks TLS to the health-check node port, which has plain HTTP only",
    since: "0.1.0",
    needs: &[Source::Services, Source::TargetGroups],
    page: include_str!("agent_port_checked_with_tls.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => {}
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    }
    let Some((name, group)) = health_check::group(view, path)? else {
        return not_applicable("there is no target group");
    };
    if target.check.protocol != "HTTPS" {
        return pass("the check speaks plain HTTP or none");
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let port = service.spec.health_check_node_port;
    let region = &name.region.1;
    let mut evidence = health_check::evidence(name, &group, service);
    evidence.push(Evidence::new(
        Layer::Declared,
        &service.origin,
        format!("Service/{id}"),
        "annotation service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol",
        service
            .metadata
            .annotations
            .get("service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol")
            .map_or("absent", String::as_str),
    ));
    let defaults = health_check::defaults(service);
    fail(
        Finding::new(
            format!(
                "the check of {id} speaks HTTPS to healthCheckNodePort {port}, where the agent serves plain HTTP only: every handshake fails"
            ),
            name.name.clone(),
            evidence,
        )
        .about([
            format!("TargetGroup/{}", name.name),
            format!("Service/{id}"),
        ])
        .fix(Fix {
            commands: [
                defaults.commands,
                vec![format!(
                    "aws elbv2 modify-target-group --region {region} --target-group-arn {} --health-check-protocol HTTP",
                    group.target_group_arn
                )],
            ]
            .concat(),
            risk: Risk::Safe,
            ..defaults
        }),
    )
}
