//! The entry on the NodePort belongs to a HostPort or a local redirect.

use super::probe::{Probe, entry, is_taken};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::cilium::FrontendKind;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6106),
    slug: "node-port-taken",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the entry on the NodePort belongs to a HostPort or a local redirect",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::DbFrontends,
        Source::ServiceList,
    ],
    page: include_str!("node_port_taken.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => {
            return not_applicable("the check goes to the agent's health-check node port");
        }
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend else {
        return not_applicable("nothing is on the NodePort");
    };
    if !is_taken(frontend) {
        return pass("the entry on the NodePort is the Service's own");
    }
    let kind = match frontend.flags.kind {
        FrontendKind::HostPort => "HostPort",
        _ => "LocalRedirect",
    };
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        format!("{}:{}/TCP", found.address, probe.node_port),
        frontend.raw.as_str(),
    )];
    let agent = view.agent(found.node);
    let named = agent.frontends().ok().and_then(|rows| {
        let row = rows
            .iter()
            .find(|row| row.key.port == probe.node_port && row.kind == kind)?;
        Some((row.service.clone(), &rows.origin))
    });
    let named = named.or_else(|| {
        let rows = agent.services().ok()?;
        let row = rows
            .iter()
            .find(|row| row.frontend.port == probe.node_port && row.kind == kind)?;
        let (namespace, name) = row.service.as_ref()?;
        Some((format!("{namespace}/{name}"), &rows.origin))
    });
    evidence.extend(named.map(|(name, origin)| {
        Evidence::new(
            Layer::Programmed,
            origin,
            format!("Node/{}", found.node),
            format!("{kind} {}", probe.node_port),
            name,
        )
    }));
    let finding = Finding::new(
        format!(
            "the entry on NodePort {} of {id} is of type {kind}, not NodePort: packets go to whatever that was made for",
            probe.node_port
        ),
        format!("{id}:{} {kind}", probe.node_port),
        evidence,
    );
    // Whether what stands behind the other entry accepts connections is not known here.
    let finding = finding
        .about([format!("Service/{id}"), format!("Node/{}", found.node)])
        .confidence(Confidence::Medium)
        .assuming("what the other entry leads to does not answer for this Service")
        .fix(Fix {
            summary: format!(
                "give the Pod another hostPort, or the CiliumLocalRedirectPolicy another frontend, or the Service another \
                 NodePort than {}; the hostPort is usually the mistake, as the API server hands NodePorts out",
                probe.node_port
            ),
            commands: vec![
                format!(
                    "kubectl get pods -A -o wide --field-selector spec.nodeName={}",
                    found.node
                ),
                view.agent_exec(found.node, "cilium-dbg service list"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!(
                "the entry <target address>:{}/TCP of `cilium-dbg bpf lb list` says NodePort on every target node",
                probe.node_port
            ),
        });
    fail(finding)
}
