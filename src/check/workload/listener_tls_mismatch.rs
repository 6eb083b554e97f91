//! The balancer ends TLS and the Gateway expects it, or the other way round.

use super::preservation::{network_balancer, target_group};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8206),
    slug: "listener-tls-mismatch",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the load balancer and the Gateway disagree on who ends TLS",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::Gateways,
        Source::LoadBalancers,
        Source::Listeners,
        Source::TargetGroups,
    ],
    page: include_str!("listener_tls_mismatch.md"),
    known_issues: &[],
    run: Run::Path(run),
};

/// Annotation of both controllers that makes target groups of protocol TLS.
const BACKEND: &str = "service.beta.kubernetes.io/aws-load-balancer-backend-protocol";
/// Annotation of both controllers that makes listeners of protocol TLS.
const CERTIFICATE: &str = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert";

fn run(view: &View<'_>, path: &Path) -> Checked {
    let (Some((name, region)), Some((_, group))) =
        (network_balancer(view, path)?, target_group(view, path)?)
    else {
        return not_applicable("there is no Network Load Balancer with a target group");
    };
    let Some(gateway) = setting::gateway(view)? else {
        return not_applicable("only a Gateway says what its ports speak");
    };
    let expects = gateway
        .spec
        .listeners
        .iter()
        .find(|listener| listener.port == path.port);
    let Some(expects) = expects else {
        return not_applicable("the Gateway has no listener on this port");
    };
    let sent = group.protocol.as_str();
    let listeners = region.listeners(&name.name)?;
    let taken = listeners
        .iter()
        .find(|listener| Some(&listener.port) == path.listener.found())
        .map(|listener| listener.protocol.as_str());
    let Some(taken) = taken else {
        return not_applicable("there is no listener on this port");
    };
    let wants_tls = matches!(expects.protocol.as_str(), "HTTPS" | "TLS");
    let plain = matches!(expects.protocol.as_str(), "HTTP");
    let (wrong, annotation) = match (taken, sent) {
        ("TLS", "TCP") if wants_tls => (
            format!(
                "the load balancer's listener ends TLS and sends plain TCP to a Gateway listener of protocol {}: every \
                 TLS handshake with the Gateway fails",
                expects.protocol
            ),
            CERTIFICATE,
        ),
        (_, "TLS") if plain => (
            "the target group speaks TLS to a Gateway listener of protocol HTTP: every request fails".to_owned(),
            BACKEND,
        ),
        _ => return pass("the load balancer and the Gateway agree on who ends TLS"),
    };
    let (namespace, gateway_name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let id = format!("Gateway/{namespace}/{gateway_name}");
    fail(
        Finding::new(
            wrong,
            format!("{id}:{}", path.port),
            vec![
                Evidence::new(
                    Layer::Programmed,
                    &listeners.origin,
                    format!("LoadBalancer/{}", name.name),
                    format!("Listener {}", path.port),
                    format!("{taken} -> {} {sent}", group.target_group_name),
                ),
                Evidence::new(
                    Layer::Declared,
                    &gateway.origin,
                    id.clone(),
                    format!("spec.listeners[{}].protocol", expects.name),
                    expects.protocol.clone(),
                ),
            ],
        )
        .about([id, format!("TargetGroup/{}", group.target_group_name)])
        .fix(Fix {
            summary: format!(
                "let one of them end TLS: remove {annotation} so that the load balancer passes the connection on as it is, or \
                 change the protocol of the Gateway's listener"
            ),
            commands: vec![setting::remove_from_gateway(
                namespace,
                gateway_name,
                annotation,
            )],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "a client completes a request through the load balancer".to_owned(),
        }),
    )
}
