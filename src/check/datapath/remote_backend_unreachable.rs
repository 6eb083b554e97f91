//! The node hands the check on to a backend on another node, and the way there is closed.

use super::between_nodes::{Blocked, Carrier, blocked};
use super::probe::{Probe, entry, unless_answered};
use super::spread::{Forwarding, Remote, forwarding, spread};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::network::ends::list;
use crate::check::network::security_group::Direction;
use crate::check::node::option::option;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path, Target};
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(6306),
    slug: "remote-backend-unreachable",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the way from the node to backends on other nodes is closed",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EndpointSlices,
        Source::AgentStatus,
        Source::Nodes,
        Source::Instances,
        Source::SecurityGroups,
        Source::PrefixLists,
        Source::AgentStartConfig,
        Source::ConfigMaps,
    ],
    page: include_str!("remote_backend_unreachable.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        // Those that the report names and that existed when it was written; where it ends was never found.
        ranges: &[((1, 17, 3), (1, 17, 7)), ((1, 18, 0), (1, 18, 1))],
        link: "https://github.com/cilium/cilium/issues/40978",
        summary: "with WireGuard and chaining to the VPC CNI only the node with the Pod turns healthy, and with 1.17.2 all do (no cause \
                  was found, and no release that mends it is known)",
        branch: "wireguard aws-cni",
    }],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    unless_answered(
        target,
        ask(view, path, target),
        "the check is answered, so a backend is reached",
    )
}

fn ask(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Forwarding { service, found, .. } = match forwarding(view, path, target)? {
        Ok(asked) => asked,
        Err(why) => return not_applicable(why),
    };
    let spread = spread(view, service, &found)?;
    if spread.remote.is_empty() {
        return not_applicable("no backend runs on another node");
    }
    if spread.local > 0 {
        return not_applicable("a part of the checks is answered by a backend on the node itself");
    }
    let Some(group) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    if let Some(finding) = judge(view, service, group, found.node, &spread.remote)? {
        return fail(finding);
    }
    match pattern(view, service, path, target) {
        Some(finding) => Ok(Outcome::Note(finding)),
        None => pass("security groups admit the way to the backends' nodes"),
    }
}

/// What keeps a node from its backends; `None` when nothing that is followed does.
fn judge(
    view: &View<'_>,
    service: &Service,
    group: &AwsName,
    node: &str,
    backends: &[Remote],
) -> Result<Option<Finding>, Gap> {
    let status = view.agent(node).status()?;
    let nodes = view.nodes();
    let tunnel = Carrier::of(view, status, node)?;
    let mut closed: Vec<(Blocked, Carrier, &Remote)> = Vec::new();
    for backend in backends {
        // A backend in the host network has its node's address, and no tunnel leads there.
        let on_host = nodes
            .find("", &backend.node)?
            .is_some_and(|node| node.internal_ips().any(|ip| ip == backend.address));
        let carrier = if on_host { Carrier::Direct } else { tunnel };
        if let Some(blocked) = blocked(view, group, node, backend, carrier)? {
            closed.push((blocked, carrier, backend));
        }
    }
    let Some((first, carrier, backend)) = closed.first() else {
        return Ok(None);
    };
    let (transport, port) = carrier.port(backend.port);
    let what = format!("{} {port} ({})", transport.id(), carrier.name());
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let verb = if first.groups.len() == 1 {
        "does"
    } else {
        "do"
    };
    let ids = list(&first.groups);
    let peers = list(&first.peers);
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &status.origin,
        format!("Node/{node}"),
        "routing, encryption",
        format!(
            "{}, {}{}",
            status.routing.as_ref().map_or("?".to_owned(), |one| {
                format!("{} {}", one.mode, one.tunnel_protocol)
                    .trim_end()
                    .to_owned()
            }),
            status.encryption.as_deref().unwrap_or("?"),
            match &status.node_encryption {
                Some(word) => format!(", node-encryption {word}"),
                None => String::new(),
            }
        ),
    )];
    let region = view.region(group, Source::SecurityGroups)?;
    for group in &first.groups {
        let found = region.security_group(group)?;
        evidence.push(Evidence::new(
            Layer::Declared,
            found.origin,
            format!("SecurityGroup/{group}"),
            first.direction.field(),
            format!(
                "no rule for {what} {} {peers}",
                first.direction.preposition()
            ),
        ));
    }
    let mut objects: BTreeSet<String> = first
        .groups
        .iter()
        .map(|group| format!("SecurityGroup/{group}"))
        .collect();
    objects.insert(format!("Instance/{}", first.instance));
    objects.insert(format!("Service/{id}"));
    let verb_of_rule = match first.direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let commands = first
        .groups
        .first()
        .zip(first.peers.first())
        .map(|(own, peer)| {
            format!(
                "aws ec2 authorize-security-group-{verb_of_rule} --region {} --group-id {own} --ip-permissions \
                 'IpProtocol={},FromPort={port},ToPort={port},UserIdGroupPairs=[{{GroupId={peer}}}]'",
                group.region.1,
                transport.id()
            )
        });
    let finding = Finding::new(
        format!(
            "{ids} {verb} not admit {what} {} {peers}, so nodes without a backend of {id} cannot reach the backends of others",
            first.direction.preposition()
        ),
        format!("{ids} {} {what} {peers}", first.direction.adjective()),
        evidence,
    )
    .about(objects)
    .fix(Fix {
        summary: format!("admit {what} between the nodes: in both directions, from every node group to every other"),
        commands: commands.into_iter().collect(),
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the nodes without a backend of their own turn healthy".to_owned(),
    });
    let partly = closed.len() < backends.len();
    Ok(Some(if partly {
        finding
            .confidence(Confidence::Medium)
            .assuming("a target counts as unhealthy although some of its backends are reached")
    } else if *carrier == Carrier::WireGuard {
        finding
            .confidence(Confidence::Medium)
            .assuming("the agents send what they forward from NodePorts through WireGuard, as those of this version should")
    } else {
        finding
    }))
}

