//! Whether network policy keeps the outside world from the ingress identity, which Envoy enforces with 403.
//!
//! Every agent that follows CiliumEnvoyConfigs has an endpoint `reserved:ingress`; Envoy asks its policy
//! for each request of a Gateway or Ingress (`EnforcePolicyOnL7Lb`, pkg/envoy), before it looks for a route
//! (cilium/proxy, cilium/l7policy.cc AccessFilter::decodeHeaders).

use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::model::cilium::datapath::{EndpointPolicy, EndpointRow};
use crate::model::{Gap, Reason, Source};

/// The identities any, `reserved:world` with its variants for one family, and, from 1.21 on, `reserved:aggregate-world`,
/// which stands in the policy map for all of outside (pkg/identity/numericidentity.go, cilium pull request 47216).
const OUTSIDE: [u64; 5] = [0, 2, 9, 10, 13];

/// The first identity that an agent gives to a CIDR of its own policies (pkg/identity, scope local).
const FIRST_LOCAL: u64 = 1 << 24;

/// What is taken for granted where the policy was not read, or not followed to its end.
const LET_IN: &str =
    "no network policy keeps the check from the ingress identity, which would answer 403 instead";

/// How far network policy lets the outside reach the ingress identity of a node.
pub enum Outside {
    /// Nothing keeps it out.
    Admitted,
    /// Nobody from outside is let in; the evidence says so.
    Shut(Evidence),
    /// Single ports, CIDRs or denials decide, which are not followed here.
    Partly(Gap),
}

/// A finding of an answer that Envoy gives after its policy, where that was not read or not followed to its end.
pub fn doubted(finding: Finding, doubt: Option<Gap>) -> Finding {
    match doubt {
        None => finding,
        Some(gap) => finding
            .confidence(Confidence::Medium)
            .assuming(LET_IN)
            .settled_by([gap]),
    }
}

/// What the realized policy of a node's ingress endpoint does with the outside.
///
/// # Errors
/// The gap when the ingress endpoint was not read.
pub fn outside(view: &View<'_>, node: &str) -> Result<Outside, Gap> {
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
        return Ok(Outside::Admitted);
    };
    Ok(match admission(policy) {
        Admission::Full => Outside::Admitted,
        Admission::Some => Outside::Partly(Gap::new(
            Source::IngressEndpoint,
            format!("node {node}"),
            Reason::Partial(
                "its policy is made of CIDRs, single ports or denials, which are not followed here"
                    .to_owned(),
            ),
        )),
        Admission::None => {
            let allowed: Vec<String> = policy.allowed_ingress.iter().map(u64::to_string).collect();
            Outside::Shut(Evidence::new(
                Layer::Programmed,
                &rows.origin,
                format!("Node/{node}"),
                "endpoint reserved:ingress, policy-enabled, allowed-ingress-identities",
                format!("{}, [{}]", policy.enabled, allowed.join(", ")),
            ))
        }
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Admission {
    Full,
    Some,
    None,
}

/// Nothing is let in where ingress policy is enforced, and neither world nor a CIDR nor a single port is allowed.
fn admission(policy: &EndpointPolicy) -> Admission {
    if !matches!(policy.enabled.as_str(), "ingress" | "both") {
        return Admission::Full;
    }
    let allowed = |whose: &dyn Fn(u64) -> bool| policy.allowed_ingress.iter().any(|id| whose(*id));
    if allowed(&|id| OUTSIDE.contains(&id)) {
        return if policy.denied_ingress.is_empty() {
            Admission::Full
        } else {
            Admission::Some
        };
    }
    if policy.ingress_rules > 0 || allowed(&|id| id >= FIRST_LOCAL) {
        Admission::Some
    } else {
        Admission::None
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, EndpointPolicy, admission};

    fn policy(enabled: &str, allowed: &[u64], rules: usize) -> EndpointPolicy {
        EndpointPolicy {
            enabled: enabled.to_owned(),
            allowed_ingress: allowed.to_vec(),
            denied_ingress: Vec::new(),
            ingress_rules: rules,
        }
    }

    #[test]
    fn only_a_policy_without_any_way_in_is_closed() {
        for (enabled, allowed, rules, expected) in [
            ("ingress", &[1, 4, 6][..], 0, Admission::None),
            ("both", &[], 0, Admission::None),
            ("ingress", &[1, 6, 11, 12, 14], 0, Admission::None),
            ("none", &[0], 0, Admission::Full),
            ("egress", &[], 0, Admission::Full),
            ("ingress", &[2], 0, Admission::Full),
            ("ingress", &[1, 13], 0, Admission::Full),
            ("ingress", &[1 << 24], 0, Admission::Some),
            ("ingress", &[1], 1, Admission::Some),
        ] {
            assert_eq!(
                admission(&policy(enabled, allowed, rules)),
                expected,
                "{enabled} {allowed:?} {rules}"
            );
        }
    }

    #[test]
    fn a_denial_beside_an_open_door_leaves_the_question_open() {
        let mut mixed = policy("ingress", &[0], 0);
        mixed.denied_ingress = vec![2];
        assert_eq!(admission(&mixed), Admission::Some);
    }
}
