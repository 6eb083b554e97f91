//! Whether network policy keeps the outside world from the ingress identity, which Envoy enforces with 403.
//!
//! Every agent that follows CiliumEnvoyConfigs has an endpoint `reserved:ingress`; Envoy asks its policy
//! for each request of a Gateway or Ingress (`EnforcePolicyOnL7Lb`, pkg/envoy), once it has chosen a backend: what a route
//! answers by itself, and the 404 or 503 where there is none to ask, never meets it (cilium/proxy, cilium/l7policy.cc
//! AccessFilter::decodeHeaders, the part of the upstream filter, and cilium/filter_state_cilium_policy.cc
//! enforceIngressHTTPPolicy). From cilium pull request 32119 (1.16) until that, the downstream filter asked it before any
//! route. Which releases of Cilium before 1.18 ship which Envoy is not followed: patches of 1.14 and of 1.17 brought newer ones.

use super::http_probe::matches;
use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::model::cilium::datapath::{EndpointPolicy, EndpointRow};
use crate::model::{Gap, Reason, Source};

/// The identities any, `reserved:world` with its variants for one family, and, from 1.21 on, `reserved:aggregate-world`,
/// which stands in the policy map for all of outside (pkg/identity/numericidentity.go, cilium pull request 47216).
const OUTSIDE: [u64; 5] = [0, 2, 9, 10, 13];

/// The first identity that an agent gives to a CIDR of its own policies (pkg/identity, scope local).
const FIRST_LOCAL: u64 = 1 << 24;

/// What is taken for granted where policy may come before routes.
const ROUTES_FIRST: &str = "no network policy answers the check first, with 403";

/// How far network policy lets the outside reach the ingress identity of a node.
pub enum Outside {
    /// Nothing keeps it out.
    Admitted,
    /// Nobody from outside is let in; the evidence says so.
    Shut(Evidence),
    /// Single ports, CIDRs or denials decide, which are not followed here.
    Partly(Gap),
}

/// Why network policy may have answered a request with 403 before its route did; `None` where that is ruled out.
pub fn may_come_first(view: &View<'_>, node: &str) -> Option<Gap> {
    let version = view.agent(node).version();
    if version
        .as_ref()
        .is_ok_and(|version| version.at_least(1, 18))
    {
        return None;
    }
    match (outside(view, node), version) {
        (Ok(Outside::Admitted), _) => None,
        (Ok(Outside::Partly(gap)) | Err(gap), _) | (Ok(Outside::Shut(_)), Err(gap)) => Some(gap),
        (Ok(Outside::Shut(_)), Ok(version)) => Some(Gap::new(
            Source::IngressEndpoint,
            format!("node {node}"),
            Reason::Partial(format!(
                "it lets nobody in, and whether Envoys of Cilium {} ask it before routes is not known",
                version.value
            )),
        )),
    }
}

/// Whether a target group takes what a route answers for healthy.
///
/// # Errors
/// The doubt of [`may_come_first`], where the group would not take the policy's 403 alike.
pub fn taken(codes: &str, code: u16, doubt: Option<&Gap>) -> Result<bool, Gap> {
    let taken = matches(codes, code);
    match doubt {
        Some(gap) if taken != matches(codes, 403) => Err(gap.clone()),
        _ => Ok(taken),
    }
}

/// A finding of what a route answers, where policy may come before it and fail the check as well.
pub fn doubted(finding: Finding, doubt: Option<Gap>) -> Finding {
    match doubt {
        None => finding,
        Some(gap) => finding
            .confidence(Confidence::Medium)
            .assuming(ROUTES_FIRST)
            .settled_by([gap]),
    }
}

/// What the realized policy of a node's ingress endpoint does with the outside.
///
/// # Errors
/// The gap when the ingress endpoint was not read, or without its policy.
pub fn outside(view: &View<'_>, node: &str) -> Result<Outside, Gap> {
    let agent = view.agent(node);
    let (source, rows) = match agent.ingress_endpoint() {
        Ok(rows) => (Source::IngressEndpoint, rows),
        Err(gap) => (Source::EndpointList, agent.endpoints().map_err(|_| gap)?),
    };
    let unread = |why: &str| {
        Gap::new(
            source,
            format!("node {node}"),
            Reason::Partial(why.to_owned()),
        )
    };
    let ingress = |row: &&EndpointRow| row.labels.iter().any(|label| label == "reserved:ingress");
    let Some(row) = rows.iter().find(ingress) else {
        return Ok(Outside::Admitted);
    };
    let Some(policy) = &row.policy else {
        return Err(unread("reserved:ingress has no realized policy"));
    };
    Ok(match admission(policy) {
        Admission::Full => Outside::Admitted,
        Admission::Some => Outside::Partly(unread(
            "its policy is made of CIDRs, single ports or denials, which are not followed here",
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
///
/// A rule about single ports may be a denial: the list of denied identities only has those that may reach no port at all
/// (pkg/policy/mapstate.go, getIdentities, passes over keys with a port).
fn admission(policy: &EndpointPolicy) -> Admission {
    if !matches!(policy.enabled.as_str(), "ingress" | "both") {
        return Admission::Full;
    }
    let allowed = |whose: &dyn Fn(u64) -> bool| policy.allowed_ingress.iter().any(|id| whose(*id));
    if allowed(&|id| OUTSIDE.contains(&id)) {
        return if policy.denied_ingress.is_empty() && policy.ingress_rules == 0 {
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
            ("ingress", &[2], 1, Admission::Some),
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
