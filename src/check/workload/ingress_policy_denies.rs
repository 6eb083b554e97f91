//! Network policy keeps clients from the ingress identity: the check passes and Envoy answers 403.

use super::ingress_policy::{Outside, outside};
use crate::check::datapath::proxied;
use crate::check::finding::{Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8106),
    slug: "ingress-policy-denies",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "network policy lets nobody from outside reach the ingress identity",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::AgentStatus,
        Source::IngressEndpoint,
        Source::EndpointList,
    ],
    page: include_str!("ingress_policy_denies.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    if let Err(why) = proxied::service(view)? {
        return not_applicable(why);
    }
    if view.agent(node).status().is_err() {
        return not_applicable("the agent of the node was not asked");
    }
    match outside(view, node)? {
        Outside::Admitted => pass("no policy closes the ingress identity to the outside"),
        Outside::Partly(_) => not_applicable(
            "the policy of the ingress identity is made of CIDRs, single ports or denials, which are not followed",
        ),
        Outside::Shut(evidence) => fail(finding(node, vec![evidence])),
    }
}

fn finding(node: &str, evidence: Vec<crate::check::Evidence>) -> Finding {
    Finding::new(
        "the policy of the identity reserved:ingress allows neither world nor any CIDR, so Envoy answers 403 to every client from outside \
         the cluster whose request it would pass to a backend",
        "reserved:ingress",
        evidence,
    )
    .about([format!("Node/{node}")])
    .fix(Fix {
        summary: "allow the clients: a CiliumClusterwideNetworkPolicy for endpoints with reserved.ingress and fromEntities world (or \
                  the CIDRs they come from); a default deny for all endpoints selects this one as well"
            .to_owned(),
        commands: vec![
            "kubectl get ciliumclusterwidenetworkpolicies -o yaml".to_owned(),
            allow_world().to_owned(),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "a request through the load balancer is no longer answered 403 Access denied".to_owned(),
    })
}

/// The policy of Cilium's documentation for external traffic to Gateways and Ingresses.
fn allow_world() -> &'static str {
    "echo '{\"apiVersion\":\"cilium.io/v2\",\"kind\":\"CiliumClusterwideNetworkPolicy\",\"metadata\":{\"name\":\"allow-world-to-ingress\"},\
     \"spec\":{\"endpointSelector\":{\"matchExpressions\":[{\"key\":\"reserved.ingress\",\"operator\":\"Exists\"}]},\
     \"ingress\":[{\"fromEntities\":[\"world\"]}]}}' | kubectl apply -f -"
}
