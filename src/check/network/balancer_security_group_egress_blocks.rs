//! The load balancer's own security groups do not let the check out.

use super::ends::{Ends, Question, ends, list, verb};
use super::near_miss::{nearest, peer_text, sentence};
use super::ports::Ports;
use super::rule_fix::{authorize, changes};
use super::security_group::{Admission, Direction, Groups, Peer, Verdict, evaluate};
use super::target_interface::carries_groups;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4101),
    slug: "balancer-security-group-egress-blocks",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the load balancer's security groups do not let the health check out",
    since: "0.1.0",
    needs: &[
        Source::LoadBalancers,
        Source::TargetGroups,
        Source::Instances,
        Source::NetworkInterfaces,
        Source::SecurityGroups,
        Source::SecurityGroupRules,
        Source::PrefixLists,
    ],
    page: include_str!("balancer_security_group_egress_blocks.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let ids = ends.balancer.groups.clone()?;
    if ids.is_empty() {
        return pass("the load balancer has no security group, so everything may leave it");
    }
    let egress = Egress {
        groups: ends.groups(&ids),
        ids,
        ends: &ends,
    };
    match egress.verdict(ends.port) {
        Verdict::Unknown(gap) => Err(gap),
        Verdict::Allow(Admission::Rule { group, peer, .. }) => pass(format!(
            "{} lets tcp {} out to {}",
            group.group_id,
            ends.port,
            peer_text(peer)
        )),
        Verdict::Allow(Admission::NoGroup) => pass("everything may leave the load balancer"),
        Verdict::Deny => fail(egress.finding(view, target)?),
    }
}

/// The outbound rules of the balancer, asked on behalf of one target.
struct Egress<'e, 'v, 'a> {
    ends: &'e Ends<'v, 'a>,
    ids: Vec<&'a str>,
    groups: Groups<'a>,
}

impl<'a> Egress<'_, '_, 'a> {
    fn verdict(&self, port: u16) -> Verdict<'a> {
        let peer = Peer {
            address: self.ends.target.address.as_ref().copied(),
            groups: self.ends.target.groups.as_deref(),
        };
        let lists = |id: &str| self.ends.prefix_list(id);
        evaluate(&self.groups, Direction::Egress, &peer, port, &lists)
    }

    fn finding(&self, view: &View<'_>, target: &Target) -> Result<Finding, Gap> {
        let ends = self.ends;
        let of_target = ends.target.groups.clone()?;
        let vpc = &ends.balancer.lb.value.vpc_id;
        let alike = |other: &Target| {
            other.id == target.id || carries_groups(&ends.region, vpc, other, &of_target)
        };
        let ports: Ports = ends
            .ports_of_checks(view, alike)
            .into_iter()
            .filter(|port| self.verdict(*port) == Verdict::Deny)
            .collect();
        // The message is the same for every target, so no address of one may rank the rules.
        let no_address = Gap::not_collected(Source::Instances, "");
        let peer = Peer {
            address: Err(&no_address),
            groups: Ok(&of_target),
        };
        let lists = |id: &str| ends.prefix_list(id);
        let rules = |id: &str| ends.region.security_group_rules(id);
        let near = nearest(
            &self.groups,
            Direction::Egress,
            &peer,
            &ports,
            &lists,
            &rules,
        );
        let message = format!(
            "{} of the load balancer {} not let tcp {ports} out to targets with {}; {}",
            list(&self.ids),
            verb(&self.ids, "does", "do"),
            list(&of_target),
            sentence(near.as_ref(), &self.groups, Direction::Egress, &ports),
        );
        let decides = format!("{} -> {}", self.ids.join(","), of_target.join(","));
        let rule = near.as_ref().map_or_else(
            || format!("no rule for tcp {ports}"),
            |near| near.rule.clone(),
        );
        let named = near.as_ref().and_then(|near| near.named(&ends.region));
        let group = near.as_ref().map_or_else(
            || self.ids.first().copied().unwrap_or_default(),
            |near| near.group.group_id.as_str(),
        );
        let objects = self
            .ids
            .iter()
            .chain(&of_target)
            .map(|id| format!("SecurityGroup/{id}"))
            .chain([
                format!("LoadBalancer/{}", ends.name.name),
                ends.target.subject.clone(),
            ]);
        let evidence = self.evidence(&rule, named, &of_target);
        Ok(Finding::new(message, decides, evidence)
            .about(objects)
            .fix(self.fix(group, &ports, &of_target)))
    }

    /// `rule` is what comes nearest in the groups' rules; `named` shows where its id was read.
    fn evidence(&self, rule: &str, named: Option<Evidence>, of_target: &[&str]) -> Vec<Evidence> {
        let ends = self.ends;
        let mut all: Vec<Evidence> = self
            .ids
            .iter()
            .filter_map(|id| {
                let group = ends.region.security_group(id).ok()?;
                Some(Evidence::new(
                    Layer::Declared,
                    group.origin,
                    format!("SecurityGroup/{id}"),
                    Direction::Egress.field(),
                    rule,
                ))
            })
            .collect();
        all.extend(named);
        all.push(Evidence::new(
            Layer::Programmed,
            ends.balancer.lb.origin,
            format!("LoadBalancer/{}", ends.name.name),
            "SecurityGroups",
            self.ids.join(", "),
        ));
        if let Some(origin) = ends.target.origin {
            all.push(Evidence::new(
                Layer::Programmed,
                origin,
                ends.target.subject.clone(),
                "SecurityGroups",
                of_target.join(", "),
            ));
        }
        all
    }

    fn fix(&self, group: &str, ports: &Ports, of_target: &[&str]) -> Fix {
        let region = &self.ends.name.region;
        // All targets of one cause carry the same groups, so one of them reaches all.
        let peers: Vec<String> = of_target
            .iter()
            .take(1)
            .map(|id| (*id).to_owned())
            .collect();
        Fix {
            summary: format!("let tcp {ports} out of {group} to {}", list(&peers)),
            commands: vec![authorize(region, Direction::Egress, group, ports, &peers)],
            risk: Risk::Safe,
            changes: changes(region, Direction::Egress, group, ports, &peers),
            after: format!(
                "the targets of {} turn healthy; SecurityGroupBlockedFlowCount_Outbound in CloudWatch stops growing",
                self.ends.group.name
            ),
        }
    }
}
