//! Whether network policy keeps the outside world from the ingress identity, which Envoy enforces with 403.
//!
//! Every agent that follows CiliumEnvoyConfigs has an endpoint `reserved:ingress`; Envoy asks its policy
//! for each request of a Gateway or Ingress (`EnforcePolicyOnL7Lb`, pkg/envoy).

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Gap;
use crate::model::cilium::datapath::{EndpointPolicy, EndpointRow};

/// The identities any and `reserved:world` with its variants for one family.
const OUTSIDE: [u64; 4] = [0, 2, 9, 10];

/// The first identity that an agent gives to a CIDR of its own policies (pkg/identity, scope local).
const FIRST_LOCAL: u64 = 1 << 24;

/// What denies requests from outside on a node; `None` when nothing does, or it cannot be said for all of outside.
///
/// # Errors
/// The gap when the ingress endpoint was not read.
pub fn denied(view: &View<'_>, node: &str) -> Result<Option<Evidence>, Gap> {
    let agent = view.agent(node);
    let rows = agent
        .ingress_endpoint()
        .or_else(|gap| agent.endpoints().map_err(|_| gap))?;
    let ingress = |row: &&EndpointRow| row.labels.iter().any(|label| label == "reserved:ingress");
    let Some(policy) = rows
        .iter()
        .find(ingress)
        .and_then(|row| row.policy.as_ref())
    else {
        return Ok(None);
    };
    if !closed(policy) {
        return Ok(None);
    }
    let allowed: Vec<String> = policy.allowed_ingress.iter().map(u64::to_string).collect();
    Ok(Some(Evidence::new(
        Layer::Programmed,
        &rows.origin,
        format!("Node/{node}"),
        "endpoint reserved:ingress, policy-enabled, allowed-ingress-identities",
        format!("{}, [{}]", policy.enabled, allowed.join(", ")),
    )))
}

/// Ingress policy is enforced, and neither world nor a CIDR nor a single port is let in.
fn closed(policy: &EndpointPolicy) -> bool {
    matches!(policy.enabled.as_str(), "ingress" | "both")
        && policy.ingress_rules == 0
        && !policy
            .allowed_ingress
            .iter()
            .any(|id| OUTSIDE.contains(id) || *id >= FIRST_LOCAL)
}

#[cfg(test)]
mod tests {
    use super::{EndpointPolicy, closed};

    #[test]
    fn only_a_policy_without_any_way_in_is_closed() {
        let policy = |enabled: &str, allowed: &[u64], rules| EndpointPolicy {
            enabled: enabled.to_owned(),
            allowed_ingress: allowed.to_vec(),
            ingress_rules: rules,
        };
        assert!(closed(&policy("ingress", &[1, 4, 6], 0)));
        assert!(closed(&policy("both", &[], 0)));
        assert!(!closed(&policy("none", &[0], 0)));
        assert!(!closed(&policy("egress", &[], 0)));
        assert!(!closed(&policy("ingress", &[2], 0)));
        assert!(!closed(&policy("ingress", &[1 << 24], 0)));
        assert!(!closed(&policy("ingress", &[1], 1)));
    }
}
