//! Packets of a sick target's port were seen dropped: a witness for whoever looks for the cause.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::datapath::DropEvent;
use crate::model::hubble::Flow;
use crate::model::{Origin, Reason, Source};
use crate::path::{Path, Target};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6310),
    slug: "drops-seen",
    hop: Hop::Datapath,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "Packets of the health check's port were seen dropped",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::HubbleFlows, Source::MonitorDrops],
    page: include_str!("drops_seen.md"),
    run: Run::Target(run),
};

/// A packet that was dropped, whoever saw it.
struct Drop<'a> {
    /// Who saw it, as a sentence begins.
    witness: &'static str,
    origin: &'a Origin,
    /// Whether it went to the target's port rather than came from it.
    asked: bool,
    reason: &'a str,
    field: String,
    value: String,
}

fn run(view: &View<'_>, _: &Path, target: &Target) -> Checked {
    if target.state() != Some("unhealthy") {
        return not_applicable("AWS does not report the target as unhealthy");
    }
    let (Ok(node), Ok(address)) = (&target.node, &target.address) else {
        return not_applicable("the target is no node that is known");
    };
    let agent = view.agent(node);
    let port = SocketAddr::new(*address, target.check.port);
    let dropped = match (agent.flows(), agent.drop_events()) {
        // Neither witness proves anything by its absence; where nobody asked them the question is not posed.
        (Err(flows), Err(events)) => {
            return match [events, flows]
                .into_iter()
                .find(|gap| gap.reason != Reason::NotCollected)
            {
                Some(gap) => Err(gap),
                None => not_applicable("neither flows nor drop events of the node were recorded"),
            };
        }
        (flows, events) => {
            let flows = flows
                .iter()
                .flat_map(|fact| by_hubble(fact, &fact.origin, port));
            let events = events
                .iter()
                .flat_map(|fact| by_monitor(fact, &fact.origin, port));
            flows.chain(events).collect::<Vec<Drop<'_>>>()
        }
    };
    let reasons: BTreeSet<&str> = dropped.iter().map(|drop| drop.reason).collect();
    let Some(first) = dropped.first() else {
        return pass("no packet of the check's port was seen to be dropped");
    };
    let reasons = reasons.into_iter().collect::<Vec<_>>().join(", ");
    // The latest of each direction is enough to look up the rest.
    let latest = [
        dropped.iter().rev().find(|drop| drop.asked),
        dropped.iter().rev().find(|drop| !drop.asked),
    ];
    let which = match latest {
        [Some(_), Some(_)] => "requests to and answers of",
        [Some(_), None] => "packets to",
        _ => "answers of",
    };
    let evidence = latest.into_iter().flatten().map(|drop| {
        Evidence::new(
            Layer::Observed,
            drop.origin,
            format!("Node/{node}"),
            drop.field.clone(),
            drop.value.clone(),
        )
    });
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "{} saw {which} the port of the health check dropped ({reasons}): this names the place, and not yet what decides it",
                first.witness
            ),
            reasons,
            evidence.collect(),
        )
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("what was dropped belongs to the health check or to a client of the same port")
        .fix(Fix {
            summary: "look the reason up, and watch whether it is dropped at the rhythm of the health check".to_owned(),
            commands: vec![view.agent_exec(node, "cilium-dbg monitor -t drop")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the drops stop when the target turns healthy".to_owned(),
        }),
    ))
}

fn by_hubble<'a>(
    flows: &'a [Flow],
    origin: &'a Origin,
    port: SocketAddr,
) -> impl Iterator<Item = Drop<'a>> {
    let is_it = move |address: &str, number: Option<u16>| {
        address.parse::<IpAddr>() == Ok(port.ip()) && number == Some(port.port())
    };
    flows.iter().filter_map(move |flow| {
        let asked = is_it(&flow.destination, flow.destination_port);
        let answered = is_it(&flow.source, flow.source_port);
        let reason = flow.drop_reason.as_deref().unwrap_or("no reason given");
        (flow.verdict == "DROPPED" && (asked || answered)).then(|| Drop {
            witness: "Hubble",
            origin,
            asked,
            reason,
            field: format!(
                "flow {}:{} -> {}:{}",
                flow.source,
                flow.source_port.unwrap_or_default(),
                flow.destination,
                flow.destination_port.unwrap_or_default()
            ),
            value: format!("{} {reason} {}", flow.verdict, flow.time),
        })
    })
}

fn by_monitor<'a>(
    events: &'a [DropEvent],
    origin: &'a Origin,
    port: SocketAddr,
) -> impl Iterator<Item = Drop<'a>> {
    let is_it = move |end: &str| end.parse::<SocketAddr>() == Ok(port);
    events.iter().filter_map(move |event| {
        let asked = is_it(&event.destination);
        (asked || is_it(&event.source)).then(|| Drop {
            witness: "the agent's monitor",
            origin,
            asked,
            reason: &event.reason,
            field: format!("drop event {} -> {}", event.source, event.destination),
            value: event.reason.clone(),
        })
    })
}
