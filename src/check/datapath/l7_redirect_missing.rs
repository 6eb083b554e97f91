//! The NodePort entry exists, has no L7 redirect, and so has nowhere to send the packet.

use super::l7_redirect_why::finding;
use super::probe::{TAKEN, is_taken};
use super::proxied::Proxied;
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::envoy_config_missing::{Missing, missing};
use crate::check::proxy::rejected::rejection;
use crate::check::proxy::requested::{Requested, requested};
use crate::check::proxy::skipped::{Taken, taken};
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
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyConfigs,
        Source::Gateways,
        Source::Ingresses,
        Source::Nodes,
        Source::DbEnvoyResources,
        Source::EnvoyConfigDump,
        Source::EnvoyListeners,
        Source::AgentLog,
        Source::AgentVersion,
        Source::DbFrontends,
        Source::DbEnvoyConfigs,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Pods,
    ],
    page: include_str!("l7_redirect_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let of = match Proxied::of(view, path, target)? {
        Ok(of) => of,
        Err(why) => return not_applicable(why),
    };
    let found = of.entry(view, target)?;
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
    // The datapath did what it was told where nobody asked for a redirect, the agent could not read the
    // request, or Envoy refused it.
    let port = of.probe.service_port;
    if let Ok(Some(Missing::Request(_))) = missing(view, of.service, port, target) {
        return not_applicable("nothing asks for a redirect (CLB7101)");
    }
    if let Ok(Requested::By(config)) = requested(view, of.service, port) {
        if let Ok(Some(_)) = rejection(view, found.node, config) {
            return not_applicable(
                "Envoy did not accept the listener, so no redirect was set (CLB7103)",
            );
        }
        if let Ok(Taken::Skipped(_)) = taken(view, found.node, config) {
            return not_applicable("the agent could not use the CiliumEnvoyConfig (CLB7105)");
        }
    }
    fail(finding(view, &of, &found, frontend))
}
