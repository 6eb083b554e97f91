//! Hubble saw packets of a sick target's port dropped: a witness for whoever looks for the cause.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::hubble::Flow;
use crate::path::{Path, Target};
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6310),
    slug: "hubble-sees-drops",
    hop: Hop::Datapath,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "Hubble saw packets of the health check's port dropped",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::HubbleFlows],
    page: include_str!("hubble_sees_drops.md"),
    run: Run::Target(run),
};

fn run(view: &View<'_>, _: &Path, target: &Target) -> Checked {
    // Flows are recorded by hand and prove nothing by their absence; without any the question is not posed.
    if view.flows().next().is_none() {
        return not_applicable("no flows were recorded");
    }
    if target.state() != Some("unhealthy") {
        return not_applicable("AWS does not report the target as unhealthy");
    }
    let (Ok(node), Ok(address)) = (&target.node, &target.address) else {
        return not_applicable("the target is no node that is known");
    };
    let flows = view.agent(node).flows()?;
    let address = address.to_string();
    let port = Some(target.check.port);
    let asked = |flow: &Flow| flow.destination == address && flow.destination_port == port;
    let answered = |flow: &Flow| flow.source == address && flow.source_port == port;
    let dropped: Vec<&Flow> = flows
        .iter()
        .filter(|flow| flow.verdict == "DROPPED" && (asked(flow) || answered(flow)))
        .collect();
    let reasons: BTreeSet<&str> = dropped.iter().map(|flow| reason(flow)).collect();
    if reasons.is_empty() {
        return pass("no packet of the check's port was seen to be dropped");
    }
    let reasons = reasons.into_iter().collect::<Vec<_>>().join(", ");
    // The latest of each direction is enough to look up the rest.
    let latest = [
        dropped.iter().rev().find(|flow| asked(flow)),
        dropped.iter().rev().find(|flow| answered(flow)),
    ];
    let evidence = latest
        .into_iter()
        .flatten()
        .map(|flow| {
            Evidence::new(
                Layer::Observed,
                &flows.origin,
                format!("Node/{node}"),
                format!(
                    "flow {}:{} -> {}:{}",
                    flow.source,
                    flow.source_port.unwrap_or_default(),
                    flow.destination,
                    flow.destination_port.unwrap_or_default()
                ),
                format!("{} {} {}", flow.verdict, reason(flow), flow.time),
            )
        })
        .collect();
    let which = match (
        dropped.iter().any(|flow| asked(flow)),
        dropped.iter().any(|flow| answered(flow)),
    ) {
        (true, true) => "requests to and answers of",
        (true, false) => "packets to",
        _ => "answers of",
    };
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "Hubble saw {which} the port of the health check dropped ({reasons}): this names the place, and not yet what decides it"
            ),
            reasons,
            evidence,
        )
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("what was dropped belongs to the health check or to a client of the same port")
        .fix(Fix {
            summary: "look the reason up, and watch whether it is dropped at the rhythm of the health check".to_owned(),
            commands: vec![view.agent_exec(
                node,
                &format!("hubble observe --verdict DROPPED --port {} --last 50", target.check.port),
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the drops stop when the target turns healthy".to_owned(),
        }),
    ))
}

fn reason(flow: &Flow) -> &str {
    flow.drop_reason.as_deref().unwrap_or("no reason given")
}
