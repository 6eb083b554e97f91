//! The NodePort entry exists, has no L7 redirect, and so has nowhere to send the packet.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6104),
    slug: "l7-redirect-missing",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the NodePort entry of a Gateway or Ingress has no L7 redirect",
    since: "0.1.0",
    needs: &[Source::Services, Source::BpfLb],
    page: include_str!("l7_redirect_missing.md"),
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("the Service is served by its own backends, not by Envoy");
    }
    if target.check.port != target.port {
        return not_applicable("the check goes to the health-check node port");
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let address = *target.address.as_ref().map_err(Clone::clone)?;
    let bpf = view.agent(node).bpf()?;
    let Some(frontend) = bpf.external_tcp(address, target.port) else {
        return not_applicable("there is no entry to redirect");
    };
    if frontend.redirects() {
        let port = frontend.proxy_port.unwrap_or_default();
        return pass(format!("l7-load-balancer flag with proxy port {port}"));
    }
    // TCPRoute and UDPRoute listeners (1.20 on) have backends instead of a redirect, by design.
    if frontend.backend_count() > 0 {
        return pass("the entry has backends of its own (L4 route)");
    }
    let name = service.metadata.name.as_str();
    let message = match frontend.proxy_port {
        Some(0) => format!(
            "the NodePort entries of {name} carry the reserved proxy port 0, which the datapath ignores"
        ),
        _ => format!(
            "the NodePort entries of {name} lack the l7-load-balancer flag and have 0 backends"
        ),
    };
    let evidence = Evidence::new(
        Layer::Programmed,
        &bpf.origin,
        format!("Node/{node}"),
        format!("{address}:{}/TCP", target.port),
        frontend.raw.clone(),
    );
    fail(
        Finding::new(message, format!("{}/{name}", path_namespace(path)), vec![evidence])
            .about([format!("Service/{}/{name}", path_namespace(path)), format!("Node/{node}")])
            .fix(Fix {
                summary: "see why the agent did not program the redirect: configuration, CiliumEnvoyConfig, or a rejection by Envoy".to_owned(),
                commands: vec![format!(
                    "kubectl exec -n kube-system {} -c cilium-agent -- cilium-dbg shell -- db/show envoy-resources",
                    crate::model::source::agent_pod(node)
                )],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: format!("the NodePort entry of {} shows l7-load-balancer on every target node", target.port),
            }),
    )
}

fn path_namespace(path: &Path) -> &str {
    path.service
        .as_ref()
        .map_or("", |service| service.namespace.as_str())
}
