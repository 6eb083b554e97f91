//! The NodePort entry exists, has no L7 redirect, and so has nowhere to send the packet.

use super::probe::{Probe, TAKEN, entry, is_taken};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::envoy_config_missing::{Missing, missing};
use crate::check::proxy::rejected::rejection;
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Source, source};
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
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyConfigs,
        Source::Nodes,
        Source::DbEnvoyResources,
        Source::EnvoyConfigDump,
        Source::AgentLog,
    ],
    page: include_str!("l7_redirect_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("the Service is served by its own backends, not by Envoy");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend else {
        return not_applicable("there is no entry to redirect");
    };
    if is_taken(frontend) {
        return not_applicable(TAKEN);
    }
    if frontend.redirects() {
        return pass("the NodePort entry is redirected to Envoy");
    }
    // TCPRoute and UDPRoute listeners (1.20 on) have backends instead of a redirect, by design.
    if frontend.backend_count() > 0 {
        return pass("the NodePort entry has backends of its own (L4 route)");
    }
    // The datapath did what it was told where nobody asked for a redirect, or Envoy refused it.
    if let Ok(Some(Missing::Request(_))) = missing(view, service, probe.service_port, target) {
        return not_applicable("nothing asks for a redirect (CLB7101)");
    }
    if let Ok(Requested::By(config)) = requested(view, service, probe.service_port)
        && let Ok(Some(_)) = rejection(view, found.node, config)
    {
        return not_applicable(
            "Envoy did not accept the listener, so no redirect was set (CLB7103)",
        );
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let message = if frontend.proxy_port == Some(0) {
        format!(
            "the NodePort entries of {id} carry the reserved proxy port 0, which the datapath ignores"
        )
    } else {
        format!("the NodePort entries of {id} lack the l7-load-balancer flag and have 0 backends")
    };
    let evidence = Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        format!("{}:{}/TCP", found.address, probe.node_port),
        frontend.raw.clone(),
    );
    fail(
        Finding::new(message, id.clone(), vec![evidence])
            .about([format!("Service/{id}"), format!("Node/{}", found.node)])
            .fix(Fix {
                summary: "see why the agent did not program the redirect: its configuration, the CiliumEnvoyConfig, \
                          or a rejection by Envoy"
                    .to_owned(),
                commands: vec![
                    format!(
                        "kubectl exec -n kube-system {} -c cilium-agent -- cilium-dbg config get enable-envoy-config",
                        source::agent_pod(found.node)
                    ),
                    format!(
                        "kubectl exec -n kube-system {} -c cilium-agent -- cilium-dbg shell -- db/show envoy-resources",
                        source::agent_pod(found.node)
                    ),
                ],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: "the NodePort entries show l7-load-balancer on every target node".to_owned(),
            }),
    )
}
