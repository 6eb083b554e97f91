//! The NodePort entry has backends, and packets to them go nowhere.

use super::probe::{Entry, Probe, entry, row_key};
use super::vouched::{Backend, Death, accepted, askers, backend};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::workload::endpoints::Endpoints;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6120),
    slug: "backend-unreachable",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the NodePort entry has backends, and packets to them go nowhere",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EndpointSlices,
        Source::HubbleFlows,
        Source::LoadBalancers,
        Source::NetworkInterfaces,
        Source::EndpointList,
        Source::NodeList,
        Source::ListeningSockets,
        Source::AgentStatus,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("backend_unreachable.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("Envoy accepts the check, whatever stands behind it");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let found = entry(view, target, probe)?;
    let Some(frontend) = found.frontend.filter(|one| !one.backends.is_empty()) else {
        return not_applicable("there is no entry that has backends");
    };
    let endpoints = match Endpoints::of(view, service) {
        Ok(endpoints) => endpoints,
        Err(_) if probe.of_agent => return not_applicable("the agent answers this check itself"),
        Err(gap) => return Err(gap),
    };
    let (mut dead, mut suspicious): (Vec<Death>, Vec<Death>) = (Vec::new(), Vec::new());
    let (mut unproven, mut vouched): (Option<Gap>, usize) = (None, 0);
    let askers = askers(view, path, &found);
    for one in &frontend.backends {
        match backend(view, service, &found, &endpoints, one, &askers) {
            Backend::Vouched => vouched += 1,
            Backend::Dead(death) => dead.push(death),
            Backend::Unproven(gap, death) => {
                unproven = unproven.or(Some(gap));
                suspicious.extend(death);
            }
        }
    }
    let all = frontend.backends.len();
    if probe.of_agent {
        // The agent answers this check itself; only clients notice.
        dead.append(&mut suspicious);
        return match dead.len() {
            0 => not_applicable("the agent answers this check itself"),
            count => Ok(Outcome::Note(finding(service, &found, count, all, dead))),
        };
    }
    match (dead.len(), unproven) {
        (count, _) if count == all => fail(finding(service, &found, count, all, dead)),
        (0, Some(_)) if accepted(view, &found) => pass("a connection to the NodePort was accepted"),
        (_, Some(gap)) if vouched == 0 && !accepted(view, &found) => Err(gap),
        // No proof that they answer: it is Kubernetes that says so, and the other checks hold it to that.
        (0, _) => not_applicable("nothing speaks against the backends"),
        (count, _) => Ok(Outcome::Note(finding(service, &found, count, all, dead))),
    }
}

fn finding(
    service: &Service,
    found: &Entry<'_, '_>,
    count: usize,
    all: usize,
    dead: Vec<Death>,
) -> Finding {
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let confidence = if dead.iter().all(|death| death.certain) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let why = dead
        .first()
        .map(|death| match death.why.strip_prefix("dropped") {
            Some(reason) => format!("packets to them are dropped{reason}"),
            None => death.why.clone(),
        })
        .unwrap_or_default();
    let which = if count == all {
        format!("no backend of {id} can be reached")
    } else {
        format!("{count} of {all} backends of {id} cannot be reached")
    };
    let mut evidence: Vec<Evidence> = dead.into_iter().map(|death| death.evidence).collect();
    if let Some(frontend) = found.frontend {
        let backends: Vec<String> = frontend
            .backends
            .iter()
            .map(|one| format!("{}:{}", one.address, one.port))
            .collect();
        evidence.push(Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            format!("Node/{}", found.node),
            format!("backends of {}", row_key(found.address, frontend.key.port)),
            backends.join(", "),
        ));
    }
    Finding::new(format!("{which}: {why}"), format!("{id} {why}"), evidence)
        .about([format!("Service/{id}"), format!("Node/{}", found.node)])
        .confidence(confidence)
        .fix(fix(service))
}

fn fix(service: &Service) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    Fix {
        summary: "correct the endpoints that were written by hand, let an agent run on the nodes of the backends, or \
                  allow the packets that are dropped"
            .to_owned(),
        commands: vec![
            format!("kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name} -o yaml"),
            format!("kubectl -n {namespace} get pods -o wide"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "`hubble observe --to-port <target port>` shows connections that are answered with SYN and ACK"
            .to_owned(),
    }
}
