//! Whether an agent enforces policies at all.

use super::option::option;
use crate::check::View;

/// Why the agent of a node drops nothing by policy; `None` when it does, as is the default.
///
/// `enable-policy: never` switches enforcement off, and `policy-audit-mode` only records what would be
/// dropped (Cilium documentation, Policy Enforcement Modes and Policy Audit Mode).
pub fn not_enforced(view: &View<'_>, node: &str) -> Option<&'static str> {
    let is = |flag: &str, wanted: &str| {
        let running = view
            .agent(node)
            .running()
            .ok()
            .and_then(|config| config.get(flag).map(str::to_owned));
        running
            .or_else(|| option(view, node, flag).map(|(text, _)| text))
            .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    if is("enable-policy", "never") {
        return Some("the agents enforce no policy (enable-policy never)");
    }
    // The map of changeable options says Enabled, the configuration true.
    (is("policy-audit-mode", "true") || is("policy-audit-mode", "enabled"))
        .then_some("policies are only audited (policy-audit-mode)")
}
