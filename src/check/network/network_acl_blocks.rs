//! A network ACL denies the check or all of its answers.

use super::acl_fix::{Scope, fix};
use super::acl_legs::{Between, Closed};
use super::balancer_nodes::BalancerNode;
use super::ends::{Ends, Question, ends};
use super::network_acl::{CLOSING_RULE, REPLY_PORTS, describe, share_of_replies};
use super::pair::{Judgement, Reach, cross_zone, judge, must_work};
use super::ports::Ports;
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4201),
    slug: "network-acl-blocks",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a network ACL denies the health check or its answer",
    since: "0.1.0",
    needs: &[
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::NetworkAcls,
        Source::Subnets,
    ],
    page: include_str!("network_acl_blocks.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let subnet = ends.target.subnet.clone()?;
    if ends.balancer.nodes.iter().all(|node| node.subnet == subnet) {
        return not_applicable("no network ACL applies inside one subnet");
    }
    let cross = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
    let mut partly: Option<Closed<'_>> = None;
    let mut pairs = Vec::new();
    for node in &ends.balancer.nodes {
        if node.subnet == subnet {
            pairs.push((node.zone, Reach::Works));
            continue;
        }
        let closed = between(&ends, node, subnet)
            .and_then(|between| between.closed(&ends.region, ends.port));
        let reach = match closed {
            Ok(None) => Reach::Works,
            Ok(Some(closed)) if closed.passing.is_empty() => Reach::Broken(closed),
            Ok(Some(closed)) => {
                if partly.is_none() && must_work(&ends.target.zone, node.zone, cross) {
                    partly = Some(closed);
                }
                Reach::Works
            }
            Err(gap) => Reach::Unknown(gap),
        };
        pairs.push((node.zone, reach));
    }
    match judge(&ends.target.zone, pairs, cross) {
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Works => match partly {
            Some(closed) => Ok(Outcome::Note(flapping(view, &ends, path, &closed))),
            None => pass("network ACLs let the check through in both directions"),
        },
        Judgement::Broken { first, every } => {
            let finding = blocked(view, &ends, path, &first);
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

fn between<'a>(
    ends: &Ends<'_, 'a>,
    node: &BalancerNode<'a>,
    subnet: &'a str,
) -> Result<Between<'a>, Gap> {
    Ok(Between {
        balancer_subnet: node.subnet,
        balancer: node.address.clone()?,
        target_subnet: subnet,
        target: ends.target.address.clone()?,
    })
}

fn blocked(view: &View<'_>, ends: &Ends<'_, '_>, path: &Path, closed: &Closed<'_>) -> Finding {
    let scope = Scope::of(view, ends, path, closed);
    let acl = &closed.acl.value.network_acl_id;
    let leg = closed.leg;
    let what = if leg.is_reply() {
        format!(
            "answers on tcp {}",
            Ports::range(REPLY_PORTS.0, REPLY_PORTS.1)
        )
    } else {
        format!("tcp {}", scope.ports)
    };
    let message = if !closed.ruling.allowed().is_empty() {
        format!(
            "{acl} allows {} {what} only on {}, and the other crossing allows none of these",
            leg.adjective(),
            closed.ruling.allowed(),
        )
    } else if closed.by.rule == CLOSING_RULE {
        format!(
            "{acl} has no rule that allows {} {what} {}",
            leg.adjective(),
            leg.peer()
        )
    } else {
        format!(
            "rule {} of {acl} denies {} {what} {}",
            closed.by.rule,
            leg.adjective(),
            leg.peer()
        )
    };
    finding(ends, closed, message).fix(fix(ends, closed, &scope))
}

fn flapping(view: &View<'_>, ends: &Ends<'_, '_>, path: &Path, closed: &Closed<'_>) -> Finding {
    let acl = &closed.acl.value.network_acl_id;
    let leg = closed.leg;
    let message = format!(
        "{acl} allows {} answers on tcp {} only; {:.1} % of the ports that checks come from pass, so targets may flap",
        leg.adjective(),
        closed.ruling.allowed(),
        share_of_replies(&closed.passing) * 100.0,
    );
    let scope = Scope::of(view, ends, path, closed);
    finding(ends, closed, message)
        .confidence(Confidence::Medium)
        .assuming("the load balancer picks its source ports evenly")
        .fix(fix(ends, closed, &scope))
}

fn finding(ends: &Ends<'_, '_>, closed: &Closed<'_>, message: String) -> Finding {
    let acl = closed.acl.value;
    let leg = closed.leg;
    let subject = format!("NetworkAcl/{}", acl.network_acl_id);
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        closed.acl.origin,
        subject.clone(),
        format!("Entries (Egress={})", leg.egress()),
        describe(acl, leg.egress(), closed.by.rule),
    )];
    for slice in closed.ruling.slices.iter().filter(|slice| slice.allow) {
        evidence.push(Evidence::new(
            Layer::Declared,
            closed.acl.origin,
            subject.clone(),
            format!("Entries (Egress={})", leg.egress()),
            describe(acl, leg.egress(), slice.rule),
        ));
    }
    if let Some(origin) = ends.target.origin {
        evidence.push(Evidence::new(
            Layer::Programmed,
            origin,
            ends.target.subject.clone(),
            "SubnetId",
            ends.target.subnet.as_deref().unwrap_or_default(),
        ));
    }
    let decides = format!(
        "{} {} rule {}{}",
        acl.network_acl_id,
        leg.adjective(),
        closed.by.rule,
        if leg.is_reply() { " answers" } else { "" }
    );
    Finding::new(message, decides, evidence).about([
        subject,
        format!("LoadBalancer/{}", ends.name.name),
        ends.target.subject.clone(),
    ])
}
