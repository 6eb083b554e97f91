//! The controller has refused a listener of the Gateway.

use super::absent_service::refusal;
use super::listener_left_out;
use super::listener_untranslated::{self, is_translated_late};
use super::listeners::{self, Refused, Speaking};
use super::setting::generated;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::Listener;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, Service};
use crate::model::{Fact, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1109),
    slug: "listener-not-accepted",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Clients,
    title: "Cilium has refused a listener of the Gateway, or left it out",
    since: "0.1.0",
    known_issues: &[],
    needs: &[
        Source::Gateways,
        Source::Services,
        Source::Deployments,
        Source::AgentVersion,
    ],
    page: include_str!("listener_not_accepted.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(Speaking {
        gateway,
        mut refused,
    }) = listeners::with(view, "Accepted", "False")?
    else {
        return not_applicable("no Gateway stands behind the subject");
    };
    if let Some(conflicts) = listeners::with(view, "Conflicted", "True")? {
        for one in conflicts.refused {
            if !refused.iter().any(|known| known.listener == one.listener) {
                refused.push(one);
            }
        }
    }
    if refused.is_empty() {
        return if gateway.is_acted_on() {
            let Some(service) = view.service()? else {
                return pass("no listener of the Gateway is refused");
            };
            // What is left out of a Service whatever the version goes first.
            let left_out = |counts: fn(&Listener) -> bool| {
                listener_left_out::finding(view, gateway, service, counts)
            };
            let finding = match left_out(|listener| !is_translated_late(listener)) {
                Some(finding) => Some(finding),
                None => listener_untranslated::finding(view, gateway, service)?
                    .or_else(|| left_out(is_translated_late)),
            };
            match finding {
                Some(finding) => fail(finding),
                None => pass("no listener of the Gateway is refused"),
            }
        } else {
            pending(view, gateway)
        };
    }
    let service = generated(view, gateway)?;
    let names: Vec<String> = refused
        .iter()
        .map(|one| {
            format!(
                "{} ({}, {})",
                one.listener.name, one.listener.port, one.condition.reason
            )
        })
        .collect();
    let evidence = refused
        .iter()
        .flat_map(|one| {
            let row = listeners::row(gateway, one);
            std::iter::once(row).chain(listeners::fate(service, one.listener))
        })
        .collect();
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let effect = effect(gateway, service, &refused);
    fail(
        Finding::new(
            format!(
                "Cilium refuses listener {} of gateway {name}: {effect}",
                names.join(", ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([listeners::id(gateway)])
        .fix(Fix {
            summary: "correct what the conditions name: a port and protocol that two listeners share, a protocol or route kind that Cilium does not have".to_owned(),
            commands: vec![format!("kubectl describe gateway {name} -n {namespace}")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "every listener shows Accepted=True, and the Service has its port".to_owned(),
        }),
    )
}

/// What became of the ports of the refused listeners.
///
/// Cilium returns before it translates only where it accepts no listener, and says so of the Gateway; otherwise it
/// translates what the Gateway asks now (operator/pkg/gateway-api/gateway_reconcile.go, Reconcile).
fn effect(
    gateway: &Gateway,
    service: Option<&Fact<Service>>,
    refused: &[Refused<'_>],
) -> &'static str {
    if service.is_none() {
        return "it has made no Service, so nothing behind a load balancer serves it";
    }
    let mut listeners = refused.iter().map(|one| one.listener);
    if !listeners.any(|one| listeners::is_served(service, one)) {
        return "the Service has no such port, so nothing behind the load balancer serves it";
    }
    if refusal(gateway).is_some() {
        return "what is served there is the last state that was accepted";
    }
    "a port that the Service still has is there as the Gateway asks now, for other listeners or without what the condition misses"
}

/// Nobody has answered for what the Gateway asks now: its conditions speak of an earlier generation.
fn pending(view: &View<'_>, gateway: &Fact<Gateway>) -> Checked {
    if generated(view, gateway)?.is_none() {
        return not_applicable("no Service was made (CLB1101)");
    }
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let generation = gateway.metadata.generation;
    let observed = condition(&gateway.status.conditions, "Accepted")
        .map_or("none".to_owned(), |one| one.observed_generation.to_string());
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "generation {generation} of gateway {name} has not been acted on (observed: {observed}): the Service and its listeners are those of before"
            ),
            format!("{namespace}/{name} pending"),
            vec![Evidence::new(
                Layer::Observed,
                &gateway.origin,
                listeners::id(gateway),
                "metadata.generation, status.conditions[Accepted].observedGeneration",
                format!("{generation}, {observed}"),
            )],
        )
        .about([listeners::id(gateway)])
        .confidence(Confidence::Medium)
        .assuming("the Gateway was not changed in the seconds before it was read"),
    ))
}
