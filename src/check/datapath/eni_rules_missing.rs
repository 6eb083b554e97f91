//! ENI mode: the rules that send answers back through the interface they came in by are gone.

use super::probe::{Probe, entry, unless_answered};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::option::option;
use crate::check::node::restart::restart_agent;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::workload::endpoints::Endpoints;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6307),
    slug: "eni-rules-missing",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the connection marks of ENI mode are missing, so answers leave by the wrong interface",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EndpointSlices,
        Source::AgentConfig,
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::ConfigMaps,
        Source::Iptables,
    ],
    page: include_str!("eni_rules_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    unless_answered(
        target,
        ask(view, path, target),
        "the check is answered, so answers find their way",
    )
}

fn ask(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("the node's own Envoy answers for a Gateway or Ingress");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if !probe.of_agent => probe,
        Ok(_) => return not_applicable("the agent itself answers, by the way the check came"),
        Err(why) => return not_applicable(why),
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let (mode, of_mode) = ipam(view, node)?;
    if mode != "eni" {
        return not_applicable(
            "the agents do not take Pod addresses from network interfaces (ENI mode)",
        );
    }
    let found = entry(view, target, probe)?;
    if found.frontend.is_some() {
        return not_applicable(
            "the datapath itself translates the answers back, before the rules of the Pod's interface are asked",
        );
    }
    if !found.is_left_to_kube_proxy(view)? {
        return not_applicable("there is no entry that could forward");
    }
    if Endpoints::of(view, service)?.ready_on(node) == 0 {
        return not_applicable("no backend runs on the node itself");
    }
    let rules = view.agent(node).eni_rules()?;
    if rules.complete() {
        return pass("the marks of ENI mode are in place");
    }
    if !rules.chain {
        return Err(Gap::new(
            Source::Iptables,
            format!("node {node}"),
            Reason::Partial("Cilium's chain of the mangle table is not in it".to_owned()),
        ));
    }
    let evidence = vec![
        of_mode,
        Evidence::new(
            Layer::Programmed,
            &rules.origin,
            format!("Node/{node}"),
            "CILIUM_PRE_mangle \"cilium: primary ENI\"",
            match rules.rules.first() {
                Some(rule) => format!("only {rule}"),
                None => "no rule".to_owned(),
            },
        ),
    ];
    fail(
        Finding::new(
            "ipam is eni, and the mangle table lacks the rules \"cilium: primary ENI\" with --set-xmark and --restore-mark: \
             answers of Pods on secondary interfaces leave by those, and AWS drops them",
            "primary ENI rules",
            evidence,
        )
        .confidence(Confidence::Medium)
        .assuming("the backend's address is one of a secondary interface")
        .about([format!("Node/{node}")])
        .fix(Fix {
            summary: "restart the agent of the node, which writes its rules again, and find what flushes the mangle table"
                .to_owned(),
            commands: vec![restart_agent(view, node)],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`iptables-save -t mangle` shows both rules \"cilium: primary ENI\", and the nodes with a backend turn healthy"
                .to_owned(),
        }),
    )
}

/// Where Pod addresses come from: `config --all`, the files the agent booted from, or cilium-config.
fn ipam(view: &View<'_>, node: &str) -> Result<(String, Evidence), Gap> {
    let running = view.agent(node).running();
    if let Ok(config) = &running
        && let Some(mode) = config.get("ipam")
    {
        let evidence = Evidence::new(
            Layer::Programmed,
            &config.origin,
            format!("Node/{node}"),
            "IPAM (running)",
            mode,
        );
        return Ok((mode.to_owned(), evidence));
    }
    option(view, node, "ipam").ok_or_else(|| match running {
        Err(gap) => gap,
        Ok(_) => Gap::new(
            Source::AgentConfig,
            format!("node {node}"),
            Reason::Partial("IPAM is not in it".to_owned()),
        ),
    })
}
