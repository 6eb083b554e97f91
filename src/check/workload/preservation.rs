//! Whether targets see the client's address, on which most of what only clients meet depends.

use crate::check::View;
use crate::check::view::{Located, RegionView};
use crate::model::aws::TargetGroup;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path};

/// Attribute of target groups.
pub const PRESERVE: &str = "preserve_client_ip.enabled";

/// Whether the balancer keeps the client's address towards a target group.
///
/// Without the attribute the defaults of AWS hold (guide "Edit target group attributes for your Network Load
/// Balancer", client IP preservation): on for instance targets and off for address targets over TCP and TLS, always
/// on for the other protocols.
///
/// # Errors
/// The gap when the attributes were not read.
pub fn preserved(region: &RegionView<'_, '_>, group: &TargetGroup) -> Result<bool, Gap> {
    if !matches!(group.protocol.as_str(), "TCP" | "TLS") {
        return Ok(true);
    }
    let set = region.target_group_attribute(&group.target_group_name, PRESERVE)?;
    Ok(set.map_or(group.target_type == "instance", |value| value == "true"))
}

/// The balancer of a path with its region; `None` where the path has none that is a Network Load Balancer.
///
/// # Errors
/// The gap when it was not read.
pub fn network_balancer<'v, 'a>(
    view: &'v View<'a>,
    path: &'a Path,
) -> Result<Option<(&'a AwsName, RegionView<'v, 'a>)>, Gap> {
    let Some(name) = path.load_balancer.read()? else {
        return Ok(None);
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let lb = region.load_balancer(&name.name)?;
    Ok(matches!(lb.kind.as_str(), "network" | "").then_some((name, region)))
}

/// The target group of a path with its region; `None` where the path has none.
///
/// # Errors
/// The gap when it was not read.
pub fn target_group<'v, 'a>(
    view: &'v View<'a>,
    path: &'a Path,
) -> Result<Option<(RegionView<'v, 'a>, Located<'a, TargetGroup>)>, Gap> {
    let Some(name) = path.target_group.read()? else {
        return Ok(None);
    };
    let region = view.region(name, Source::TargetGroups)?;
    let group = region.target_group(&name.name)?;
    Ok(Some((region, group)))
}
