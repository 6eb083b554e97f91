//! No CiliumEnvoyConfig asks the agents of this node to redirect the Service port.

use super::port_left_out::{LeftOut, NO_TLS, left_out};
use super::requested::{Requested, requested, selects, table_row};
use crate::check::datapath::annotation::annotate;
use crate::check::datapath::proxied::Proxied;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{CiliumEnvoyConfig, Gateway, Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7101),
    slug: "envoy-config-missing",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "no CiliumEnvoyConfig asks for the Service port to be redirected to Envoy",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::DbEnvoyConfigs,
        Source::Nodes,
        Source::BpfLb,
        Source::Gateways,
        Source::Ingresses,
    ],
    page: include_str!("envoy_config_missing.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 16, 0), (1, 20, 0))],
        link: "https://github.com/cilium/cilium/issues/34093",
        summary: "443 is left out of the shared Ingress's CiliumEnvoyConfig until an Ingress has spec.tls (mended by pull \
                  request 44229; 44517 takes it into a later release of 1.19)",
        branch: NO_TLS,
    }],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let of = match Proxied::of(view, path, target)? {
        Ok(of) => of,
        Err(why) => return not_applicable(why),
    };
    match missing(view, of.service, of.probe.service_port, target)? {
        None => pass("a CiliumEnvoyConfig lists the Service port"),
        Some(Missing::Backends) => not_applicable(
            "the port has backends of its own (L4 route) and needs no CiliumEnvoyConfig",
        ),
        Some(Missing::Redirected) => pass("the NodePort is redirected"),
        Some(Missing::Request(finding)) => fail(*finding),
    }
}

/// Why no CiliumEnvoyConfig is there for a target's Service port.
pub enum Missing {
    /// None is needed: the port is served by backends.
    Backends,
    /// The agent redirects the port nevertheless.
    Redirected,
    /// Nobody asks for the redirect.
    Request(Box<Finding>),
}

/// Whether a redirect of `port` was asked for on the target's node; `None` when it was.
///
/// # Errors
/// A gap when that cannot be told.
pub fn missing(
    view: &View<'_>,
    service: &Fact<Service>,
    port: u16,
    target: &Target,
) -> Result<Option<Missing>, Gap> {
    let found = requested(view, service, port)?;
    let node = target.node.as_ref().map_err(Clone::clone)?;
    if let Requested::By(config) = &found
        && selects(view, config, node)?
    {
        return Ok(None);
    }
    // A TCPRoute or UDPRoute (1.20 on) is served by backends. The map tells, or else the Gateway's listener.
    let node_port = service
        .spec
        .ports
        .iter()
        .find(|one| one.port == port)
        .map_or(0, |one| one.node_port);
    match view.agent(node).bpf() {
        Ok(bpf) => {
            let address = *target.address.as_ref().map_err(Clone::clone)?;
            match bpf.external_tcp(address, node_port) {
                Some(frontend) if frontend.redirects() => return Ok(Some(Missing::Redirected)),
                Some(frontend) if frontend.backend_count() > 0 => {
                    return Ok(Some(Missing::Backends));
                }
                _ => {}
            }
        }
        Err(gap) if !needs_proxy(view, service, port)? => return Err(gap),
        Err(_) => {}
    }
    let reason = match &found {
        Requested::OtherPorts(..) => left_out(view, service, port),
        _ => None,
    };
    let finding = finding(view, service, port, node, &found, reason);
    Ok(Some(Missing::Request(Box::new(finding))))
}

/// Whether the Gateway's listener on the port is one that only Envoy can serve; always for an Ingress.
fn needs_proxy(view: &View<'_>, service: &Service, port: u16) -> Result<bool, Gap> {
    let owner = service
        .metadata
        .owner_references
        .iter()
        .find(|owner| owner.kind == "Gateway");
    let Some(owner) = owner else {
        return Ok(true);
    };
    let gateway: Option<&Fact<Gateway>> = view
        .gateways()
        .find(&service.metadata.namespace, &owner.name)?;
    Ok(gateway.is_some_and(|gateway| {
        gateway
            .spec
            .listeners
            .iter()
            .any(|one| one.port == port && matches!(one.protocol.as_str(), "HTTP" | "HTTPS"))
    }))
}

