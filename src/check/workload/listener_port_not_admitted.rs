//! The balancer's own security groups let nobody in on the listener's port; checks do not pass them.

use super::preservation::network_balancer;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::ends::list;
use crate::check::network::ports::Ports;
use crate::check::network::rule_fix::authorize;
use crate::check::network::security_group::{Direction, Groups, RulePorts, carries_tcp, peers};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::security_group::IpPermission;
use crate::model::{Gap, Reason, Source};
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8203),
    slug: "listener-port-not-admitted",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the load balancer's security groups let no client in on the listener's port",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::SecurityGroups,
    ],
    page: include_str!("listener_port_not_admitted.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some((name, region)) = network_balancer(view, path)? else {
        return not_applicable("there is no Network Load Balancer");
    };
    let Some(port) = path.listener.read()? else {
        return not_applicable("there is no listener on this port");
    };
    if path.protocol != "TCP" {
        return not_applicable("the rules of other protocols than TCP are not read");
    }
    let lb = region.load_balancer(&name.name)?;
    let ids: Vec<&str> = lb.security_groups.iter().map(String::as_str).collect();
    if ids.is_empty() {
        return pass("the load balancer has no security group, which admits everybody");
    }
    let mut groups = Groups::default();
    let mut evidence = Vec::new();
    for id in &ids {
        match region.security_group(id) {
            Ok(group) => {
                groups.known.push(group.value);
                evidence.push(Evidence::new(
                    Layer::Declared,
                    group.origin,
                    format!("SecurityGroup/{id}"),
                    Direction::Ingress.field(),
                    format!("no rule for tcp {port}"),
                ));
            }
            Err(gap) => groups.missing = groups.missing.or(Some(gap)),
        }
    }
    match admits_somebody(&groups, *port) {
        Ok(true) => return pass("the load balancer's security groups admit clients"),
        Ok(false) => {}
        Err(gap) => return Err(gap),
    }
    let first = ids.first().copied().unwrap_or_default();
    let ports: Ports = [*port].into_iter().collect();
    let clients = view
        .service()?
        .map(|service| service.spec.load_balancer_source_ranges.clone())
        .filter(|ranges| !ranges.is_empty())
        .unwrap_or_else(|| vec!["0.0.0.0/0".to_owned()]);
    // "on" where AWS lists nothing (guide "Security groups for your Network Load Balancer").
    let private_link = lb
        .enforce_security_group_inbound_rules_on_private_link_traffic
        .as_deref();
    let who = if private_link == Some("off") {
        evidence.push(Evidence::new(
            Layer::Declared,
            lb.origin,
            format!("LoadBalancer/{}", name.name),
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            "off",
        ));
        "every client of this listener times out but those that come through PrivateLink"
    } else {
        "every client of this listener times out"
    };
    fail(
        Finding::new(
            format!(
                "{} admits nobody on tcp {port}: {who}, while health checks, which leave the load balancer, pass",
                list(&ids)
            ),
            format!("{} {port}", ids.join(",")),
            evidence,
        )
        .about(ids.iter().map(|id| format!("SecurityGroup/{id}")))
        .fix(Fix {
            summary: format!("admit the clients of tcp {port}; narrow the range to those that should reach it"),
            commands: vec![authorize(
                &name.region,
                Direction::Ingress,
                first,
                &ports,
                &clients,
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "a client connects".to_owned(),
        }),
    )
}

/// Whether any rule admits anybody on a port.
fn admits_somebody(groups: &Groups<'_>, port: u16) -> Result<bool, Gap> {
    let mut unreadable = None;
    for group in &groups.known {
        for rule in group
            .ip_permissions
            .iter()
            .filter(|rule| names_a_peer(rule))
        {
            match RulePorts::of(rule) {
                RulePorts::All => return Ok(true),
                RulePorts::Range(from, to) if (from..=to).contains(&port) => return Ok(true),
                RulePorts::Range(..) => {}
                RulePorts::Invalid => {
                    unreadable = Some(Gap::new(
                        Source::SecurityGroups,
                        &group.group_id,
                        Reason::Unreadable(format!(
                            "ports {:?} to {:?}",
                            rule.from_port, rule.to_port
                        )),
                    ));
                }
            }
        }
    }
    match groups.missing.clone().or(unreadable) {
        Some(gap) => Err(gap),
        None => Ok(false),
    }
}

fn names_a_peer(rule: &IpPermission) -> bool {
    carries_tcp(&rule.ip_protocol) && peers(rule).next().is_some()
}
