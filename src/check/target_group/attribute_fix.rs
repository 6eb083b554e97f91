//! Where an attribute of a target group is set so that no controller takes it back.

use crate::check::View;
use crate::check::objects::owner::{self, Owner};
use crate::check::objects::setting;
use crate::check::view::RegionView;
use crate::model::Gap;
use crate::model::kubernetes::Service;
use crate::path::{AwsName, Path};

/// Attributes of target groups, `key=value,key=value`.
const ANNOTATION: &str = "aws-load-balancer-target-group-attributes";

/// The attributes that cloud-provider-aws takes from the annotation; it leaves the others alone.
const OF_CLOUD_PROVIDER: [&str; 2] = ["preserve_client_ip.enabled", "proxy_protocol_v2.enabled"];

/// The command that sets an attribute of the path's target group: the annotation of the Service whose controller
/// made the group and sets what the annotation says, else the call itself.
///
/// # Errors
/// A gap when the target group was not read.
pub fn command(
    view: &View<'_>,
    path: &Path,
    region: &RegionView<'_, '_>,
    group: &AwsName,
    key: &str,
    value: &str,
) -> Result<String, Gap> {
    let balancer = path.load_balancer.found().map(|name| name.name.as_str());
    let service = view.service().ok().flatten().filter(|_| path.owned);
    let reconciled = service.filter(|service| match owner::actual(service, balancer).owner {
        Owner::LoadBalancerController | Owner::AutoMode => true,
        Owner::CloudProvider => OF_CLOUD_PROVIDER.contains(&key),
        Owner::Other | Owner::Nobody => false,
    });
    if let Some(service) = reconciled {
        return Ok(annotated(service, key, value));
    }
    let arn = &region.target_group(&group.name)?.target_group_arn;
    Ok(format!(
        "aws elbv2 modify-target-group-attributes --region {} --target-group-arn {arn} --attributes Key={key},Value={value}",
        group.region.1
    ))
}

/// The annotation with one attribute set and the others as they are.
fn annotated(service: &Service, key: &str, value: &str) -> String {
    let mut all: Vec<String> = owner::annotation(service, ANNOTATION)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty() && pair.split('=').next().map(str::trim) != Some(key))
        .map(str::to_owned)
        .collect();
    all.push(format!("{key}={value}"));
    let name = format!("{}{ANNOTATION}", owner::PREFIXES[0]);
    setting::annotate(service, &name, &all.join(","))
}
