//! The node has no Pod address left for the ingress IP that its agent needs at its next start.

use super::start_failure::{self, StartFailure};
use crate::check::datapath::probe::any_redirect;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5202),
    slug: "no-address-for-ingress",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "no Pod address is left on the node for the ingress IP of its agent",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::AgentStatus,
        Source::AgentLog,
        Source::NodeList,
    ],
    page: include_str!("no_address_for_ingress.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("an ordinary Service needs no ingress IP");
    }
    if any_redirect(view, service, node) == Ok(true) {
        return pass("the agent follows CiliumEnvoyConfigs and so has its ingress IP");
    }
    let status = match view.agent(node).status() {
        Ok(status) => status,
        Err(gap) => return logged(view, service, node, gap),
    };
    let Some(ipam) = &status.ipam else {
        return not_applicable("the agent's status has no addresses");
    };
    let Some(pool) = ipam.exhausted() else {
        return pass("the node has its ingress IP or a free address for it");
    };
    let message = format!(
        "all {} addresses for Pods are taken and none is the ingress IP: an agent that starts with enable-envoy-config does not come up",
        pool.family
    );
    let evidence = Evidence::new(
        Layer::Programmed,
        &status.origin,
        format!("Node/{node}"),
        "ipam.status",
        format!("{}: {}/{} allocated", pool.family, pool.used, pool.size),
    );
    Ok(Outcome::Note(finding(node, message, evidence)))
}

/// An agent that does not answer may have said so in its log; where CLB5102 judges by it, that is enough.
fn logged(view: &View<'_>, service: &Service, node: &str, gap: Gap) -> Checked {
    match start_failure::of(view, node) {
        Some((failure @ StartFailure::IngressAddress, line))
            if start_failure::followed_before(view, service, node).is_err() =>
        {
            Ok(Outcome::Note(
                finding(node, failure.message().to_owned(), line).settled_by([gap]),
            ))
        }
        _ => Err(gap),
    }
}

fn finding(node: &str, message: String, evidence: Evidence) -> Finding {
    Finding::new(message, "no free address", vec![evidence])
        .about([format!("Node/{node}")])
        .fix(Fix {
            summary: "free an address before the agent starts again: move a Pod away, or give the node more addresses (prefix \
                      delegation, a further ENI, a larger Pod CIDR)"
                .to_owned(),
            commands: vec![
                format!("kubectl get pods -A -o wide --field-selector spec.nodeName={node}"),
                format!("kubectl cordon {node}"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg status` shows fewer addresses allocated than there are".to_owned(),
        })
}
