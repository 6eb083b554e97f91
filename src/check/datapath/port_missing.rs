//! Nothing at all is on a NodePort: what kept the agent from programming it.

use super::exposure::limit;
use super::map_full::map_full;
use super::no_endpoints_object::waiting;
use super::probe::{Entry, Probe, row_key};
use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::option;
use crate::check::node::restart::restart_agent;
use crate::model::Fact;
use crate::model::cilium::statedb::FrontendRow;
use crate::model::kubernetes::Service;

/// What to look at after every fix.
const AFTER: &str = "`cilium-dbg bpf lb list` has a key with the target's address and the NodePort";

/// The finding for a NodePort without any entry of the address's family, `absent` being what shows that.
pub fn port_missing(
    view: &View<'_>,
    service: &Fact<Service>,
    probe: Probe,
    found: &Entry<'_, '_>,
    absent: Vec<Evidence>,
) -> Finding {
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    excluded(view, service, found, &id)
        .or_else(|| family(view, service, probe, found, &id))
        .or_else(|| waiting(view, service, found, &id))
        .or_else(|| map_full(view, probe, found, &id))
        .or_else(|| refused(view, probe, found, &id))
        .or_else(|| behind(view, probe, found, &id))
        .map(|mut finding| {
            finding.evidence.splice(0..0, absent.iter().cloned());
            finding
        })
        .unwrap_or_else(|| unexplained(view, service, probe, found, &id, absent))
        .about([format!("Service/{id}"), format!("Node/{}", found.node)])
}

/// An annotation or label leaves the Service or its NodePorts out.
fn excluded(
    view: &View<'_>,
    service: &Fact<Service>,
    found: &Entry<'_, '_>,
    id: &str,
) -> Option<Finding> {
    let limit = limit(view, service, found.node)?;
    let confidence = if limit.certain {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(
        Finding::new(limit.message, format!("{id} {}", limit.key), limit.evidence)
            .confidence(confidence)
            .fix(Fix {
                summary: "remove it, or take the nodes it leaves out from the target group"
                    .to_owned(),
                commands: vec![limit.command],
                risk: Risk::Safe,
                changes: Vec::new(),
                after: AFTER.to_owned(),
            }),
    )
}

/// The agents do not serve the family of the target's address at all.
fn family(
    view: &View<'_>,
    service: &Fact<Service>,
    probe: Probe,
    found: &Entry<'_, '_>,
    id: &str,
) -> Option<Finding> {
    let (key, family, default) = if found.address.is_ipv6() {
        ("enable-ipv6", "IPv6", "true")
    } else {
        ("enable-ipv4", "IPv4", "true")
    };
    let other = found.bpf.on_port(probe.node_port).next()?;
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        row_key(other.key.address, other.key.port),
        other.raw.as_str(),
    )];
    let option = option::text(view, found.node, key, default).ok();
    let off = option.filter(|option| option.value == "false");
    let families = &service.spec.ip_families;
    let message = if let Some(option) = off {
        evidence.extend(option.evidence);
        format!(
            "{key} is false in the agents, so they serve no NodePort on {family} addresses, which the targets of {id} have"
        )
    } else if !families.is_empty() && !families.iter().any(|one| one == family) {
        evidence.push(Evidence::new(
            Layer::Declared,
            &service.origin,
            format!("Service/{id}"),
            "spec.ipFamilies",
            families.join(","),
        ));
        format!(
            "spec.ipFamilies of {id} is {}, so it has no {family} NodePort, and the targets have {family} addresses",
            families.join(" and ")
        )
    } else {
        return None;
    };
    Some(Finding::new(message, format!("{id} {family}"), evidence).fix(Fix {
        summary: format!(
            "make both of one family: a target group of the addresses that are served, or {family} in Cilium \
             (Helm `{}.enabled=true`) and in `spec.ipFamilies` of the Service (for a Gateway in the CiliumGatewayClassConfig)",
            family.to_ascii_lowercase()
        ),
        commands: vec![format!(
            "kubectl -n {} get service {} -o jsonpath='{{.spec.ipFamilies}} {{.spec.ipFamilyPolicy}}'",
            service.metadata.namespace, service.metadata.name
        )],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: AFTER.to_owned(),
    }))
}

/// The row of the NodePort in the agent's table of frontends, of the family of the target's address.
fn row<'a>(
    view: &View<'a>,
    probe: Probe,
    found: &Entry<'_, '_>,
) -> Option<(&'a Fact<Vec<FrontendRow>>, &'a FrontendRow)> {
    let rows = view.agent(found.node).frontends().ok()?;
    let mut on_port = rows.iter().filter(|row| {
        row.key.port == probe.node_port
            && row.key.protocol != "UDP"
            && row.key.address.is_ipv6() == found.address.is_ipv6()
    });
    let first = on_port.next()?;
    let worst = on_port.find(|row| row.status != "Done");
    Some((
        rows,
        if first.status == "Done" {
            worst.unwrap_or(first)
        } else {
            first
        },
    ))
}

