//! Both ends of a target's health check, found once for all checks of this hop.

use super::balancer_nodes::{Balancer, balancer};
use super::pair::Zone;
use super::security_group::Groups;
use super::target_interface::{TargetInterface, target_interface};
use crate::check::View;
use crate::check::view::RegionView;
use crate::model::aws::security_group::PrefixListEntry;
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Lookup, Path, Target};

/// Both ends of a check.
pub struct Ends<'v, 'a> {
    /// Account and region.
    pub region: RegionView<'v, 'a>,
    /// The load balancer's name.
    pub name: &'a AwsName,
    /// The target group's name.
    pub group: &'a AwsName,
    /// The balancer's end.
    pub balancer: Balancer<'a>,
    /// The target's end.
    pub target: TargetInterface<'a>,
    /// The port that the check goes to.
    pub port: u16,
}

/// Whether the network can be asked about a target at all.
pub enum Question<'v, 'a> {
    /// It can.
    Posed(Box<Ends<'v, 'a>>),
    /// It cannot; the text says why.
    Moot(String),
}

/// Finds both ends of the check of `target`.
///
/// # Errors
/// A gap when the load balancer, the target group or its targets were not read.
pub fn ends<'v, 'a>(
    view: &'v View<'a>,
    path: &'a Path,
    target: &'a Target,
) -> Result<Question<'v, 'a>, Gap> {
    if let Some(name) = &path.classic {
        return classic(name, target);
    }
    let name = match &path.load_balancer {
        Lookup::Found(name) => name,
        Lookup::Absent(why) => return Ok(Question::Moot(why.clone())),
        Lookup::Unknown(gap) => return Err(gap.clone()),
    };
    let group = match &path.target_group {
        Lookup::Found(group) => group,
        Lookup::Absent(why) => return Ok(Question::Moot(why.clone())),
        Lookup::Unknown(gap) => return Err(gap.clone()),
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let kind = region.load_balancer(&name.name)?.value.kind.as_str();
    if !matches!(kind, "network" | "") {
        return Ok(Question::Moot(format!(
            "{} is not a Network Load Balancer",
            name.name
        )));
    }
    if let Some(gap) = &path.targets_gap {
        return Err(gap.clone());
    }
    let definition = view
        .region(group, Source::TargetGroups)?
        .target_group(&group.name)?;
    let ipv6 = definition.value.ip_address_type.as_deref() == Some("ipv6");
    let balancer = balancer(&region, &name.name, ipv6)?;
    if balancer.nodes.is_empty() {
        return Err(Gap::new(
            Source::LoadBalancers,
            &name.name,
            Reason::Partial("AvailabilityZones is not in it".to_owned()),
        ));
    }
    let interface = target_interface(&region, &balancer.lb.value.vpc_id, target);
    if let Some(state) = interface.stopped {
        return Ok(Question::Moot(format!("the instance is {state}")));
    }
    if let Zone::Known(zone) = interface.zone
        && balancer.nodes.iter().all(|node| node.zone != zone)
    {
        return Ok(Question::Moot(format!(
            "zone {zone} is not enabled for the load balancer, so none of its nodes checks the target"
        )));
    }
    Ok(Question::Posed(Box::new(Ends {
        port: target.check.port,
        target: interface,
        region,
        name,
        group,
        balancer,
    })))
}

/// The nodes of a Classic Load Balancer are not described, so only AWS's own word for an instance decides.
fn classic<'v, 'a>(name: &AwsName, target: &Target) -> Result<Question<'v, 'a>, Gap> {
    match target.state() {
        Some("healthy") => {
            let why = "the check of the Classic Load Balancer is answered";
            return Ok(Question::Moot(why.to_owned()));
        }
        Some("unused" | "initial") => {
            let why = "the Classic Load Balancer does not check the instance";
            return Ok(Question::Moot(why.to_owned()));
        }
        _ => {}
    }
    let why = "security groups, ACLs and routes between a Classic Load Balancer and its instances are not computed";
    Err(Gap::new(
        Source::ClassicLoadBalancers,
        &name.name,
        Reason::Failed(why.to_owned()),
    ))
}

/// The security groups with these ids, and the gap when one was not read.
pub fn groups_of<'a>(region: &RegionView<'_, 'a>, ids: &[&str]) -> Groups<'a> {
    let mut all = Groups::default();
    for id in ids {
        match region.security_group(id) {
            Ok(group) => all.known.push(group.value),
            Err(gap) => {
                all.missing.get_or_insert(gap);
            }
        }
    }
    all
}

impl<'a> Ends<'_, 'a> {
    /// The security groups with these ids.
    pub fn groups(&self, ids: &[&str]) -> Groups<'a> {
        groups_of(&self.region, ids)
    }

    /// The entries of a prefix list.
    ///
    /// # Errors
    /// The gap when they were not read.
    pub fn prefix_list(&self, id: &str) -> Result<&'a [PrefixListEntry], Gap> {
        self.region
            .prefix_list(id)
            .map(|fact| fact.value.as_slice())
    }

    /// The ports that this balancer's checks go to at targets for which `alike` holds, this
    /// target's own first: what blocks one of them often blocks the others, and is one cause then.
    pub fn ports_of_checks(&self, view: &View<'_>, alike: impl Fn(&Target) -> bool) -> Vec<u16> {
        let mut ports = vec![self.port];
        let targets = view
            .paths()
            .iter()
            .filter(|path| path.load_balancer.found() == Some(self.name))
            .flat_map(|path| &path.targets);
        for target in targets {
            if !target.check.assumed && !ports.contains(&target.check.port) && alike(target) {
                ports.push(target.check.port);
            }
        }
        ports
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The verb that goes with one or several items.
pub fn verb<'w, T>(items: &[T], one: &'w str, several: &'w str) -> &'w str {
    if items.len() == 1 { one } else { several }
}
