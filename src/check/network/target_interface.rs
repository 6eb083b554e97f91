//! The target's end of a check: the interface that carries its address.
//!
//! An `instance` target stands for the primary interface of the instance. An
//! `ip` target is whichever interface of the balancer's VPC has the address,
//! alone or inside a delegated prefix.

use super::pair::Zone;
use crate::check::view::{Located, RegionView};
use crate::model::aws::{Instance, NetworkInterface};
use crate::model::{Gap, Origin, Reason, Source};
use crate::path::Target;
use std::net::IpAddr;

/// The interface behind a target.
pub struct TargetInterface<'a> {
    /// The address that the check goes to.
    pub address: Result<IpAddr, Gap>,
    /// Its zone.
    pub zone: Zone<'a>,
    /// Its subnet.
    pub subnet: Result<&'a str, Gap>,
    /// Its VPC.
    pub vpc: Option<&'a str>,
    /// Its security groups, sorted; never empty.
    pub groups: Result<Vec<&'a str>, Gap>,
    /// The interface itself.
    pub interface: Option<&'a NetworkInterface>,
    /// The object that shows them, such as `Instance/i-0a1`.
    pub subject: String,
    /// Where they were read.
    pub origin: Option<&'a Origin>,
    /// The state of the instance when it is not running.
    pub stopped: Option<&'a str>,
}

/// The interface behind `target`.
pub fn target_interface<'a>(
    region: &RegionView<'_, 'a>,
    vpc: &str,
    target: &'a Target,
) -> TargetInterface<'a> {
    let zone = |of_interface: Option<&'a str>, gap: &dyn Fn() -> Gap| {
        let registered = target
            .reported
            .as_ref()
            .and_then(|reported| reported.target.availability_zone.as_deref());
        match (
            registered,
            of_interface.or(target.zone.as_deref()).or(registered),
        ) {
            (Some("all"), _) => Zone::Every,
            (_, Some(zone)) => Zone::Known(zone),
            (_, None) => Zone::Unknown(gap()),
        }
    };
    if target.id.parse::<IpAddr>().is_ok() {
        let address = target.address.clone();
        let found = address
            .clone()
            .and_then(|address| interface_of(region, vpc, address));
        let gap = || match &found {
            Err(gap) => gap.clone(),
            Ok(_) => Gap::not_collected(Source::NetworkInterfaces, &target.id),
        };
        let eni = found.as_ref().ok().map(|found| found.value);
        TargetInterface {
            zone: zone(eni.and_then(|eni| eni.availability_zone.as_deref()), &gap),
            subnet: eni.and_then(|eni| eni.subnet_id.as_deref()).ok_or_else(gap),
            vpc: eni.and_then(|eni| eni.vpc_id.as_deref()),
            groups: eni
                .map(group_ids)
                .filter(|ids| !ids.is_empty())
                .ok_or_else(gap),
            interface: eni,
            subject: match eni {
                Some(eni) => format!("NetworkInterface/{}", eni.network_interface_id),
                None => format!("Address/{}", target.id),
            },
            origin: found.as_ref().ok().map(|found| found.origin),
            stopped: None,
            address,
        }
    } else {
        let found = region.instance(&target.id);
        let gap = || match &found {
            Err(gap) => gap.clone(),
            Ok(found) => Gap::new(
                Source::Instances,
                &target.id,
                Reason::Partial(format!(
                    "its primary interface is not in {}",
                    found.origin.document
                )),
            ),
        };
        let instance = found.as_ref().ok().map(|found| found.value);
        let eni = instance.and_then(Instance::primary_interface);
        TargetInterface {
            address: target.address.clone(),
            zone: zone(
                instance
                    .map(|instance| instance.placement.availability_zone.as_str())
                    .filter(|zone| !zone.is_empty()),
                &gap,
            ),
            subnet: eni
                .and_then(|eni| eni.subnet_id.as_deref())
                .or_else(|| instance.and_then(|instance| instance.subnet_id.as_deref()))
                .ok_or_else(gap),
            vpc: instance.and_then(|instance| instance.vpc_id.as_deref()),
            groups: instance
                .map(|instance| sorted(instance.group_ids()))
                .filter(|ids| !ids.is_empty())
                .ok_or_else(gap),
            interface: eni,
            subject: format!("Instance/{}", target.id),
            origin: found.as_ref().ok().map(|found| found.origin),
            stopped: instance
                .map(|instance| instance.state.name.as_str())
                .filter(|state| !matches!(*state, "" | "running" | "pending")),
        }
    }
}

/// Whether the interface behind another target carries exactly the groups `ids`.
pub fn carries_groups(
    region: &RegionView<'_, '_>,
    vpc: &str,
    target: &Target,
    ids: &[&str],
) -> bool {
    let own = if target.id.parse::<IpAddr>().is_ok() {
        match target
            .address
            .clone()
            .and_then(|address| interface_of(region, vpc, address))
        {
            Ok(eni) => group_ids(eni.value),
            Err(_) => return false,
        }
    } else {
        match region.instance(&target.id) {
            Ok(instance) => sorted(instance.value.group_ids()),
            Err(_) => return false,
        }
    };
    own == ids
}

/// The interface that has `address`: in the balancer's VPC, or the only one that has it anywhere.
fn interface_of<'a>(
    region: &RegionView<'_, 'a>,
    vpc: &str,
    address: IpAddr,
) -> Result<Located<'a, NetworkInterface>, Gap> {
    let all = region.network_interfaces()?;
    let having: Vec<&'a NetworkInterface> = all
        .value
        .iter()
        .filter(|eni| eni.carries(address))
        .collect();
    let chosen = having
        .iter()
        .find(|eni| eni.vpc_id.as_deref() == Some(vpc))
        .or(match having.as_slice() {
            [only] => Some(only),
            _ => None,
        });
    chosen
        .map(|eni| Located {
            value: *eni,
            origin: &all.origin,
        })
        .ok_or_else(|| {
            Gap::new(
                Source::NetworkInterfaces,
                address.to_string(),
                Reason::Failed(format!(
                    "no interface with {address} in {}",
                    all.origin.document
                )),
            )
        })
}

fn group_ids(eni: &NetworkInterface) -> Vec<&str> {
    sorted(
        eni.groups
            .iter()
            .map(|group| group.group_id.as_str())
            .collect(),
    )
}

fn sorted(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
