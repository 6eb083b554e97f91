//! The inbound rules of a target's security groups, asked on behalf of the balancer's nodes, and
//! what to say when they keep one of them out.

use super::ends::{Ends, list, verb};
use super::near_miss::{nearest, peer_text, sentence};
use super::pair::{cross_zone, must_work};
use super::ports::Ports;
use super::rule_fix::{authorize, changes, controller, node_blocks};
use super::security_group::{Admission, Direction, Groups, Peer, Verdict, evaluate};
use super::target_interface::carries_groups;
use super::why_closed::why;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::model::Gap;
use crate::path::Target;
use std::net::IpAddr;

/// The inbound rules of a target, asked on behalf of the balancer's nodes.
pub struct Ingress<'e, 'v, 'a> {
    ends: &'e Ends<'v, 'a>,
    ids: Vec<&'a str>,
    groups: Groups<'a>,
}

impl<'e, 'v, 'a> Ingress<'e, 'v, 'a> {
    /// The rules of the target's interface.
    ///
    /// # Errors
    /// A gap when its security groups are not known.
    pub fn new(ends: &'e Ends<'v, 'a>) -> Result<Self, Gap> {
        let ids = ends.target.groups.clone()?;
        Ok(Self {
            groups: ends.groups(&ids),
            ids,
            ends,
        })
    }

