//! Whether the Service has a Classic Load Balancer, as far as the evidence tells.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::view::Located;
use crate::model::aws::ClassicLoadBalancer;
use crate::model::kubernetes::Service;
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

/// What a field of a Classic Load Balancer says.
pub fn row(
    balancer: &Located<'_, ClassicLoadBalancer>,
    field: impl Into<String>,
    value: impl Into<String>,
) -> Evidence {
    let subject = format!("LoadBalancer/{}", balancer.load_balancer_name);
    Evidence::new(Layer::Programmed, balancer.origin, subject, field, value)
}

/// Commands that show why cloud-provider-aws does not follow a Service.
pub fn why_not_followed(service: &Service) -> Vec<String> {
    let meta = &service.metadata;
    vec![
        format!(
            "kubectl describe service {} -n {}",
            meta.name, meta.namespace
        ),
        "kubectl logs -n kube-system -l k8s-app=aws-cloud-controller-manager --tail=200".to_owned(),
    ]
}
