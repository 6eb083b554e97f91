//! The agent took the CiliumEnvoyConfig to Envoy, and Envoy did not accept it.

use super::nack::{self, Nack};
use super::rejected::{Rejection, rejection};
use super::requested::{Requested, requested};
use crate::check::datapath::proxied::{Proxied, of_frontend};
use crate::check::finding::{Confidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7103),
    slug: "envoy-config-rejected",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Envoy did not accept the listener of the CiliumEnvoyConfig",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyConfigs,
        Source::DbEnvoyResources,
        Source::EnvoyConfigDump,
        Source::EnvoyListeners,
        Source::AgentLog,
        Source::Pods,
        Source::AgentVersion,
    ],
    page: include_str!("envoy_config_rejected.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let of = match Proxied::of(view, path, target)? {
        Ok(of) => of,
        Err(why) => return not_applicable(why),
    };
    let found = of.entry(view, target)?;
    let redirects = found.frontend.is_some_and(|frontend| frontend.redirects());
    if found
        .frontend
        .is_some_and(|frontend| frontend.backend_count() > 0)
    {
        return not_applicable("the port has backends of its own (L4 route)");
    }
    let config = match requested(view, of.service, of.probe.service_port) {
        Ok(Requested::By(config)) => config,
        Err(_) if redirects => return pass("the redirect is in place"),
        Err(gap) => return Err(gap),
        Ok(_) if redirects => return pass("the redirect is in place"),
        Ok(_) => return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)"),
    };
    match rejection(view, found.node, config) {
        Ok(Some(rejection)) if redirects => Ok(Outcome::Note(finding(
            view, config, found.node, &rejection, true,
        ))),
        Ok(Some(rejection)) => {
            let mut finding = finding(view, config, found.node, &rejection, false);
            finding.evidence.extend(
                found
                    .frontend
                    .map(|frontend| of_frontend(&found, of.probe, frontend)),
            );
            fail(finding)
        }
        _ if redirects => pass("the redirect is in place"),
        Ok(None) => pass("nothing says that Envoy rejected the listener"),
        Err(gap) => Err(gap),
    }
}

fn finding(
    view: &View<'_>,
    config: &Fact<CiliumEnvoyConfig>,
    node: &str,
    rejection: &Rejection,
    redirects: bool,
) -> Finding {
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let reason = Nack::of(&rejection.reason);
    let (what, word, summary) = if rejection.timed_out {
        (
            format!("no Envoy has acknowledged the listener of {id}"),
            "no answer",
            "see whether Envoy runs on the node and reaches the agent's xds.sock, and that both speak the same \
             envoy-xds-mode",
        )
    } else {
        (reason.message(&id), reason.id(), reason.summary())
    };
    let message = if redirects {
        format!("{what}, while a redirect is in place")
    } else {
        format!("{what}, so the agents set no redirect")
    };
    let mut evidence = vec![rejection.evidence.clone()];
    if !rejection.timed_out && reason == Nack::UnknownExtension {
        evidence.extend(nack::images(view, node));
    }
    Finding::new(message, format!("{id} {word}"), evidence)
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .confidence(if rejection.certain { Confidence::High } else { Confidence::Medium })
    .fix(Fix {
        summary: summary.to_owned(),
        commands: vec![
            view.agent_exec(node, "cilium-dbg shell -- db/show envoy-resources"),
            view.kubectl(&format!(
                "get pods -l k8s-app=cilium-envoy -o wide --field-selector spec.nodeName={node}"
            )),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "envoy-resources says Done and the NodePort entries show l7-load-balancer (agents try again every 15 s \
                since 1.16; before, restart the agent)"
            .to_owned(),
    })
}
