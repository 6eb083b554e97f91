//! The balancer lets clients in whose own addresses the target's security groups keep out.

use super::client_ranges::{Admitted, admitted, clients};
use super::preservation::{PRESERVE, attribute_evidence, preserved, target_group};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::network::ends::{Question, ends, list};
use crate::check::network::ingress::Ingress;
use crate::check::network::ports::Ports;
use crate::check::network::rule_fix::authorize;
use crate::check::network::security_group::{Direction, Verdict};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8202),
    slug: "client-range-not-admitted",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the target's security groups admit the health check and not the clients",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::LoadBalancers,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::SecurityGroups,
        Source::PrefixLists,
    ],
    page: include_str!("client_range_not_admitted.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let Some((region, group)) = target_group(view, path)? else {
        return not_applicable("there is no target group");
    };
    if group.protocol != "TCP" {
        return not_applicable("only TCP keeps one connection from client to target");
    }
    let ids = ends.target.groups.clone()?;
    let ingress = Ingress::new(&ends)?;
    let checked = |node| ingress.verdict(node, ends.port);
    if (0..ends.balancer.nodes.len()).any(|node| checked(node) == Verdict::Deny) {
        return not_applicable("the health check itself is not admitted (CLB4102)");
    }
    let groups = ends.groups(&ids);
    let of_balancer = ends.balancer.groups.clone()?;
    let port = path.listener.found().copied().unwrap_or(path.port);
    let ipv6 = group.ip_address_type.as_deref() == Some("ipv6");
    let clients = clients(view, &ends, &of_balancer, port, ipv6)?;
    let ask = |port| admitted(&ends, &groups, &of_balancer, port, &clients.blocks, ipv6);
    let verdict = ask(target.port)?;
    if verdict == Admitted::Everybody {
        return pass("the target's security groups admit the clients");
    }
    // Asked last: where everybody is admitted, it does not matter whose address is seen.
    if !preserved(&region, &group)? {
        return pass("targets see the load balancer's addresses, not the clients'");
    }
    let (kept_out, every) = match (&verdict, &clients.others) {
        (Admitted::Everybody | Admitted::All, None) => {
            return pass("the target's security groups admit the clients");
        }
        (Admitted::Everybody | Admitted::All, Some(gap)) => return Err(gap.clone()),
        // Others may be admitted whose addresses are not known.
        (Admitted::Some(kept_out), _) | (Admitted::None(kept_out), Some(_)) => (kept_out, false),
        (Admitted::None(kept_out), None) => (kept_out, true),
    };
    // What keeps clients from one port keeps them from its siblings: one rule mends them all.
    let ports: Ports = view
        .paths()
        .iter()
        .filter(|other| other.load_balancer == path.load_balancer)
        .flat_map(|other| other.targets.iter().map(|target| target.port))
        .filter(|port| ask(*port).is_ok_and(|of| of == verdict))
        .collect();
    let mut evidence = Vec::new();
    for id in &ids {
        evidence.push(Evidence::new(
            Layer::Declared,
            ends.region.security_group(id)?.origin,
            format!("SecurityGroup/{id}"),
            Direction::Ingress.field(),
            format!("no rule for tcp {ports} from {}", kept_out.join(", ")),
        ));
    }
    evidence.push(Evidence::new(
        Layer::Declared,
        ends.balancer.lb.origin,
        format!("LoadBalancer/{}", ends.name.name),
        "Scheme",
        ends.balancer.lb.scheme.clone(),
    ));
    evidence.push(attribute_evidence(&region, &group, PRESERVE)?);
    let finding = Finding::new(
        format!(
            "{} does not admit {} on tcp {}, and {PRESERVE} is true: packets arrive with the client's address, so these \
             clients time out while the health check passes",
            list(&ids),
            list(kept_out),
            ports
        ),
        format!("{} {}", ids.join(","), kept_out.join(",")),
        evidence,
    )
    .about(ids.iter().map(|id| format!("SecurityGroup/{id}")))
    .fix(Fix {
        summary: match of_balancer.first() {
            Some(id) => format!("admit what comes through the load balancer, by its security group {id}"),
            None => "admit the clients on the target's port, or switch client IP preservation off".to_owned(),
        },
        commands: vec![authorize(
            &ends.name.region,
            Direction::Ingress,
            ids.first().copied().unwrap_or_default(),
            &ports,
            &match of_balancer.first() {
                Some(id) => vec![(*id).to_owned()],
                None => kept_out.clone(),
            },
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "clients of these addresses connect".to_owned(),
    });
    match (every, ends.balancer.lb.scheme.as_str()) {
        (true, _) => fail(finding),
        // Somebody on the internet is among those kept out.
        (false, "internet-facing") => fail(
            finding
                .confidence(Confidence::Medium)
                .assuming("clients come from all addresses that the load balancer admits"),
        ),
        // Inside a network, the addresses kept out may be those that nobody has.
        (false, _) => Ok(Outcome::Note(finding.confidence(Confidence::Low))),
    }
}
