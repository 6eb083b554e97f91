//! The balancer ends TLS and Envoy expects it, or the other way round.
//!
//! What the Gateway's listener is called does not decide: all its ports usually share one Envoy listener, whose chains for
//! plain text and for TLS then serve every port (operator/pkg/model/translation/envoy_listener.go, NewHTTPListener).

use super::chains::{Transport, listener, server_names, transports, unnamed};
use super::preservation::{network_balancer, target_group};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
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
        Source::EnvoyConfigs,
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
    let arrives = match (taken, sent) {
        ("TLS", "TCP") if wants_tls => Transport::Plain,
        (_, "TLS") if plain => Transport::Tls,
        _ => return pass("the load balancer and the Gateway agree on who ends TLS"),
    };
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let Requested::By(config) = requested(view, service, path.port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    let open = listener(config, &service.metadata.name, path.port)?;
    if !unnamed(open, arrives).is_empty() {
        return pass("Envoy's listener takes what the load balancer sends on this port as well");
    }
    let (sends, annotation) = match arrives {
        Transport::Plain => (
            "the load balancer's listener ends TLS and sends plain TCP",
            CERTIFICATE,
        ),
        Transport::Tls => ("the target group speaks TLS", BACKEND),
    };
    let names = server_names(open, arrives).join(", ");
    let (closes, field, value) = if names.is_empty() {
        let present = transports(open).join(", ");
        (
            "Envoy has no filter chain for it and closes every connection".to_owned(),
            "transportProtocol",
            if present.is_empty() {
                "none".to_owned()
            } else {
                present
            },
        )
    } else {
        (
            format!(
                "Envoy's filter chains for it only take {names} and close every connection that names no server"
            ),
            "serverNames",
            names.clone(),
        )
    };
    let wrong = format!(
        "{sends} to a Gateway listener of protocol {}: {closes}",
        expects.protocol
    );
    let (namespace, gateway_name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let id = format!("Gateway/{namespace}/{gateway_name}");
    let finding = Finding::new(
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
            Evidence::new(
                Layer::Declared,
                &config.origin,
                format!("CiliumEnvoyConfig/{}/{}", config.metadata.namespace, config.metadata.name),
                format!("filterChains[].filterChainMatch.{field}"),
                value,
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
    });
    fail(if names.is_empty() {
        finding
    } else {
        finding
            .confidence(Confidence::Medium)
            .assuming("the load balancer names no server when it speaks TLS to a target")
    })
}
