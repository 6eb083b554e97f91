//! Envoy was never given the policy of the address that it answers for, and turns every request away.

use crate::check::datapath::proxied;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Reason, Source};
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8209),
    slug: "ingress-policy-missing",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "Envoy has no policy for the node's ingress address and turns requests away",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyNetworkPolicies,
        Source::IngressEndpoint,
    ],
    page: include_str!("ingress_policy_missing.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 20, 0), (1, 20, 1))],
        link: "https://github.com/cilium/cilium/issues/47624",
        summary: "once the last L7 listener has gone, agents and Envoys exchange policies in an endless loop and lose them",
        branch: "",
    }],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    if let Err(why) = proxied::service(view)? {
        return not_applicable(why);
    }
    let agent = view.agent(node);
    let policies = match agent.envoy_policies() {
        Err(gap) if gap.reason == Reason::NotCollected => {
            return not_applicable("Envoy's policies were not captured");
        }
        policies => policies?,
    };
    let endpoints = agent.ingress_endpoint()?;
    let addresses: Vec<IpAddr> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.addresses.iter().copied())
        .collect();
    if addresses.is_empty() {
        return not_applicable("the node has no ingress address");
    }
    if addresses.iter().any(|address| policies.contains(address)) {
        return pass("Envoy has the policy of the node's ingress address");
    }
    let subject = format!("Node/{node}");
    let own: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    fail(
        Finding::new(
            "Envoy has no policy for the node's ingress address, so it answers every client 403 or 500, by its version, although \
             the health check passes",
            "no policy",
            vec![
                Evidence::new(
                    Layer::Programmed,
                    &policies.origin,
                    subject.clone(),
                    format!("networkpolicies with {}", own.join(" or ")),
                    format!("none among {} addresses", policies.len()),
                ),
                Evidence::new(
                    Layer::Declared,
                    &endpoints.origin,
                    subject.clone(),
                    "addresses of reserved:ingress",
                    own.join(", "),
                ),
            ],
        )
        .about([subject])
        .confidence(Confidence::Medium)
        .assuming("the policy was not on its way in the moment in which it was read")
        .fix(Fix {
            summary: "restart Envoy on the nodes, which asks for all policies again; on 1.20.0 upgrade to 1.20.1 or set \
                      envoy.xdsMode to split, or it comes back"
                .to_owned(),
            commands: vec![
                view.agent_exec(node, "cilium-dbg envoy admin config networkpolicies"),
                view.kubectl("rollout restart ds/cilium-envoy"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "the list of policies names the ingress address of every node, and requests are no longer answered 403 or 500".to_owned(),
        }),
    )
}
