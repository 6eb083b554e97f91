//! An HTTP health check and what answers it do not agree on the PROXY protocol.

use super::http_probe::{matches, use_tcp};
use super::proxy_protocol::{End, balancer, envoy};
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::{AwsName, HealthCheck, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8108),
    slug: "check-meets-proxy-protocol",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the HTTP health check fails on the PROXY protocol",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("check_meets_proxy_protocol.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let (Some(target), Some(group)) = (path.targets.first(), path.target_group.found()) else {
        return not_applicable("no target group with targets is known");
    };
    let check = &target.check;
    if !matches!(check.protocol.as_str(), "HTTP" | "HTTPS") {
        return not_applicable("a TCP check is over before any header is read");
    }
    if check.assumed {
        return not_applicable("the target group was not read, so its check is not known");
    }
    if check.port != 0 && check.port == service.spec.health_check_node_port {
        return of_agent(view, service, group, check);
    }
    if !service.is_proxied() {
        return of_health_port(view, path, service, group, check);
    }
    if check.port != path.node_port {
        return not_applicable("the check does not go to the NodePort");
    }
    let Requested::By(config) = requested(view, service, path.port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    let envoy = envoy(config, &service.metadata.name, path.port)?;
    let sent = balancer(view, group)?;
    if !envoy.on && !sent.on {
        return not_applicable("neither load balancer nor Envoy speaks the PROXY protocol");
    }
    if envoy.takes(&sent) {
        return pass("load balancer and Envoy agree on the PROXY protocol");
    }
    if !envoy.on && check.protocol == "HTTP" && takes_400(view, group)? {
        return pass("the target group takes 400 for healthy");
    }
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let message = if envoy.on {
        format!(
            "the {} check brings no PROXY protocol header, and Envoy's listener waits for one, so it never answers",
            check.protocol
        )
    } else {
        format!(
            "the {} check begins with the PROXY protocol header that the target group sends, and Envoy's listener does not expect \
             one: it answers 400",
            check.protocol
        )
    };
    let finding = finding(
        service,
        group,
        check,
        message,
        vec![envoy.evidence, sent.evidence],
    )
    .about([format!("CiliumEnvoyConfig/{id}")]);
    fail(if envoy.on {
        finding
    } else {
        finding.confidence(Confidence::Medium).assuming(SENT)
    })
}

/// What is taken for granted where the header breaks the check.
const SENT: &str = "the load balancer puts the header before its health checks as well, as AWS documents for proxy_protocol_v2";

/// The agent's health server is a plain HTTP server (pkg/loadbalancer/healthserver): it takes the header for a
/// broken request line and answers 400 (issue #26274).
fn of_agent(
    view: &View<'_>,
    service: &Fact<Service>,
    group: &AwsName,
    check: &HealthCheck,
) -> Checked {
    let End { on, evidence, .. } = balancer(view, group)?;
    if !on {
        return not_applicable("the target group sends no PROXY protocol header");
    }
    if takes_400(view, group)? {
        return pass("the target group takes 400 for healthy");
    }
    let port = Evidence::new(
        Layer::Declared,
        &service.origin,
        service.id(),
        "spec.healthCheckNodePort",
        check.port.to_string(),
    );
    fail(
        finding(
            service,
            group,
            check,
            "the check of the healthCheckNodePort begins with the PROXY protocol header that the target group sends, and the agent's \
             health server answers 400 to it"
                .to_owned(),
            vec![evidence, port],
        )
        .confidence(Confidence::Medium)
        .assuming(SENT),
    )
}

/// An ordinary Service whose Pods, or another NodePort, answer the check on a port apart from the traffic port.
///
/// On the traffic port the Pods may well expect the header. A health port of its own seldom does, and no reading
/// tells: so the question is put only where AWS has every target for unhealthy (ingress-nginx#10982).
fn of_health_port(
    view: &View<'_>,
    path: &Path,
    service: &Fact<Service>,
    group: &AwsName,
    check: &HealthCheck,
) -> Checked {
    if check.port == 0 || path.targets.iter().any(|target| target.port == check.port) {
        return not_applicable("what an ordinary Service's Pods expect is not read");
    }
    if !path
        .targets
        .iter()
        .all(|target| target.state() == Some("unhealthy"))
    {
        return not_applicable("not every target is reported unhealthy");
    }
    let End { on, evidence, .. } = balancer(view, group)?;
    if !on {
        return not_applicable("the target group sends no PROXY protocol header");
    }
    if takes_400(view, group)? {
        return pass("the target group takes 400 for healthy");
    }
    let definition = view
        .region(group, Source::TargetGroups)?
        .target_group(&group.name)?;
    let port = Evidence::new(
        Layer::Programmed,
        definition.origin,
        format!("TargetGroup/{}", group.name),
        "HealthCheckProtocol, HealthCheckPort",
        format!("{}, {}", check.protocol, check.port),
    );
    let mut finding = finding(
        service,
        group,
        check,
        format!(
            "the {} check of port {} begins with the PROXY protocol header that the target group sends, and a health port of \
             its own takes it for garbage",
            check.protocol, check.port
        ),
        vec![evidence, port],
    )
    .confidence(Confidence::Medium)
    .assuming(SENT)
    .assuming("what answers on the health port does not expect the header, which is for the traffic port");
    if let Some(fix) = &mut finding.fix {
        "check with TCP, which is over before any header, or with HTTP on a port that expects the header"
            .clone_into(&mut fix.summary);
    }
    fail(finding)
}

fn finding(
    service: &Service,
    group: &AwsName,
    check: &HealthCheck,
    message: String,
    evidence: Vec<Evidence>,
) -> Finding {
    let mut fix = use_tcp(service);
    fix.summary = "check with TCP on the traffic port, which is over before any header; and set both ends alike (CLB8107), as \
                   clients meet the same difference"
        .to_owned();
    let meta = &service.metadata;
    let kind = if check.port == service.spec.health_check_node_port {
        "health server"
    } else if service.is_proxied() {
        "Envoy"
    } else {
        "health port"
    };
    Finding::new(
        message,
        format!("{}/{} {kind}", meta.namespace, meta.name),
        evidence,
    )
    .about([format!("TargetGroup/{}", group.name)])
    .fix(fix)
}

fn takes_400(view: &View<'_>, group: &AwsName) -> Result<bool, Gap> {
    let definition = view
        .region(group, Source::TargetGroups)?
        .target_group(&group.name)?;
    let codes = definition
        .matcher
        .as_ref()
        .and_then(|one| one.http_code.as_deref())
        .unwrap_or("200-399");
    Ok(matches(codes, 400))
}
