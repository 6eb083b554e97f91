//! The balancer ends TLS and Envoy expects it, or the other way round.
//!
//! What the Gateway's listener is called does not decide: all its ports usually share one Envoy listener, whose chains for
//! plain text and for TLS then serve every port (operator/pkg/model/translation/envoy_listener.go, NewHTTPListener).
//! What a chain for plain text takes on a port of TLS is still answered by the routes of the listeners without TLS: often
//! redirects to https, which lead back to the same port, and never those of a listener that passes TLS through.

use super::answer::list;
use super::chains::{Transport, listener, routes, server_names, transports, unnamed};
use super::preservation::{network_balancer, target_group};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::Path;
use serde_json::Value;

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
    let mut here = gateway
        .spec
        .listeners
        .iter()
        .filter(|listener| listener.port == path.port);
    let Some(expects) = here.next() else {
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
    let unread = || {
        let reason = Reason::Partial("its routes are not in the object".to_owned());
        Gap::new(Source::EnvoyConfigs, config.metadata.name.clone(), reason)
    };
    let end = match (unnamed(open, arrives).first(), arrives) {
        (None, _) => End::closed(open, arrives),
        (Some(_), Transport::Plain)
            if expects.protocol == "TLS" && here.all(|one| one.protocol == "TLS") =>
        {
            End::elsewhere(open)
        }
        (Some(chain), Transport::Plain)
            if only_redirects(routes(config, chain).ok_or_else(unread)?, path.port) =>
        {
            End::redirected(path.port)
        }
        (Some(_), _) => {
            return not_applicable(
                "Envoy's one listener takes it on this port as well, and its routes may serve the clients",
            );
        }
    };
    let (sends, annotation) = match arrives {
        Transport::Plain => (
            "the load balancer's listener ends TLS and sends plain TCP",
            CERTIFICATE,
        ),
        Transport::Tls => ("the target group speaks TLS", BACKEND),
    };
    let wrong = format!(
        "{sends} to a Gateway listener of protocol {}: {}",
        expects.protocol, end.what
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
                end.field,
                end.value,
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
    fail(match end.assumed {
        None => finding,
        Some(assumed) => finding.confidence(Confidence::Medium).assuming(assumed),
    })
}

/// What becomes of the clients' connections, with the field of the CiliumEnvoyConfig that decides it.
struct End {
    what: String,
    field: &'static str,
    value: String,
    assumed: Option<&'static str>,
}

impl End {
    /// No filter chain takes them.
    fn closed(open: &Value, arrives: Transport) -> Self {
        let names = server_names(open, arrives).join(", ");
        if names.is_empty() {
            return Self {
                what: "Envoy has no filter chain for it and closes every connection".to_owned(),
                field: TRANSPORT,
                value: present(open),
                assumed: None,
            };
        }
        Self {
            what: format!(
                "Envoy's filter chains for it only take {names} and close every connection that names no server"
            ),
            field: "filterChains[].filterChainMatch.serverNames",
            value: names,
            assumed: Some("the load balancer names no server when it speaks TLS to a target"),
        }
    }

    /// The chain for plain text takes them, and a listener that passes TLS through has nothing behind it.
    fn elsewhere(open: &Value) -> Self {
        Self {
            what: "Envoy's filter chain for plain text takes it, which leads to the routes of listeners without TLS and to no \
                   TLSRoute"
                .to_owned(),
            field: TRANSPORT,
            value: present(open),
            assumed: Some("the clients of this port want what its TLSRoutes lead to"),
        }
    }

    /// The chain for plain text takes them, and all it has are redirects to the same port.
    fn redirected(port: u16) -> Self {
        Self {
            what: format!(
                "Envoy's filter chain for plain text takes it, and its routes all redirect to https on port {port}, where \
                 each request meets them again"
            ),
            field: "virtualHosts[].routes",
            value: "redirects to https only".to_owned(),
            assumed: None,
        }
    }
}

/// The field of a filter chain that says for which transport it is.
const TRANSPORT: &str = "filterChains[].filterChainMatch.transportProtocol";

/// The transports for which a listener has chains, in words.
fn present(open: &Value) -> String {
    let all = transports(open).join(", ");
    if all.is_empty() {
        "none".to_owned()
    } else {
        all
    }
}

/// Whether routes do nothing but redirect to https on the same host and port.
///
/// The operator names the port, 443 for https if the HTTPRoute names none (envoy_virtual_host.go, getRouteRedirect). Newer
/// ones ask for an `X-Forwarded-Proto` other than https as well, and Envoy writes http there for a connection without TLS.
fn only_redirects(routes: &Value, port: u16) -> bool {
    let back = |route: &Value| {
        let redirect = &route["redirect"];
        (redirect["httpsRedirect"] == true || redirect["schemeRedirect"] == "https")
            && redirect["hostRedirect"].as_str().is_none_or(str::is_empty)
            && redirect["portRedirect"]
                .as_u64()
                .is_none_or(|to| to == u64::from(port))
    };
    let mut all = list(&routes["virtualHosts"])
        .flat_map(|host| list(&host["routes"]))
        .peekable();
    all.peek().is_some() && all.all(back)
}

#[cfg(test)]
mod tests {
    use super::only_redirects;
    use serde_json::{Value, json};

    #[test]
    fn a_loop_keeps_host_and_port() {
        let to = |redirect: Value| json!({"match": {"prefix": "/"}, "redirect": redirect});
        let loops = to(json!({"schemeRedirect": "https", "portRedirect": 443}));
        for (routes, expected) in [
            (json!([loops]), true),
            (json!([to(json!({"httpsRedirect": true}))]), true),
            (json!([]), false),
            (json!([loops, {"route": {"cluster": "web"}}]), false),
            (
                json!([to(json!({"schemeRedirect": "https", "portRedirect": 8443}))]),
                false,
            ),
            (
                json!([to(
                    json!({"schemeRedirect": "https", "hostRedirect": "a.example.com"})
                )]),
                false,
            ),
            (json!([to(json!({"pathRedirect": "/home"}))]), false),
        ] {
            let config = json!({"virtualHosts": [{"domains": ["*"], "routes": routes}]});
            assert_eq!(only_redirects(&config, 443), expected, "{config}");
        }
    }
}
