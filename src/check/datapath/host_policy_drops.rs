//! The host firewall drops a check that goes to a process of the node itself.

use super::identity_labels::Filter;
use super::policy::{OUTSIDE, Packet, Ruling, Tally};
use super::probe::{Probe, unless_answered};
use super::selector::{Labels, selects};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::balancer_nodes::balancer;
use crate::check::network::ends::list;
use crate::check::network::pair::{Judgement, Reach, Zone, cross_zone, judge};
use crate::check::node::enforcement::{Enforcement, enforcement};
use crate::check::node::option::option;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::CiliumPolicy;
use crate::model::kubernetes::policy::CiliumRule;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{Path, Target};
use std::net::IpAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6308),
    slug: "host-policy-drops",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "policies for nodes do not admit the health check",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::AgentStatus,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::DbConfigs,
        Source::Pods,
        Source::ClusterwidePolicies,
        Source::Nodes,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroupAttributes,
        Source::NetworkInterfaces,
    ],
    page: include_str!("host_policy_drops.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    unless_answered(
        target,
        ask(view, path, target),
        "the check is answered, so no policy stops it",
    )
}

fn ask(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let port = target.check.port;
    if let Some(service) = view.service()?
        && let Ok(probe) = Probe::of(service, path, target)
        && !probe.of_agent
    {
        return not_applicable("Cilium answers for NodePorts before policies for nodes are asked");
    }
    let node = match &target.node {
        Ok(node) => node,
        Err(_) if target.id.parse::<IpAddr>().is_ok() => {
            return not_applicable("the target is a Pod, not a node");
        }
        Err(gap) => return Err(gap.clone()),
    };
    let firewall = match firewall(view, node)? {
        Some(evidence) => evidence,
        None => return pass("the host firewall is off"),
    };
    let always = match enforcement(view, node)? {
        Enforcement::Off(why) => return pass(why),
        Enforcement::Selected => false,
        Enforcement::Always(_) => true,
    };
    let selecting = selecting(view, node)?;
    if selecting.is_empty() && !always {
        return pass("no CiliumClusterwideNetworkPolicy selects the node");
    }
    let (Some(name), Some(group)) = (path.load_balancer.read()?, path.target_group.read()?) else {
        return not_applicable("there is no load balancer");
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let balancer = balancer(
        &region,
        &name.name,
        target.address.as_ref().is_ok_and(IpAddr::is_ipv6),
    )?;
    let mut rulings = Vec::new();
    for of_balancer in &balancer.nodes {
        let reach = match &of_balancer.address {
            Err(gap) => Reach::Unknown(gap.clone()),
            Ok(address) => reach(node, &selecting, *address, port, always),
        };
        rulings.push((of_balancer.zone, reach));
    }
    let zone = match &target.zone {
        Some(zone) => Zone::Known(zone),
        None => Zone::Unknown(Gap::not_collected(Source::Nodes, node.as_str())),
    };
    let cross = || cross_zone(&region, &name.name, &group.name);
    match judge(&zone, rulings, cross) {
        Judgement::Works => pass("the policies for the node admit the check"),
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Broken { first, every } => {
            let finding = finding(&policies(&selecting), node, port, first, firewall);
            fail(if every {
                finding
            } else {
                finding
                    .confidence(Confidence::Medium)
                    .assuming("a target counts as unhealthy although some balancer nodes reach it")
            })
        }
    }
}

/// What says that the host firewall is on; `None` when it is off.
fn firewall(view: &View<'_>, node: &str) -> Result<Option<Evidence>, Gap> {
    let agent = view.agent(node);
    let subject = format!("Node/{node}");
    let status = agent.status()?;
    if let Some(mode) = &status.host_firewall {
        let on = !mode.eq_ignore_ascii_case("disabled");
        return Ok(on.then(|| {
            Evidence::new(
                Layer::Programmed,
                &status.origin,
                subject,
                "host-firewall.mode",
                mode.as_str(),
            )
        }));
    }
    if let Ok(config) = agent.running()
        && let Some(text) = config.get("enable-host-firewall")
    {
        return Ok((text == "true").then(|| {
            Evidence::new(
                Layer::Programmed,
                &config.origin,
                subject,
                "EnableHostFirewall (running)",
                text,
            )
        }));
    }
    match option(view, node, "enable-host-firewall") {
        Some((text, evidence)) => Ok((text == "true").then_some(evidence)),
        None => Err(Gap::new(
            Source::AgentStatus,
            format!("node {node}"),
            Reason::Partial("host-firewall is not in it".to_owned()),
        )),
    }
}

/// A rule about what the node receives, after its policy.
type Selecting<'a> = (&'a Fact<CiliumPolicy>, &'a CiliumRule);

/// The rules that select the node: by the labels of its endpoint, which are not all labels of the Node.
fn selecting<'a>(view: &View<'a>, node: &str) -> Result<Vec<Selecting<'a>>, Gap> {
    let object = view
        .nodes()
        .find("", node)?
        .ok_or_else(|| Gap::not_collected(Source::Nodes, node))?;
    let filter = Filter::of(view, node);
    let labels = Labels {
        known: &object.metadata.labels,
        all: true,
        filter: &filter,
    };
    let mut found = Vec::new();
    for policy in view.clusterwide_policies().all("")? {
        for rule in policy.rules().filter(|rule| rule.is_about_ingress()) {
            let Some(selector) = &rule.node_selector else {
                continue;
            };
            // Labels that Cilium adds to nodes are in no reading.
            let holds = selects(selector, labels).ok_or_else(|| {
                filter.gap_or(|| {
                    Gap::new(
                        Source::ClusterwidePolicies,
                        policy.metadata.name.clone(),
                        Reason::Unreadable(
                            "its nodeSelector names labels that are not followed".to_owned(),
                        ),
                    )
                })
            })?;
            if holds {
                found.push((policy, rule));
            }
        }
    }
    Ok(found)
}

