//! A client on a node that is itself a target: the balancer may send it back to its own node, where the packet
//! would carry one address as source and destination.

use super::preservation::{
    PRESERVE, attribute_evidence, network_balancer, preserved, target_group,
};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::balancer_nodes::balancer;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::target_group::attribute_fix;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8201),
    slug: "hairpin",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "clients on a target's own node reach the load balancer only sometimes",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::HubbleFlows,
        Source::LoadBalancers,
        Source::NetworkInterfaces,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("hairpin.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    // Flows are the only evidence of who the clients are; without any the question is not posed.
    if view.flows().next().is_none() {
        return not_applicable("no flow record tells who the clients are");
    }
    let (Some((name, region)), Some((_, group))) =
        (network_balancer(view, path)?, target_group(view, path)?)
    else {
        return not_applicable("there is no Network Load Balancer with a target group");
    };
    let ipv6 = group.ip_address_type.as_deref() == Some("ipv6");
    // What goes to a public address of the balancer leaves the VPC and comes back with a public source: no hairpin.
    let addresses: BTreeSet<String> = balancer(&region, &name.name, ipv6)?
        .nodes
        .iter()
        .filter_map(|node| Some(node.address.as_ref().ok()?.to_string()))
        .collect();
    let targets: BTreeSet<&String> = path
        .targets
        .iter()
        .filter_map(|target| target.node.as_ref().ok())
        .collect();
    let port = path.listener.found().copied().unwrap_or(path.port);
    let mut evidence = Vec::new();
    let mut nodes = BTreeSet::new();
    for (node, flows) in view.flows() {
        // Traffic to an address outside of the cluster is seen on the client's node alone.
        let to_balancer = flows.iter().find(|flow| {
            addresses.contains(&flow.destination) && flow.destination_port == Some(port)
        });
        if let Some(flow) = to_balancer.filter(|_| targets.contains(&node.to_owned())) {
            nodes.insert(format!("Node/{node}"));
            evidence.push(Evidence::new(
                Layer::Observed,
                &flows.origin,
                format!("Node/{node}"),
                "flow",
                format!("{} -> {}:{port}", flow.source, flow.destination),
            ));
        }
    }
    if nodes.is_empty() {
        return pass(
            "no recorded flow goes from a target's node to a private address of the load balancer",
        );
    }
    if !preserved(&region, &group)? {
        return pass("client addresses are not preserved, so a node may be its own target");
    }
    let Some(of_group) = path.target_group.found() else {
        return not_applicable("there is no target group");
    };
    evidence.push(attribute_evidence(&region, &group, PRESERVE)?);
    fail(
        Finding::new(
            format!(
                "{PRESERVE} is true on {}, and clients on its own target nodes use the load balancer: whenever it picks \
                 the client's own node, the connection times out",
                group.target_group_name
            ),
            group.target_group_name.clone(),
            evidence,
        )
        .about(nodes)
        .fix(Fix {
            summary: "let clients in the cluster use the Service's own name, or switch client IP preservation off (targets \
                      then see the load balancer's address; PROXY protocol v2 can carry the client's)"
                .to_owned(),
            commands: vec![attribute_fix::command(
                view, path, &region, of_group, PRESERVE, "false",
            )?],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "connections from these nodes succeed every time".to_owned(),
        }),
    )
}
