//! The node behind a target is not Ready.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5101),
    slug: "node-not-ready",
    hop: Hop::Node,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the node behind the target is not Ready",
    since: "0.1.0",
    needs: &[Source::Nodes],
    page: include_str!("node_not_ready.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let about = || format!("node {node}");
    let found = view.nodes().find("", node)?.ok_or_else(|| {
        Gap::new(
            Source::Nodes,
            about(),
            Reason::Failed("there is no such node".to_owned()),
        )
    })?;
    let ready = found.ready().ok_or_else(|| {
        Gap::new(
            Source::Nodes,
            about(),
            Reason::Partial("its status has no Ready condition".to_owned()),
        )
    })?;
    if ready.status == "True" {
        return pass("the node is Ready");
    }
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &found.origin,
        format!("Node/{node}"),
        "status.conditions[Ready]",
        format!("{} {}: {}", ready.status, ready.reason, ready.message),
    )];
    evidence.extend(ready.last_transition_time.as_ref().map(|since| {
        Evidence::new(
            Layer::Observed,
            &found.origin,
            format!("Node/{node}"),
            "status.conditions[Ready].lastTransitionTime",
            since,
        )
    }));
    // Ready=False leaves the BPF programs in place, so this alone does not prove that the check fails.
    fail(
        Finding::new(
            format!(
                "the node's Ready condition is {} ({}), not True",
                ready.status,
                if ready.reason.is_empty() { "no reason given" } else { &ready.reason }
            ),
            format!("Ready={} {}", ready.status, ready.reason),
            evidence,
        )
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .fix(Fix {
            summary: "find out why the kubelet does not report Ready; the controller deregisters the node \
                      meanwhile"
                .to_owned(),
            commands: vec![format!("kubectl describe node {node}")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the node is Ready and its target healthy".to_owned(),
        })
        .assuming("the machine itself or its network is down, not just the kubelet"),
    )
}
