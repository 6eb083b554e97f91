//! Network policies of the backends drop what the NodePort hands on to them.

use super::backend_policies::{Selecting, selecting};
use super::policy::{NODE, OUTSIDE, Packet, Ruling};
use super::probe::{Probe, entry};
use super::spread::spread;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::balancer_nodes::balancer;
use crate::check::network::ends::list;
use crate::check::node::enforcement::{Enforcement, enforcement};
use crate::check::node::option::Text;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::{Path, Target};
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6309),
    slug: "backend-policy-drops",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "network policies of the backends do not admit the health check",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EndpointSlices,
        Source::Pods,
        Source::Nodes,
        Source::CiliumPolicies,
        Source::ClusterwidePolicies,
        Source::NetworkPolicies,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::DbConfigs,
        Source::LoadBalancers,
        Source::NetworkInterfaces,
    ],
    page: include_str!("backend_policy_drops.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("the node's own Envoy answers for a Gateway or Ingress");
    }
    let probe = match Probe::of(service, path, target) {
        Ok(probe) if !probe.of_agent => probe,
        Ok(_) => return not_applicable("the agent itself answers, no backend"),
        Err(why) => return not_applicable(why),
    };
    if target.state() == Some("healthy") {
        return pass("the check is answered, so no policy stops it");
    }
    // Nothing points at a policy where AWS does not say that the check fails and no policy was read.
    let listed = view.cilium_policies().known().next().is_some()
        || view.network_policies().known().next().is_some()
        || view.clusterwide_policies().known().next().is_some();
    if target.state() != Some("unhealthy") && !listed {
        return not_applicable(
            "no policy was read, and AWS reports no failed check that one would have to explain",
        );
    }
    let found = entry(view, target, probe)?;
    let Some(frontend) = found
        .frontend
        .filter(|frontend| frontend.backend_count() > 0)
    else {
        return not_applicable("there is no entry with backends");
    };
    let always = match enforcement(view, found.node)? {
        Enforcement::Off(why) => return pass(why),
        Enforcement::Selected => None,
        Enforcement::Always(says) => Some(says),
    };
    let chosen = &frontend.backends;
    let selecting = match selecting(view, service, chosen, found.node, always.is_some())? {
        Ok(selecting) => selecting,
        Err(why) => return not_applicable(why),
    };
    if selecting.is_empty() && always.is_none() {
        return pass("no policy selects the backends");
    }
    let spread = spread(view, service, &found)?;
    let Some(port) = frontend.backends.first().map(|backend| backend.port) else {
        return not_applicable("there is no entry with backends");
    };
    let ruling = |packet: &Packet<'_>| selecting.ruling(packet, always.is_some());
    let mut rulings = Vec::new();
    if !spread.remote.is_empty() {
        // What goes on to another node carries the address of this one.
        rulings.push((
            "nodes",
            ruling(&Packet {
                source: found.address,
                from_node: true,
                port,
                entities: NODE,
            }),
        ));
    }
    if spread.local > 0 {
        for address in sources(view, path, found.address.is_ipv6())? {
            rulings.push((
                "the load balancer",
                ruling(&Packet {
                    source: address,
                    from_node: false,
                    port,
                    entities: OUTSIDE,
                }),
            ));
        }
    }
    if rulings.iter().any(|(_, ruling)| *ruling == Ruling::Unclear) {
        return Err(selecting.unclear());
    }
    let dropped: Vec<(&str, Ruling)> = rulings
        .iter()
        .copied()
        .filter(|(_, ruling)| *ruling != Ruling::Passes)
        .collect();
    let Some((_, first)) = dropped.first() else {
        return pass("the policies of the backends admit the check");
    };
    if dropped.len() < rulings.len() {
        return not_applicable("a part of the checks is admitted by the policies of the backends");
    }
    let mut from: Vec<&str> = dropped.iter().map(|(from, _)| *from).collect();
    from.dedup();
    fail(finding(
        service,
        &selecting,
        port,
        &from,
        *first == Ruling::Denied,
        always,
    ))
}

/// The addresses that checks come from.
fn sources(view: &View<'_>, path: &Path, ipv6: bool) -> Result<Vec<IpAddr>, Gap> {
    let Some(name) = path.load_balancer.read()? else {
        return Ok(Vec::new());
    };
    let region = view.region(name, Source::LoadBalancers)?;
    balancer(&region, &name.name, ipv6)?
        .nodes
        .into_iter()
        .map(|node| node.address)
        .collect()
}

fn finding(
    service: &Service,
    selecting: &Selecting<'_>,
    port: u16,
    from: &[&str],
    denied: bool,
    always: Option<Text>,
) -> Finding {
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let objects = selecting.objects();
    let said = if denied { "denies" } else { "no rule for" };
    let policies: Vec<_> = selecting
        .origins()
        .flat_map(|(object, origin)| {
            from.iter().map(move |from| {
                Evidence::new(
                    Layer::Declared,
                    origin,
                    object,
                    "spec.ingress",
                    format!("{said} tcp {port} from {from}"),
                )
            })
        })
        .collect();
    let mode = if always.is_some() {
        "enable-policy is always, and "
    } else {
        ""
    };
    let (subject, verb) = match (objects.as_slice(), denied) {
        // Without one only the mode drops.
        ([], _) => (
            format!("no policy selects the backends of {id}: they"),
            "do not admit",
        ),
        ([one], true) => (format!("{one} selects the backends of {id} and"), "denies"),
        ([one], false) => (
            format!("{one} selects the backends of {id} and"),
            "does not admit",
        ),
        (_, true) => (
            format!("{} select the backends of {id} and", list(&objects)),
            "deny",
        ),
        (_, false) => (
            format!("{} select the backends of {id} and", list(&objects)),
            "do not admit",
        ),
    };
    let decides = match always {
        Some(_) => format!("{id}: always {}", objects.join(", ")),
        None => format!("{id}: {}", objects.join(", ")),
    };
    let mode_says = always.iter().flat_map(|says| says.evidence.clone());
    let assumption = always.as_ref().and_then(|says| says.assumption.clone());
    // The source differs from node to node; the cause does not.
    let mut finding = Finding::new(
        format!("{mode}{subject} {verb} what load balancer and nodes send to their port {port}"),
        decides,
        mode_says.chain(policies).collect(),
    )
    .about(objects.clone())
    .about([format!("Service/{id}")])
    .fix(Fix {
        summary: format!(
            "admit port {port} of the backends from outside and from nodes: a check that arrives at the backend's own node \
             counts as world, one that another node hands on counts as remote-node"
        ),
        commands: vec![format!(
            "kubectl -n {} apply -f -   # CiliumNetworkPolicy: endpointSelector of the backends, ingress fromEntities [world, \
             remote-node, host], toPorts {port}/TCP",
            service.metadata.namespace
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "`cilium-dbg monitor -t drop` on a backend's node shows no \"Policy denied\" for the port, and the targets turn \
                healthy"
            .to_owned(),
    });
    finding.assumptions.extend(assumption);
    finding
}
