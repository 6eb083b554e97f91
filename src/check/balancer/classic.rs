//! Whether the Service has a Classic Load Balancer, as far as the evidence tells.

use crate::check::View;
use crate::model::{Gap, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use crate::path::{AwsName, Path};

/// The Classic Load Balancer of a path; `None` when there is none.
///
/// # Errors
/// The gap when the host name may be that of one, and those of its region were not read.
pub fn classic<'p>(view: &View<'_>, path: &'p Path) -> Result<Option<&'p AwsName>, Gap> {
    if path.classic.is_some() || path.load_balancer.found().is_some() {
        return Ok(path.classic.as_ref());
    }
    let hostname = view.service()?.and_then(|service| service.hostname());
    match hostname.and_then(LoadBalancerName::parse) {
        Some(name) if name.kind == LoadBalancerKind::AlbOrClassic => {
            are_read(view, &name).map(|()| None)
        }
        _ => Ok(None),
    }
}

/// That the Classic Load Balancers of the name's region were read.
///
/// # Errors
/// The gap when they were not, about the name.
pub fn are_read(view: &View<'_>, name: &LoadBalancerName) -> Result<(), Gap> {
    let about = |gap: Gap| Gap::new(gap.source, &name.name, gap.reason);
    let mut gap = Gap::not_collected(Source::ClassicLoadBalancers, &name.name);
    for region in view.regions().filter(|region| region.name() == name.region) {
        match region.classic_load_balancers() {
            Ok(_) => return Ok(()),
            Err(missing) => gap = about(missing),
        }
    }
    Err(gap)
}
