//! Whether targets see the client's address, on which most of what only clients meet depends.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::network::pair::CROSS_ZONE;
use crate::check::view::{Located, RegionView};
use crate::model::aws::TargetGroup;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path};

/// Stands for the value of an attribute that AWS does not list.
const BY_DEFAULT: &str = "not listed: the default holds";

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

/// What a target group's attribute says, as evidence: its value, or that AWS lists none and its default holds.
///
/// # Errors
/// The gap when the attributes were not read.
pub fn attribute_evidence(
    region: &RegionView<'_, '_>,
    group: &TargetGroup,
    key: &str,
) -> Result<Evidence, Gap> {
    let name = &group.target_group_name;
    let value = region.target_group_attribute(name, key)?;
    Ok(Evidence::new(
        Layer::Declared,
        region.target_group_attributes_origin(name)?,
        format!("TargetGroup/{name}"),
        key,
        value.unwrap_or(BY_DEFAULT),
    ))
}

/// What decides about cross-zone balancing, as evidence: the target group, and the load balancer where the group
/// leaves it to that.
///
/// # Errors
/// The gap when the attributes were not read.
pub fn cross_zone_evidence(
    region: &RegionView<'_, '_>,
    balancer: &str,
    group: &TargetGroup,
) -> Result<Vec<Evidence>, Gap> {
    let own = attribute_evidence(region, group, CROSS_ZONE)?;
    if matches!(own.value.as_str(), "true" | "false") {
        return Ok(vec![own]);
    }
    let value = region.load_balancer_attribute(balancer, CROSS_ZONE)?;
    let of_balancer = Evidence::new(
        Layer::Declared,
        region.load_balancer_attributes_origin(balancer)?,
        format!("LoadBalancer/{balancer}"),
        CROSS_ZONE,
        value.unwrap_or(BY_DEFAULT),
    );
    Ok(vec![own, of_balancer])
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
