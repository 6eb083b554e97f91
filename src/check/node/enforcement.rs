//! What an agent does about packets that no policy admits.

use super::option::{self, Text};
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Gap;

/// The enforcement of policies by an agent (pkg/policy/repository.go `computePolicyEnforcementAndRules`).
pub enum Enforcement {
    /// It drops nothing by policy: why.
    Off(&'static str),
    /// It enforces what a policy selects, as is the default.
    Selected,
    /// It enforces for every endpoint, whether or not a policy selects it; what says so.
    Always(Text),
}

/// How the agent of a node enforces policies.
///
/// `enable-policy: never` switches enforcement off, `always` leaves no endpoint out, and `policy-audit-mode`
/// only records what would be dropped (Cilium documentation, Policy Enforcement Modes and Policy Audit Mode).
///
/// # Errors
/// The gap of the reading that would tell.
pub fn enforcement(view: &View<'_>, node: &str) -> Result<Enforcement, Gap> {
    let mode = mode(view, node)?;
    if mode.value.eq_ignore_ascii_case("never") {
        return Ok(Enforcement::Off(
            "the agents enforce no policy (enable-policy never)",
        ));
    }
    // The map of changeable options says Enabled, the configuration true.
    let audit = option::text(view, node, "policy-audit-mode", "false")?.value;
    if ["true", "enabled"].contains(&audit.to_ascii_lowercase().as_str()) {
        return Ok(Enforcement::Off(
            "policies are only audited (policy-audit-mode)",
        ));
    }
    Ok(if mode.value.eq_ignore_ascii_case("always") {
        Enforcement::Always(mode)
    } else {
        Enforcement::Selected
    })
}

/// The mode of an agent: the one it was switched to while it ran, or the one it started with.
fn mode(view: &View<'_>, node: &str) -> Result<Text, Gap> {
    if let Ok(config) = view.agent(node).running()
        && let Some(value) = config.get("policy-enforcement")
    {
        return Ok(Text {
            value: value.trim().to_owned(),
            evidence: vec![Evidence::new(
                Layer::Programmed,
                &config.origin,
                format!("Node/{node}"),
                "policy-enforcement (running)",
                value,
            )],
            assumption: None,
        });
    }
    option::text(view, node, "enable-policy", "default")
}
