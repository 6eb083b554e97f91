//! What Envoy answered when the agent gave it the listener of a CiliumEnvoyConfig.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Gap, Origin, Source};

/// A CiliumEnvoyConfig that an agent could not give to Envoy.
pub struct Rejection {
    /// Envoy's reason, or the agent's.
    pub reason: String,
    /// What says so.
    pub evidence: Evidence,
    /// True when nobody answered, which is no rejection.
    pub timed_out: bool,
    /// Whether it is the last word: a wait may end, and a logged attempt may have been repeated.
    pub certain: bool,
}

/// What one node says about the listener of a CiliumEnvoyConfig; `None` when nothing says that it was rejected.
///
/// Looked at in order: StateDB `envoy-resources` (1.18 on), Envoy's own `error_state`, and the agent's log, whose
/// last rejection counts unless Envoy has the listener meanwhile.
///
/// # Errors
/// The gap of the first of them when none was read.
pub fn rejection(
    view: &View<'_>,
    node: &str,
    config: &Fact<CiliumEnvoyConfig>,
) -> Result<Option<Rejection>, Gap> {
    let (namespace, name) = (&config.metadata.namespace, &config.metadata.name);
    let prefix = format!("{namespace}/{name}/");
    let agent = view.agent(node);
    let subject = format!("CiliumEnvoyConfig/{namespace}/{name}");
    let said = |layer, origin: &Origin, field: &str, reason: &str| Rejection {
        reason: reason.to_owned(),
        evidence: Evidence::new(
            layer,
            origin,
            subject.clone(),
            format!("{field} on {node}"),
            reason,
        ),
        timed_out: reason.contains("deadline exceeded"),
        certain: origin.source != Source::AgentLog,
    };
    let rows = agent.envoy_resources();
    let mut done = false;
    if let Ok(rows) = &rows {
        let row = rows
            .iter()
            .find(|row| row.origin == "cec" && row.namespace == *namespace && row.name == *name);
        match row.map(|row| row.status.as_str()) {
            Some("Error") => {
                let error = row.map_or("", |row| row.error.as_str());
                let origin = &rows.origin;
                return Ok(Some(said(
                    Layer::Programmed,
                    origin,
                    "envoy-resources Status",
                    error,
                )));
            }
            // The agent waits for the acknowledgement; without one this turns into an error after 2 minutes.
            Some("Pending") => {
                return Ok(Some(Rejection {
                    timed_out: true,
                    certain: false,
                    ..said(
                        Layer::Programmed,
                        &rows.origin,
                        "envoy-resources Status",
                        "Pending",
                    )
                }));
            }
            Some("Done") => done = true,
            _ => {}
        }
    }
    let dump = agent.envoy_dynamic_listeners();
    if let Ok(listeners) = &dump {
        let of_config = || {
            listeners
                .iter()
                .filter(|listener| listener.name.starts_with(&prefix))
        };
        let error = of_config().find_map(|listener| listener.error.as_deref());
        if let Some(error) = error {
            return Ok(Some(said(
                Layer::Observed,
                &listeners.origin,
                "error_state",
                error,
            )));
        }
        // Envoy drops the error of a listener with the next update that it accepts.
        if of_config().any(|listener| listener.active) {
            return Ok(None);
        }
    }
    if let Ok(log) = agent.log() {
        // The lines are in the order in which each reason was last given.
        let line = log
            .nacks
            .iter()
            .rev()
            .find(|nack| nack.detail.contains(&prefix) || nack.raw.contains(&prefix));
        if let Some(line) = line
            && !accepted_since(view, node, done, &prefix)
        {
            return Ok(Some(said(
                Layer::Observed,
                &log.origin,
                "log",
                &line.detail,
            )));
        }
    }
    match (rows, dump) {
        // Before 1.18 there is no table that could have been read.
        (Err(_), Err(gap))
            if agent
                .version()
                .is_ok_and(|version| !version.at_least(1, 18)) =>
        {
            Err(gap)
        }
        (Err(gap), Err(_)) => Err(gap),
        _ => Ok(None),
    }
}

/// Whether a logged rejection is an old one: the agent says `Done`, and Envoy has a listener of the object open.
///
/// `Done` alone is no proof, as an agent says so of everything right after its start.
fn accepted_since(view: &View<'_>, node: &str, done: bool, prefix: &str) -> bool {
    done && view
        .agent(node)
        .envoy_listeners()
        .is_ok_and(|all| all.iter().any(|one| one.name.starts_with(prefix)))
}
