//! A listener that Envoy has received and not opened yet: it waits for what it is made of.
//!
//! Envoy opens a listener once the secrets and routes that it refers to have arrived (its initialization manager).
//! Until then `/listeners` does not show it, as if it had never been sent; only `config_dump` does.

use crate::check::View;
use crate::check::datapath::proxied::Redirect;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};

/// Says that Envoy still warms the listener `name`, whose port the redirect names; `None` when nothing shows that.
///
/// `open` is what Envoy has open on the node.
pub(super) fn finding(
    view: &View<'_>,
    redirect: &Redirect<'_, '_>,
    name: &str,
    open: Evidence,
) -> Option<Finding> {
    let node = redirect.entry.node;
    let all = view.agent(node).envoy_dynamic_listeners().ok()?;
    all.iter().find(|one| {
        one.name == name
            && one.warming
            && !one.active
            && one.port.is_none_or(|port| port == redirect.port)
    })?;
    let id = redirect.of.id();
    let subject = format!("Node/{node}");
    let dump = Evidence::new(
        Layer::Observed,
        &all.origin,
        subject.clone(),
        format!("dynamic_listeners[{name}]"),
        "warming_state and no active_state",
    );
    Some(
        Finding::new(
            format!(
                "the redirect of {id} goes to a listener that Envoy has received and not opened: it warms, which means that it \
                 waits for a secret or for routes, and until they come the packet vanishes"
            ),
            format!("{id} warming"),
            vec![dump, open],
        )
        .about([subject])
        .confidence(Confidence::Medium)
        .assuming("Envoy goes on waiting: for a moment every new listener warms")
        .fix(Fix {
            summary: "see what the listener waits for: a certificate that is in no Secret of the namespace cilium-secrets, or \
                      routes that the agent did not send"
                .to_owned(),
            commands: vec![
                view.agent_exec(node, "cilium-dbg envoy admin config secrets"),
                "kubectl get secrets -n cilium-secrets".to_owned(),
                view.agent_exec(node, "cilium-dbg shell -- db/show envoy-resources"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg envoy admin listeners` shows the proxy port of the NodePort entry".to_owned(),
        }),
    )
}
