//! The agent runs but says itself that it cannot follow the cluster.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5106),
    slug: "agent-stale",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the agent reports a failure or cannot reach the API server",
    since: "0.1.0",
    needs: &[Source::AgentStatus],
    page: include_str!("agent_stale.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let status = view.agent(node).status()?;
    let evidence = |field: &str, state: &str, message: &str| {
        Evidence::new(
            Layer::Observed,
            &status.origin,
            format!("Node/{node}"),
            field,
            format!("{state}: {message}"),
        )
    };
    let kubernetes = status.kubernetes.as_deref().unwrap_or_default();
    let (message, decides, evidence) = if kubernetes == "Failure" {
        (
            "the agent cannot reach the API server: it serves what it knew before, and later changes do not \
             reach it",
            "kubernetes Failure",
            evidence("kubernetes", kubernetes, &status.kubernetes_message),
        )
    } else if status.state == "Failure" {
        (
            "the agent reports Failure for itself: parts of its state may be out of date",
            "cilium Failure",
            evidence("cilium", &status.state, &status.message),
        )
    } else {
        return pass("the agent reports no failure");
    };
    Ok(Outcome::Note(
        Finding::new(message, decides, vec![evidence])
            .about([format!("Node/{node}")])
            .fix(Fix {
                summary: "see what the agent complains about".to_owned(),
                commands: vec![view.agent_exec(node, "cilium-dbg status --verbose")],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: "`cilium-dbg status` exits 0 on every target node".to_owned(),
            }),
    ))
}
