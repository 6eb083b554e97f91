//! What an HTTP health check that reaches Envoy has to be held against.

use crate::check::View;
use crate::check::datapath::annotation::annotate;
use crate::check::finding::{Fix, Risk};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::view::Located;
use crate::model::aws::TargetGroup;
use crate::model::kubernetes::{CiliumEnvoyConfig, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::{HealthCheck, Path};

/// An HTTP or HTTPS check of a path whose Service is served by Envoy.
pub struct HttpProbe<'a, 'p> {
    /// The Service.
    pub service: &'a Fact<Service>,
    /// The check.
    pub check: &'p HealthCheck,
    /// What Envoy is given for the Service port.
    pub config: &'a Fact<CiliumEnvoyConfig>,
    /// The target group, with the codes it accepts.
    pub group: Located<'a, TargetGroup>,
}

impl HttpProbe<'_, '_> {
    /// The codes that the target group takes for healthy.
    pub fn codes(&self) -> &str {
        self.group
            .matcher
            .as_ref()
            .and_then(|one| one.http_code.as_deref())
            .unwrap_or("200-399")
    }
}

/// The check of a path, or why Envoy's answer does not matter for it.
///
/// # Errors
/// A gap when the CiliumEnvoyConfig or the target group was not read.
pub fn probe<'a, 'p>(
    view: &View<'a>,
    path: &'p Path,
) -> Result<Result<HttpProbe<'a, 'p>, &'static str>, Gap> {
    let Some(service) = view.service()? else {
        return Ok(Err("no Service stands behind this listener"));
    };
    if !service.is_proxied() {
        return Ok(Err("what an ordinary Service's Pods answer is not read"));
    }
    let Some(target) = path.targets.first() else {
        return Ok(Err("there are no targets"));
    };
    let check = &target.check;
    if !matches!(check.protocol.as_str(), "HTTP" | "HTTPS") {
        return Ok(Err("Envoy accepts a TCP check, whatever stands behind it"));
    }
    if check.port != path.node_port {
        return Ok(Err("the check does not go to the NodePort"));
    }
    let Some(group) = path.target_group.read()? else {
        return Ok(Err("there is no target group"));
    };
    let group = view
        .region(group, Source::TargetGroups)?
        .target_group(&group.name)?;
    let Requested::By(config) = requested(view, service, path.port)? else {
        return Ok(Err("no CiliumEnvoyConfig asks for the port (CLB7101)"));
    };
    Ok(Ok(HttpProbe {
        service,
        check,
        config,
        group,
    }))
}

/// Whether a matcher such as `200-399` or `200,301,404` takes a code.
pub fn matches(codes: &str, code: u16) -> bool {
    codes.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match (from.trim().parse::<u16>(), to.trim().parse::<u16>()) {
            (Ok(from), Ok(to)) => (from..=to).contains(&code),
            _ => false,
        }
    })
}

/// Checks the NodePort with TCP instead, set where the controller reads it.
pub fn use_tcp(service: &Service) -> Fix {
    let key = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol";
    Fix {
        summary: "check with TCP: Envoy accepts the connection exactly when it serves the port"
            .to_owned(),
        commands: vec![annotate(service, &[(key, Some("tcp"))])],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the target group's HealthCheckProtocol is TCP and the targets turn healthy"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn matchers_are_lists_of_codes_and_ranges() {
        for (codes, expected) in [
            ("200-399", false),
            ("200-499", true),
            ("200,404", true),
            ("200, 300-310", false),
            ("", false),
        ] {
            assert_eq!(matches(codes, 404), expected, "{codes}");
        }
    }
}
