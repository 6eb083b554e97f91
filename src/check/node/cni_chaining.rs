//! Cilium is chained to another CNI, which its documentation does not support for L7.

use super::option;
use crate::check::finding::{Confidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Reason, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(5404),
    slug: "cni-chaining",
    hop: Hop::Node,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "Cilium is chained to another CNI, where L7 policies and Envoy are not supported",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
    ],
    page: include_str!("cni_chaining.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable(
            "the limits of chaining concern Envoy, and Envoy does not serve the Service",
        );
    }
    // The CNI of a node is chosen when it joins, so what is asked for today is what runs.
    let mode = match option::declared(view, node, "cni-chaining-mode", "none") {
        Err(gap) if matches!(gap.reason, Reason::Partial(_)) => {
            return not_applicable("nothing says that another CNI takes part");
        }
        mode => mode?,
    };
    if mode.value.is_empty() || mode.value == "none" {
        return not_applicable("Cilium is the only CNI");
    }
    let namespace = view.agent_namespace();
    let mut finding = Finding::new(
        format!(
            "cni-chaining-mode is {}: Cilium's documentation names L7 policies as unsupported then (issue 12454), and what that means \
             for a Gateway or Ingress is not established; TCP checks usually pass",
            mode.value
        ),
        format!("cni-chaining-mode {}", mode.value),
        mode.evidence,
    )
    .about([format!("ConfigMap/{namespace}/cilium-config")])
    .confidence(Confidence::Medium)
    .fix(Fix {
        summary: "nothing to mend as long as requests are answered; if they are not although every hop passes, test with Cilium as \
                  the only CNI (ENI or overlay) on one node group"
            .to_owned(),
        commands: vec![format!(
            "kubectl -n {namespace} get configmap cilium-config -o jsonpath='{{.data.cni-chaining-mode}}'"
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "requests through the load balancer are answered".to_owned(),
    });
    if let Some(assumption) = mode.assumption {
        finding = finding.assuming(assumption);
    }
    Ok(Outcome::Note(finding))
}
