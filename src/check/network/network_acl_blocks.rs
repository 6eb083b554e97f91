//! A network ACL denies the check or all of its answers.

use super::acl_fix::{Scope, fix};
use super::acl_legs::{Between, Closed};
use super::balancer_nodes::BalancerNode;
use super::crossing::{Crossing, cross, weigh};
use super::ends::{Ends, Question, ends};
use super::flapping::{FLAPS, time_unhealthy};
use super::network_acl::{CLOSING_RULE, REPLY_PORTS, describe, share_of_replies};
use super::pair::Judgement;
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
    let crossed = cross(&ends, subnet, |node| {
        let closed = between(&ends, node, subnet)?.closed(&ends.region, ends.port)?;
        Ok(match closed {
            None => Crossing::Open,
            Some(closed) if closed.passing.is_empty() => Crossing::Closed(closed),
            Some(closed) => Crossing::Doubtful(closed),
        })
    });
    let Some(crossed) = crossed else {
        return not_applicable("no network ACL applies inside one subnet");
    };
    match crossed.judgement {
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Works => match crossed.doubtful {
            Some(closed) => in_part(view, &ends, path, target, &closed),
            None => pass("network ACLs let the check through in both directions"),
        },
        Judgement::Broken { first, every } => {
            fail(weigh(blocked(view, &ends, path, &first), every))
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

/// A share of the answers gets through. Where that makes targets flap, an unhealthy target is
/// explained by it and a healthy one is lucky at the moment.
fn in_part(
    view: &View<'_>,
    ends: &Ends<'_, '_>,
    path: &Path,
    target: &Target,
    closed: &Closed<'_>,
) -> Checked {
    let group = ends.region.target_group(&ends.group.name)?;
    let passing = share_of_replies(&closed.passing);
    let unhealthy = time_unhealthy(passing, group.value);
    let flaps = unhealthy >= FLAPS;
    let acl = &closed.acl.value.network_acl_id;
    let message = format!(
        "{acl} allows {} answers on tcp {} only; {:.1} % of the ports that checks come from pass, {}",
        closed.leg.adjective(),
        closed.ruling.allowed(),
        passing * 100.0,
        if flaps {
            format!(
                "so targets flap: they count as unhealthy for {:.0} % of the time",
                unhealthy * 100.0
            )
        } else {
            "which is too few failures to turn a target unhealthy for long".to_owned()
        }
    );
    let scope = Scope::of(view, ends, path, closed);
    let mut finding = finding(ends, closed, message)
        .confidence(Confidence::Medium)
        .assuming("the load balancer picks its source ports evenly")
        .fix(fix(ends, closed, &scope));
    finding.decides.push_str(" in part");
    if flaps && target.state() != Some("healthy") {
        fail(finding)
    } else {
        Ok(Outcome::Note(finding))
    }
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
