//! The target's security groups do not admit the check from every balancer address that sends it.

use super::crossing::weigh;
use super::ends::{Question, ends};
use super::ingress::Ingress;
use super::pair::{Judgement, Reach, cross_zone, judge};
use super::security_group::Verdict;
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4102),
    slug: "node-security-group-blocks",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the target's security groups do not admit the health check",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::Events,
        Source::LoadBalancers,
        Source::LoadBalancerAttributes,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::SecurityGroups,
        Source::SecurityGroupRules,
        Source::Subnets,
        Source::PrefixLists,
    ],
    page: include_str!("node_security_group_blocks.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let ingress = Ingress::new(&ends)?;
    let verdicts: Vec<Verdict<'_>> = (0..ends.balancer.nodes.len())
        .map(|node| ingress.verdict(node, ends.port))
        .collect();
    let pairs = ends
        .balancer
        .nodes
        .iter()
        .zip(&verdicts)
        .map(|(node, verdict)| {
            let reach = match verdict {
                Verdict::Allow(_) => Reach::Works,
                Verdict::Deny => Reach::Broken(()),
                Verdict::Unknown(gap) => Reach::Unknown(gap.clone()),
            };
            (node.zone, reach)
        });
    let cross = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
    match judge(&ends.target.zone, pairs, cross) {
        Judgement::Unknown(gap) => Err(gap),
        Judgement::Works => match ingress.closed_to_secondary() {
            Some(address) => Ok(Outcome::Note(ingress.secondary(address))),
            None => pass(ingress.proof(&verdicts)),
        },
        Judgement::Broken { every, .. } => fail(weigh(ingress.finding(view, target)?, every)),
    }
}