    /// What they say to a balancer node, by its place in the list of nodes.
    pub fn verdict(&self, node: usize, port: u16) -> Verdict<'a> {
        match self.ends.balancer.nodes.get(node) {
            Some(node) => self.from(node.address.as_ref().copied(), port),
            None => Verdict::Deny,
        }
    }

    fn from(&self, address: Result<IpAddr, &Gap>, port: u16) -> Verdict<'a> {
        let lists = |id: &str| self.ends.prefix_list(id);
        evaluate(
            &self.groups,
            Direction::Ingress,
            &self.peer(address),
            port,
            &lists,
        )
    }

    fn peer<'p>(&'p self, address: Result<IpAddr, &'p Gap>) -> Peer<'p> {
        Peer {
            address,
            groups: self.ends.balancer.groups.as_deref(),
        }
    }

    /// The nodes that are proven to be kept out on a port.
    fn denied(&self, port: u16) -> Vec<usize> {
        (0..self.ends.balancer.nodes.len())
            .filter(|node| self.verdict(*node, port) == Verdict::Deny)
            .collect()
    }

    /// An address that traffic may come from, checks never do, and nothing admits.
    pub fn closed_to_secondary(&self) -> Option<IpAddr> {
        let ends = self.ends;
        let cross = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
        let open = |address: &IpAddr| self.from(Ok(*address), ends.port) != Verdict::Deny;
        let nodes = ends.balancer.nodes.iter();
        nodes
            .filter_map(|node| Some((node, node.secondary.iter().find(|ip| !open(ip))?)))
            .find(|(node, _)| must_work(&ends.target.zone, node.zone, cross))
            .map(|(_, address)| *address)
    }

    /// Why the check is admitted, in few words.
    pub fn proof(&self, verdicts: &[Verdict<'a>]) -> String {
        let rules: Option<Vec<_>> = verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::Allow(Admission::Rule { group, peer, .. }) => Some((group, peer)),
                _ => None,
            })
            .collect();
        match rules.as_deref() {
            Some([(group, peer), rest @ ..])
                if rest.iter().all(|rule| *rule == (*group, *peer)) =>
            {
                format!(
                    "{} admits tcp {} from {}",
                    group.group_id,
                    self.ends.port,
                    peer_text(**peer)
                )
            }
            _ => format!(
                "{} {} tcp {} from every balancer address that checks it",
                list(&self.ids),
                verb(&self.ids, "admits", "admit"),
                self.ends.port
            ),
        }
    }

    /// What to say when a node that must reach the target is kept out.
    ///
    /// # Errors
    /// A gap when the balancer's own groups are not known.
    pub fn finding(&self, view: &View<'a>, target: &Target) -> Result<Finding, Gap> {
        let ends = self.ends;
        let denied = self.denied(ends.port);
        let vpc = &ends.balancer.lb.value.vpc_id;
        let alike = |other: &Target| {
            other.id == target.id || carries_groups(&ends.region, vpc, other, &self.ids)
        };
        let ports: Ports = ends
            .ports_of_checks(view, alike)
            .into_iter()
            .filter(|port| *port == ends.port || self.denied(*port) == denied)
            .collect();
        let of_balancer = ends.balancer.groups.clone()?;
        let missing = self.addresses(&denied);
        let near = denied.first().and_then(|node| {
            let address = ends.balancer.nodes.get(*node)?.address.as_ref();
            let lists = |id: &str| ends.prefix_list(id);
            let peer = self.peer(address.copied());
            let rules = |id: &str| ends.region.security_group_rules(id);
            nearest(
                &self.groups,
                Direction::Ingress,
                &peer,
                &ports,
                &lists,
                &rules,
            )
        });
        let ids = list(&self.ids);
        let nearest = sentence(near.as_ref(), &self.groups, Direction::Ingress, &ports);
        let mut message = if denied.len() < ends.balancer.nodes.len() {
            format!(
                "{ids} {} tcp {ports} from {} of {} balancer addresses, {} missing; {nearest}",
                verb(&self.ids, "admits", "admit"),
                self.admitted(),
                ends.balancer.nodes.len(),
                list(&missing),
            )
        } else if of_balancer.is_empty() {
            format!(
                "{ids} {} not admit tcp {ports} from the load balancer, which has no security group, at {}; {nearest}",
                verb(&self.ids, "does", "do"),
                list(&missing),
            )
        } else {
            format!(
                "{ids} {} not admit tcp {ports} from the load balancer's {}; {nearest}",
                verb(&self.ids, "does", "do"),
                list(&of_balancer),
            )
        };
        let group = near.as_ref().map_or_else(
            || self.ids.first().copied().unwrap_or_default(),
            |near| near.group.group_id.as_str(),
        );
        let mut decides = format!("{} <- {}", self.ids.join(","), missing.join(","));
        let rule = near.as_ref().map_or_else(
            || format!("no rule for tcp {ports}"),
            |near| near.rule.clone(),
        );
        let named = near.as_ref().and_then(|near| near.named(&ends.region));
        let mut evidence = self.evidence(&rule, named);
        let mut fix = self.fix(view, group, &ports, &denied, &of_balancer);
        if let Some(why) = why(view, ends, group) {
            message = format!("{message}; {}", why.says());
            decides.push_str(why.mark());
            evidence.extend(why.evidence());
            fix = why.fix(fix, &ends.name.region.1);
        }
        Ok(Finding::new(message, decides, evidence)
            .about(self.objects(&of_balancer))
            .fix(fix))
    }

    /// How many nodes are proven to be let in.
    fn admitted(&self) -> usize {
        (0..self.ends.balancer.nodes.len())
            .filter(|node| matches!(self.verdict(*node, self.ends.port), Verdict::Allow(_)))
            .count()
    }

    /// `10.80.103.111 (eu-west-2c)`.
    fn addresses(&self, nodes: &[usize]) -> Vec<String> {
        nodes
            .iter()
            .filter_map(|index| self.ends.balancer.nodes.get(*index))
            .filter_map(|node| Some(format!("{} ({})", node.address.as_ref().ok()?, node.zone)))
            .collect()
    }

    fn objects(&self, of_balancer: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = self
            .ids
            .iter()
            .chain(of_balancer)
            .map(|id| format!("SecurityGroup/{id}"))
            .collect();
        all.push(format!("LoadBalancer/{}", self.ends.name.name));
        all.push(self.ends.target.subject.clone());
        all
    }

    /// `rule` is what the groups' rules say at the most; `named` shows where its id was read.
    fn evidence(&self, rule: &str, named: Option<Evidence>) -> Vec<Evidence> {
        let ends = self.ends;
        let mut all = Vec::new();
        for id in &self.ids {
            if let Ok(group) = ends.region.security_group(id) {
                all.push(Evidence::new(
                    Layer::Declared,
                    group.origin,
                    format!("SecurityGroup/{id}"),
                    Direction::Ingress.field(),
                    rule,
                ));
            }
        }
        all.extend(named);
        if let Some(origin) = ends.target.origin {
            all.push(Evidence::new(
                Layer::Programmed,
                origin,
                ends.target.subject.clone(),
                "SecurityGroups",
                self.ids.join(", "),
            ));
        }
        all.push(Evidence::new(
            Layer::Programmed,
            ends.balancer.lb.origin,
            format!("LoadBalancer/{}", ends.name.name),
            "SecurityGroups",
            ends.balancer
                .groups
                .as_ref()
                .map_or_else(ToString::to_string, |ids| ids.join(", ")),
        ));
        if let Some(origin) = ends.balancer.interfaces {
            let addresses: Vec<String> = ends
                .balancer
                .nodes
                .iter()
                .filter_map(|node| Some(format!("{} {}", node.zone, node.address.as_ref().ok()?)))
                .collect();
            all.push(Evidence::new(
                Layer::Programmed,
                origin,
                format!("LoadBalancer/{}", ends.name.name),
                "PrivateIpAddress",
                addresses.join(", "),
            ));
        }
        all
    }

    fn fix(
        &self,
        view: &View<'_>,
        group: &str,
        ports: &Ports,
        denied: &[usize],
        of_balancer: &[&str],
    ) -> Fix {
        let ends = self.ends;
        let peers = match self.reference(of_balancer) {
            Some(id) => vec![id.to_owned()],
            None => node_blocks(ends, denied),
        };
        let region = &ends.name.region;
        let mut commands = Vec::new();
        let mut summary = format!("admit tcp {ports} from {} to {group}", list(&peers));
        let addresses: Vec<IpAddr> = denied
            .iter()
            .filter_map(|node| ends.balancer.nodes.get(*node)?.address.clone().ok())
            .collect();
        if let Some(controller) = controller(view, ends.name, of_balancer, &addresses, ports) {
            summary = format!("{summary}; {}", controller.says);
            commands.extend(controller.commands);
        }
        commands.push(authorize(region, Direction::Ingress, group, ports, &peers));
        Fix {
            summary,
            commands,
            risk: Risk::Safe,
            changes: changes(region, Direction::Ingress, group, ports, &peers),
            after: format!(
                "the targets of {} with {} turn healthy",
                ends.group.name,
                list(&self.ids)
            ),
        }
    }

    /// The balancer's group that a rule should refer to: one that is referred to already, else the first.
    fn reference<'i>(&self, of_balancer: &[&'i str]) -> Option<&'i str> {
        let known = |id: &&&str| {
            self.groups
                .known
                .iter()
                .flat_map(|group| &group.ip_permissions)
                .flat_map(|rule| &rule.user_id_group_pairs)
                .any(|pair| pair.group_id.as_deref() == Some(**id))
        };
        of_balancer
            .iter()
            .find(known)
            .or(of_balancer.first())
            .copied()
    }

    /// What to say when only traffic is kept out.
    pub fn secondary(&self, address: IpAddr) -> Finding {
        let ids = list(&self.ids);
        Finding::new(
            format!(
                "{ids} {} tcp {} from the primary addresses of the load balancer, which checks come from, but not from its secondary ones, which traffic may come from",
                verb(&self.ids, "admits", "admit"),
                self.ends.port
            ),
            format!("{} <- secondary addresses", self.ids.join(",")),
            self.evidence(&format!("nothing admits {address}"), None),
        )
        .about(self.ids.iter().map(|id| format!("SecurityGroup/{id}")))
    }
}
