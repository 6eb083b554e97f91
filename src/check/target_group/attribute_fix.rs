//! Where an attribute of a target group is set so that no controller takes it back.

use super::expected_attributes::{ANNOTATION, listed, of_port};
use crate::check::View;
use crate::check::objects::declared;
use crate::check::objects::owner::{self, Owner};
use crate::check::objects::setting;
use crate::check::view::RegionView;
use crate::model::Gap;
use crate::model::kubernetes::Service;
use crate::path::{AwsName, Path};

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
    if let Some(service) = service {
        match owner::actual(service, balancer).owner {
            Owner::LoadBalancerController | Owner::AutoMode => {
                return Ok(annotated(
                    service,
                    &deciding(service, path.port, key),
                    key,
                    value,
                ));
            }
            Owner::CloudProvider if OF_CLOUD_PROVIDER.contains(&key) => {
                return Ok(annotated(service, ANNOTATION, key, value));
            }
            Owner::CloudProvider | Owner::Other | Owner::Nobody => {}
        }
    }
    let arn = &region.target_group(&group.name)?.target_group_arn;
    Ok(format!(
        "aws elbv2 modify-target-group-attributes --region {} --target-group-arn {arn} --attributes Key={key},Value={value}",
        group.region.1
    ))
}

/// The annotation that decides an attribute of a Service port: the port's own where that does already.
fn deciding(service: &Service, port: u16, key: &str) -> String {
    let own = of_port(port);
    let by = listed(service, port)
        .remove(key)
        .map(|declared| declared.by);
    match declared::annotated(service, &own) {
        Some((field, _)) if by.as_ref() == Some(&field) => own,
        _ => ANNOTATION.to_owned(),
    }
}

/// The annotation with one attribute set and the others as they are.
fn annotated(service: &Service, annotation: &str, key: &str, value: &str) -> String {
    let mut all: Vec<String> = owner::annotation(service, annotation)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty() && pair.split('=').next().map(str::trim) != Some(key))
        .map(str::to_owned)
        .collect();
    all.push(format!("{key}={value}"));
    let name = format!("{}{annotation}", owner::PREFIX);
    setting::annotate(service, &name, &all.join(","))
}

#[cfg(test)]
mod tests {
    use super::{annotated, deciding};
    use crate::check::objects::annotated::service;
    use serde_json::json;

    #[test]
    fn the_annotation_of_the_port_is_edited_where_it_decides() {
        let service = service(
            json!({"metadata": {"name": "web", "namespace": "shop"}}),
            &[
                ("target-group-attributes", "a=1,b=2"),
                ("target-group-attributes.443", "b=3,c="),
            ],
        );
        let command = |port, key| annotated(&service, &deciding(&service, port, key), key, "9");
        let name = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes";
        let set = "kubectl annotate service web -n shop --overwrite";
        assert_eq!(command(80, "b"), format!("{set} {name}=a=1,b=9"));
        assert_eq!(command(443, "b"), format!("{set} {name}.443=c=,b=9"));
        assert_eq!(command(443, "c"), format!("{set} {name}=a=1,b=2,c=9"));
    }
}