/// Exactly the nodes without a backend of their own are unhealthy, and the security groups do not say why.
///
/// With DSR the answer takes another way, which CLB6305 follows; a node that is not Ready needs no explanation.
fn pattern(view: &View<'_>, service: &Service, path: &Path, target: &Target) -> Option<Finding> {
    if target.state() != Some("unhealthy") {
        return None;
    }
    let (mut without, mut with) = (0_usize, 0_usize);
    let mut evidence = Vec::new();
    for one in &path.targets {
        let node = one.node.as_ref().ok()?;
        let probe = Probe::of(service, path, one).ok()?;
        let found = entry(view, one, probe).ok()?;
        if found.frontend?.flags.has("dsr") || !is_ready(view, node) {
            return None;
        }
        let has_own = spread(view, service, &found).ok()?.local > 0;
        match (has_own, one.state()?) {
            (false, "unhealthy") => without += 1,
            (true, "healthy") => with += 1,
            _ => return None,
        }
        evidence.push(Evidence::new(
            Layer::Programmed,
            &found.bpf.origin,
            format!("Node/{node}"),
            "backends on the node itself, TargetHealth.State",
            format!("{has_own}, {}", one.state()?),
        ));
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let mut decides = format!("{id} pattern");
    if let Some(chained) = wireguard_chained(view, target) {
        evidence.extend(chained);
        decides.push_str(" wireguard aws-cni");
    }
    (without > 0 && with > 0).then(|| {
        Finding::new(
            format!(
                "exactly the nodes without a backend of {id} are unhealthy, as where packets between nodes are lost, and the \
                 security groups admit them"
            ),
            decides,
            evidence,
        )
        .confidence(Confidence::Low)
        .about([format!("Service/{id}")])
        .fix(Fix {
            summary: "follow one check from a node without a backend to the backend's node: routes, network ACLs, a mesh of \
                      WireGuard peers, and the drop counters of both agents before and after"
                .to_owned(),
            commands: vec![
                view.kubectl("exec ds/cilium -c cilium-agent -- cilium-health status --probe"),
                view.kubectl("exec ds/cilium -c cilium-agent -- cilium-dbg monitor -t drop"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the nodes without a backend of their own turn healthy".to_owned(),
        })
    })
}

/// WireGuard between nodes whose Pods the VPC CNI connects, and what says so.
fn wireguard_chained(view: &View<'_>, target: &Target) -> Option<[Evidence; 2]> {
    let node = target.node.as_ref().ok()?;
    let status = view.agent(node).status().ok()?;
    let encryption = status.encryption.as_deref()?;
    let (mode, chained) = option(view, node, "cni-chaining-mode")?;
    (encryption.eq_ignore_ascii_case("wireguard") && mode == "aws-cni").then(|| {
        let row = Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{node}"),
            "encryption",
            encryption,
        );
        [row, chained]
    })
}

fn is_ready(view: &View<'_>, node: &str) -> bool {
    view.nodes()
        .find("", node)
        .ok()
        .flatten()
        .and_then(|node| node.ready())
        .is_some_and(|ready| ready.status == "True")
}
