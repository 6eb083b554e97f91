//! The agent had only just started when the evidence was taken, so what was seen may already have passed.

use super::pods;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Object;
use crate::model::{Gap, Reason, Source};
use jiff::Timestamp;

/// Seconds within which an agent that started is still regenerating endpoints and restoring proxy ports.
const WINDOW: i64 = 180;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5201),
    slug: "agent-just-started",
    hop: Hop::Node,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the agent had just started when the evidence was taken",
    since: "0.1.0",
    needs: &[Source::Pods],
    page: include_str!("agent_just_started.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(taken) = view.taken_at() else {
        return not_applicable("the bundle does not say when its evidence was taken");
    };
    let pod = pods::required(view, pods::AGENT, node)?;
    if !pods::running(pod, "cilium-agent") {
        return not_applicable("the agent does not run (CLB5102)");
    }
    let unreadable = |text: &str| {
        Gap::new(
            Source::Pods,
            format!("node {node}"),
            Reason::Partial(format!("its start time is {text:?}")),
        )
    };
    let started = pod
        .started_at("cilium-agent")
        .ok_or_else(|| unreadable("not captured"))?;
    let parse = |text: &str| text.parse::<Timestamp>().map_err(|_| unreadable(text));
    let age = parse(taken)?.as_second() - parse(started)?.as_second();
    if !(0..WINDOW).contains(&age) {
        return pass("the agent has run for longer than its restart window");
    }
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "agents had started less than {WINDOW} s before the evidence was taken: NodePorts may fail for moments after a start, and \
                 targets need some passed checks to turn healthy again"
            ),
            "restart window",
            vec![
                Evidence::new(
                    Layer::Observed,
                    &pod.origin,
                    pod.id(),
                    "cilium-agent startedAt",
                    format!("{started}, {age} s before {taken}"),
                ),
            ],
        )
        .about([format!("Node/{node}")])
        .fix(Fix {
            summary: "look again in a few minutes before anything is changed".to_owned(),
            commands: vec![view.kubectl("rollout status ds/cilium")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the agents have run for some minutes, and the diagnosis is the same or gone".to_owned(),
        }),
    ))
}