/// The agent tried and failed, or has not come to it.
fn refused(view: &View<'_>, probe: Probe, found: &Entry<'_, '_>, id: &str) -> Option<Finding> {
    let (rows, row) = row(view, probe, found)?;
    let message = match row.status.as_str() {
        "Error" => format!(
            "the agents could not program NodePort {} of {id}: {}",
            probe.node_port, row.error
        ),
        "Pending" => format!(
            "the agents have not programmed NodePort {} of {id}: its status is Pending",
            probe.node_port
        ),
        _ => return None,
    };
    Some(
        Finding::new(
            message,
            format!("{id}:{} {}", probe.node_port, row.status),
            vec![Evidence::new(
                Layer::Programmed,
                &rows.origin,
                format!("Node/{}", found.node),
                format!("frontends {} Status", row.key.port),
                format!("{}: {}", row.status, row.error).trim_end_matches([':', ' ']),
            )],
        )
        .fix(Fix {
            summary: "mend what the error names; where it names nothing, restart the agent, which programs all frontends again"
                .to_owned(),
            commands: vec![
                view.agent_exec(found.node, "cilium-dbg shell -- db/show frontends"),
                restart_agent(view, found.node),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: AFTER.to_owned(),
        }),
    )
}

/// Other agents have the NodePort on addresses of the same family, and this one does not: it is behind.
fn behind(view: &View<'_>, probe: Probe, found: &Entry<'_, '_>, id: &str) -> Option<Finding> {
    let (name, bpf, other) = view
        .agent_nodes()
        .filter(|name| *name != found.node)
        .find_map(|name| {
            let bpf = view.agent(name).bpf().ok()?;
            let mut on_port = bpf.on_port(probe.node_port);
            let other =
                on_port.find(|other| other.key.address.is_ipv6() == found.address.is_ipv6())?;
            Some((name, bpf, other))
        })?;
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &bpf.origin,
        format!("Node/{name}"),
        row_key(other.key.address, other.key.port),
        other.raw.as_str(),
    )];
    let mut cut_off = false;
    if let Ok(status) = view.agent(found.node).status()
        && status.kubernetes.as_deref() == Some("Failure")
    {
        cut_off = true;
        evidence.push(Evidence::new(
            Layer::Observed,
            &status.origin,
            format!("Node/{}", found.node),
            "kubernetes",
            format!("Failure: {}", status.kubernetes_message),
        ));
    }
    Some(
        Finding::new(
            format!(
                "other agents have NodePort {} of {id}, and those of these nodes do not{}",
                probe.node_port,
                if cut_off {
                    ": they cannot reach the API server"
                } else {
                    ""
                }
            ),
            format!("{id}:{} behind", probe.node_port),
            evidence,
        )
        .fix(Fix {
            summary: "mend the agent's connection to the API server; if it has one, restart the agent, which reads all Services again"
                .to_owned(),
            commands: vec![
                view.agent_exec(found.node, "cilium-dbg status --verbose"),
                restart_agent(view, found.node),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: AFTER.to_owned(),
        }),
    )
}

fn unexplained(
    view: &View<'_>,
    service: &Service,
    probe: Probe,
    found: &Entry<'_, '_>,
    id: &str,
    absent: Vec<Evidence>,
) -> Finding {
    let (own, other) = match found.address.is_ipv6() {
        true => ("IPv6", "IPv4"),
        false => ("IPv4", "IPv6"),
    };
    let which = if found.bpf.on_port(probe.node_port).next().is_some() {
        format!("for any {own} address, and have one for {other}")
    } else {
        "whatever the address".to_owned()
    };
    Finding::new(
        format!(
            "the agents have no entry on NodePort {} of {id}, {which}",
            probe.node_port
        ),
        format!("{id}:{}", probe.node_port),
        absent,
    )
    .fix(Fix {
        summary: "see why the agent did not program the Service: an error of the frontends table, an agent that \
                  does not follow the API server, and up to 1.17 a Service without any Endpoints object"
            .to_owned(),
        commands: vec![
            format!(
                "kubectl -n {} get service {} -o yaml",
                service.metadata.namespace, service.metadata.name
            ),
            view.agent_exec(found.node, "cilium-dbg shell -- db/show frontends"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: AFTER.to_owned(),
    })
}
