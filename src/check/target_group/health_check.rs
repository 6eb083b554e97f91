//! The health check that a target group defines, and the one that externalTrafficPolicy Local needs.

use crate::check::View;
use crate::check::datapath::annotation::annotate;
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::check::view::Located;
use crate::model::aws::TargetGroup;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::{AwsName, Path};

/// The target group of a path; `None` when it is proven that there is none.
///
/// # Errors
/// The gap when it was not read.
pub(super) fn group<'p, 'a>(
    view: &View<'a>,
    path: &'p Path,
) -> Result<Option<(&'p AwsName, Located<'a, TargetGroup>)>, Gap> {
    let Some(name) = path.target_group.read()? else {
        return Ok(None);
    };
    let group = view
        .region(name, Source::TargetGroups)?
        .target_group(&name.name)?;
    Ok(Some((name, group)))
}

/// The definition of the check against what the Service has.
pub(super) fn evidence(
    name: &AwsName,
    group: &Located<'_, TargetGroup>,
    service: &Fact<Service>,
) -> Vec<Evidence> {
    let subject = service.id();
    vec![
        definition(name, group),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            subject.clone(),
            "spec.externalTrafficPolicy",
            service.spec.external_traffic_policy.as_str(),
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            subject,
            "spec.healthCheckNodePort",
            service.spec.health_check_node_port.to_string(),
        ),
    ]
}

/// Protocol and port of the check in one line.
pub(super) fn definition(name: &AwsName, group: &Located<'_, TargetGroup>) -> Evidence {
    Evidence::new(
        Layer::Programmed,
        group.origin,
        format!("TargetGroup/{}", name.name),
        "HealthCheckProtocol:HealthCheckPort",
        format!(
            "{}:{}",
            group.health_check_protocol.as_deref().unwrap_or("TCP"),
            group.health_check_port.as_deref().unwrap_or("traffic-port")
        ),
    )
}

/// Lets both controllers define the check that Local needs: HTTP on the health-check node port.
pub(super) fn defaults(service: &Service) -> Fix {
    Fix {
        summary: "take the annotations away; both controllers then check HTTP /healthz on healthCheckNodePort. A target group of \
                  your own needs the same definition"
            .to_owned(),
        commands: vec![annotate(
            service,
            &[
                (
                    "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol",
                    None,
                ),
                (
                    "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port",
                    None,
                ),
            ],
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!(
            "HealthCheckProtocol is HTTP, HealthCheckPort {}, HealthCheckPath /healthz",
            service.spec.health_check_node_port
        ),
    }
}