/// Whether a balancer node's check gets through: where it does not, its address, and whether a rule denies it.
///
/// With `always` the node's endpoint may be in default deny without any rule, which no reading shows.
fn reach(
    node: &str,
    rules: &[Selecting<'_>],
    source: IpAddr,
    port: u16,
    always: bool,
) -> Reach<(IpAddr, bool)> {
    let packet = Packet {
        source,
        from_node: false,
        port,
        entities: OUTSIDE,
    };
    let mut tally = Tally::default();
    for (_, rule) in rules {
        tally.cilium(rule, true, &packet);
    }
    let unknown = |source, about, why: &str| {
        Reach::Unknown(Gap::new(source, about, Reason::Unreadable(why.to_owned())))
    };
    match tally.ruling() {
        Ruling::Passes if always && !tally.admitted => unknown(
            Source::AgentConfig,
            format!("node {node}"),
            "enable-policy is always, and what the node itself drops then is not followed",
        ),
        Ruling::Passes => Reach::Works,
        Ruling::Dropped => Reach::Broken((source, false)),
        Ruling::Denied => Reach::Broken((source, true)),
        Ruling::Unclear => unknown(
            Source::ClusterwidePolicies,
            names(&policies(rules)).join(", "),
            "a rule names sources or ports in a way that is not followed",
        ),
    }
}

/// The policies of rules, each once.
fn policies<'a>(rules: &[Selecting<'a>]) -> Vec<&'a Fact<CiliumPolicy>> {
    let mut policies: Vec<_> = rules.iter().map(|(policy, _)| *policy).collect();
    policies.dedup_by_key(|policy| &policy.metadata.name);
    policies
}

fn names(policies: &[&Fact<CiliumPolicy>]) -> Vec<String> {
    policies
        .iter()
        .map(|policy| policy.metadata.name.clone())
        .collect()
}

fn finding(
    policies: &[&Fact<CiliumPolicy>],
    node: &str,
    port: u16,
    (source, denied): (IpAddr, bool),
    firewall: Evidence,
) -> Finding {
    let names = names(policies);
    let mut evidence = vec![firewall];
    evidence.extend(policies.iter().map(|policy| {
        Evidence::new(
            Layer::Declared,
            &policy.origin,
            format!("CiliumClusterwideNetworkPolicy/{}", policy.metadata.name),
            "spec.ingress",
            if denied {
                format!("denies tcp {port} from {source}")
            } else {
                format!("no rule for tcp {port} from {source}")
            },
        )
    }));
    let mut objects: Vec<String> = names
        .iter()
        .map(|name| format!("CiliumClusterwideNetworkPolicy/{name}"))
        .collect();
    objects.push(format!("Node/{node}"));
    let subject = if names.len() == 1 {
        format!("CiliumClusterwideNetworkPolicy {} selects", list(&names))
    } else {
        format!("CiliumClusterwideNetworkPolicies {} select", list(&names))
    };
    Finding::new(
        format!(
            "the host firewall is on, and {subject} these nodes and {} tcp {port} from the load balancer",
            match (denied, names.len()) {
                (true, 1) => "denies",
                (true, _) => "deny",
                (false, 1) => "does not admit",
                (false, _) => "do not admit",
            }
        ),
        format!("{} {port}", names.join(", ")),
        evidence,
    )
    .about(objects)
    .fix(Fix {
        summary: format!(
            "admit tcp {port} from the subnets of the load balancer to the nodes (fromCIDR, or fromEntities world){}",
            if denied { ", and take them out of ingressDeny" } else { "" }
        ),
        commands: names
            .iter()
            .map(|name| format!("kubectl edit ciliumclusterwidenetworkpolicy {name}   # spec.ingress: toPorts {port}/TCP"))
            .collect(),
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "`cilium-dbg monitor -t drop` on a node shows no \"Policy denied\" for the port, and the targets turn healthy".to_owned(),
    })
}