fn finding(
    view: &View<'_>,
    service: &Fact<Service>,
    port: u16,
    node: &str,
    found: &Requested<'_>,
    reason: Option<LeftOut>,
) -> Finding {
    let meta = &service.metadata;
    let id = format!("{}/{}", meta.namespace, meta.name);
    let name = |config: &CiliumEnvoyConfig| config.id();
    let declared = |config: &Fact<CiliumEnvoyConfig>, field: &str, value: String| {
        Evidence::new(Layer::Declared, &config.origin, name(config), field, value)
    };
    let (mut message, mut decides, evidence) = match found {
        Requested::By(config) => (
            format!(
                "{} asks for the redirect of {id}, but its nodeSelector leaves these nodes out",
                name(config)
            ),
            name(config),
            declared(config, "spec.nodeSelector", selector(config)),
        ),
        Requested::OtherPorts(config, ports) => (
            format!(
                "{} lists ports {ports:?} of {id} and not {port}",
                name(config)
            ),
            format!("{id}:{port}"),
            declared(config, "spec.services[].ports", format!("{ports:?}")),
        ),
        Requested::OtherService(config) => (
            format!(
                "{} has the same owner as {id} and does not list that Service",
                name(config)
            ),
            name(config),
            declared(config, "spec.services[].name", services(config)),
        ),
        Requested::Nowhere => (
            format!(
                "no CiliumEnvoyConfig lists {id}, so nothing asks the agents for a redirect to Envoy"
            ),
            id.clone(),
            Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{id}"),
                "CiliumEnvoyConfigs that list it",
                "none",
            ),
        ),
    };
    let mut fix = fix(view, service, found);
    let mut evidence = vec![evidence];
    if let Some(reason) = reason {
        message = format!("{message}: {}", reason.why);
        decides = format!("{decides} {}", reason.decides);
        evidence.extend(reason.evidence);
        fix.summary = reason.summary.to_owned();
        fix.commands = reason.commands;
    }
    if let Requested::By(config) = found
        && let Some(row) = table_row(view, config, node)
    {
        evidence.push(Evidence::new(
            Layer::Programmed,
            row.origin,
            format!("Node/{node}"),
            format!(
                "ciliumenvoyconfigs {}/{} SelectsLocalNode",
                row.namespace, row.name
            ),
            row.selects_local_node.to_string(),
        ));
    }
    Finding::new(message, decides, evidence)
        .about([format!("Service/{id}"), format!("Node/{node}")])
        .fix(fix)
}

fn fix(view: &View<'_>, service: &Service, found: &Requested<'_>) -> Fix {
    let namespace = service.metadata.namespace.as_str();
    let (summary, commands) = match found {
        Requested::By(config) => (
            "register only the nodes that the CiliumEnvoyConfig selects, or widen its nodeSelector, which host network \
             mode takes from its node labels",
            register_selected(service, config),
        ),
        Requested::OtherPorts(..) => (
            "give the port something to serve: for 443 of an Ingress any Ingress with spec.tls (1.16 to 1.19, or upgrade \
             to 1.20), for a TLS passthrough listener a TLSRoute",
            vec![
                format!("kubectl -n {namespace} get ciliumenvoyconfigs -o yaml"),
                view.kubectl("logs deploy/cilium-operator --tail=200"),
            ],
        ),
        _ => (
            "let the operator write it again and see what it says; a GitOps tool that prunes foreign objects would delete \
             it each time. Host network mode is not a fix: it needs the same object",
            vec![
                view.kubectl("logs deploy/cilium-operator --tail=200"),
                view.kubectl("rollout restart deploy/cilium-operator"),
                format!("kubectl -n {namespace} get ciliumenvoyconfigs -o yaml"),
            ],
        ),
    };
    Fix {
        summary: summary.to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "a CiliumEnvoyConfig lists the Service and the port, and the NodePort entries of the target nodes show \
                l7-load-balancer"
            .to_owned(),
    }
}

/// The annotation knows exact labels only; with expressions a person has to choose them.
fn register_selected(service: &Service, config: &CiliumEnvoyConfig) -> Vec<String> {
    let exact = config
        .spec
        .node_selector
        .as_ref()
        .filter(|selector| selector.match_expressions.is_empty());
    let mut commands = vec![format!("kubectl get nodes -l '{}'", selector(config))];
    if exact.is_some() {
        commands.push(annotate(
            service,
            &[(
                "service.beta.kubernetes.io/aws-load-balancer-target-node-labels",
                Some(&selector(config)),
            )],
        ));
    }
    commands
}

fn selector(config: &CiliumEnvoyConfig) -> String {
    config
        .spec
        .node_selector
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn services(config: &CiliumEnvoyConfig) -> String {
    config
        .spec
        .services
        .iter()
        .map(|one| one.name.as_str())
        .collect::<Vec<_>>()
        .join(",")
}
