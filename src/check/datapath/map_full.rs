//! The load balancer's BPF maps are full, so a frontend could not be written.

use super::probe::{Entry, Probe};
use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};

/// What the agent says in the log and in the frontend's status (`bpf_reconciler.go`, `lbmap.go`).
const ERROR: &str = "Unable to update element for LB bpf map";

/// The fill of a map, as `cilium_bpf_map_pressure` tells it, from which on an error is explained by it.
const NEARLY_FULL: f64 = 0.95;

/// The finding for a NodePort that a full map kept out; `None` when nothing says so.
pub fn map_full(view: &View<'_>, probe: Probe, found: &Entry<'_, '_>, id: &str) -> Option<Finding> {
    let agent = view.agent(found.node);
    let subject = format!("Node/{}", found.node);
    let pressure = agent.metrics().ok().and_then(|metrics| {
        let (name, value) = metrics
            .iter()
            .filter(|(name, value)| {
                name.starts_with("cilium_bpf_map_pressure{")
                    && (name.contains("lb4_") || name.contains("lb6_"))
                    && **value >= NEARLY_FULL
            })
            .max_by(|a, b| a.1.total_cmp(b.1))?;
        let text = format!("{value:.3}");
        Some(Evidence::new(
            Layer::Observed,
            &metrics.origin,
            subject.clone(),
            name.as_str(),
            text,
        ))
    });
    let row = agent.frontends().ok().and_then(|rows| {
        let row = rows
            .iter()
            .find(|row| row.key.port == probe.node_port && row.error.contains(ERROR))?;
        Some(Evidence::new(
            Layer::Programmed,
            &rows.origin,
            subject.clone(),
            format!("frontends {} Status", row.key.port),
            format!("{}: {}", row.status, row.error),
        ))
    });
    let line = agent.log().ok().and_then(|log| {
        let line = log.notable.iter().rev().find(|line| line.contains(ERROR))?;
        Some(Evidence::new(
            Layer::Observed,
            &log.origin,
            subject.clone(),
            "log",
            line.as_str(),
        ))
    });
    // Without either, a map that is nearly full is only that.
    if row.is_none() && line.is_none() {
        return None;
    }
    // A line of the log may be of long ago and about another Service; the map's fill settles it.
    let proven = row.is_some() || pressure.is_some();
    let evidence = [row, line, pressure].into_iter().flatten().collect();
    Some(
        Finding::new(
            format!(
                "the agents could not program NodePort {} of {id}: the load balancer's BPF map is full ({ERROR})",
                probe.node_port
            ),
            format!("{id}:{} map full", probe.node_port),
            evidence,
        )
        .confidence(if proven { Confidence::High } else { Confidence::Medium })
        .fix(Fix {
            summary: "give the maps more room with bpf-lb-map-max (Helm `bpf.lbMapMax`, default 65536) and restart the agents; \
                      the maps are made anew, which can break connections that are open"
                .to_owned(),
            commands: vec![
                view.helm_upgrade("--set bpf.lbMapMax=131072"),
                view.kubectl("rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg metrics list -p bpf_map_pressure` is well below 1 for the lb4 and lb6 maps, and the NodePort \
                    has an entry"
                .to_owned(),
        }),
    )
}
