//! The entry of an ordinary Service has other backends than the cluster has endpoints.

use super::hints::asked;
use super::probe::{Entry, Probe, TAKEN, entry, is_taken, row_key};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::restart_agent;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::workload::endpoints::{Endpoints, GLOBAL};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::Frontend;
use crate::model::{Origin, Source};
use crate::path::{Path, Target};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6107),
    slug: "backends-out-of-step",
    hop: Hop::Datapath,
    severity: Severity::Warning,
    bearing: Bearing::Health,
    title: "the NodePort entry has other backends than the Service has endpoints",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EndpointSlices,
        Source::AgentStatus,
        Source::DbFrontends,
    ],
    page: include_str!("backends_out_of_step.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("Envoy serves the Service, its entries have no backends by design");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => {
            return not_applicable("the check goes to the agent's health-check node port");
        }
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend else {
        return not_applicable("there is no entry that could have backends");
    };
    if is_taken(frontend) {
        return not_applicable(TAKEN);
    }
    let chosen = chosen(frontend);
    if chosen.is_empty() && frontend.dangling == 0 {
        return not_applicable("the entry has no backends to compare");
    }
    if service.is_global() {
        return not_applicable(GLOBAL);
    }
    let endpoints = Endpoints::of(view, service)?;
    let name = service
        .spec
        .ports
        .iter()
        .find(|port| port.node_port == probe.node_port)
        .map_or("", |port| port.name.as_str());
    let known: BTreeSet<IpAddr> = endpoints
        .on_port(name)
        .flat_map(|one| one.addresses.iter())
        .filter_map(|text| text.parse().ok())
        .collect();
    let gone: BTreeSet<IpAddr> = chosen.difference(&known).copied().collect();
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let origin = endpoints
        .slices()
        .first()
        .map_or(&service.origin, |slice| &slice.origin);
    let known = (&known, origin);
    if !gone.is_empty() && gone.len() == chosen.len() {
        return fail(finding(
            view,
            &found,
            frontend,
            &id,
            format!(
                "every backend of the NodePort entries of {id} is gone: none is an endpoint of the Service any more"
            ),
            "all gone",
            known,
        ));
    }
    if !gone.is_empty() || frontend.dangling > 0 {
        let note = finding(
            view,
            &found,
            frontend,
            &id,
            format!(
                "some backends of the NodePort entries of {id} are gone: connections that are handed to them fail, checks included"
            ),
            "some gone",
            known,
        );
        return Ok(Outcome::Note(note.confidence(Confidence::Medium)));
    }
    let ready: BTreeSet<IpAddr> = endpoints
        .on_port(name)
        .filter(|one| one.is_ready())
        .filter(|one| !service.is_local() || one.is_local_to(found.node))
        .flat_map(|one| one.addresses.first())
        .filter_map(|text| text.parse().ok())
        .collect();
    let lacks = ready.difference(&chosen).next().is_some();
    if lacks && !asked(service) && trouble(view, &found, probe).is_some() {
        let note = finding(
            view,
            &found,
            frontend,
            &id,
            format!(
                "the NodePort entries of {id} lack ready endpoints, and their agents say that they are behind"
            ),
            "lacks endpoints",
            known,
        );
        return Ok(Outcome::Note(with(note, trouble(view, &found, probe))));
    }
    pass("the backends are the Service's endpoints")
}

/// The backends that the datapath chooses from: the slots up to the count of the master row.
fn chosen(frontend: &Frontend) -> BTreeSet<IpAddr> {
    frontend
        .backends
        .iter()
        .filter(|backend| frontend.count.is_none_or(|count| backend.slot <= count))
        .map(|backend| backend.address)
        .collect()
}

/// What the agent says about being behind: no API server, or a frontend that is not done.
fn trouble(view: &View<'_>, found: &Entry<'_, '_>, probe: Probe) -> Option<Evidence> {
    let agent = view.agent(found.node);
    let subject = format!("Node/{}", found.node);
    if let Ok(status) = agent.status()
        && status.kubernetes.as_deref() == Some("Failure")
    {
        return Some(Evidence::new(
            Layer::Observed,
            &status.origin,
            subject,
            "kubernetes",
            format!("Failure: {}", status.kubernetes_message),
        ));
    }
    let rows = agent.frontends().ok()?;
    let row = rows
        .iter()
        .find(|row| row.key.port == probe.node_port && row.status != "Done")?;
    Some(Evidence::new(
        Layer::Programmed,
        &rows.origin,
        subject,
        format!("frontends {} Status", row.key.port),
        format!("{}: {}", row.status, row.error).trim_end_matches([':', ' ']),
    ))
}

fn with(mut finding: Finding, evidence: Option<Evidence>) -> Finding {
    finding.evidence.extend(evidence);
    finding
}

fn finding(
    view: &View<'_>,
    found: &Entry<'_, '_>,
    frontend: &Frontend,
    id: &str,
    message: String,
    decides: &str,
    known: (&BTreeSet<IpAddr>, &Origin),
) -> Finding {
    let (known, origin) = known;
    let list = |addresses: &BTreeSet<IpAddr>| {
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        if texts.is_empty() {
            "none".to_owned()
        } else {
            texts.join(", ")
        }
    };
    let mut programmed = list(&chosen(frontend));
    if frontend.dangling > 0 {
        programmed.push_str(&format!(
            ", and {} slots whose backend was not found",
            frontend.dangling
        ));
    }
    let evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            format!("Node/{}", found.node),
            format!(
                "backends of {}",
                row_key(frontend.key.address, frontend.key.port)
            ),
            programmed,
        ),
        Evidence::new(
            Layer::Declared,
            origin,
            format!("Service/{id}"),
            "addresses of its endpoints",
            list(known),
        ),
    ];
    Finding::new(message, format!("{id} {decides}"), evidence)
        .about([format!("Service/{id}"), format!("Node/{}", found.node)])
        .fix(Fix {
            summary: "mend the agent's connection to the API server; if it has one, restart the agent, which reads all endpoints again"
                .to_owned(),
            commands: vec![
                view.agent_exec(found.node, "cilium-dbg status --verbose"),
                restart_agent(view, found.node),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg bpf lb list` shows the same backends on every node, and they are the endpoints of the Service"
                .to_owned(),
        })
}
