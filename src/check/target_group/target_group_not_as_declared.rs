//! Type, protocol, health check and attributes of the target group against the Service and its controller's defaults.

use super::expected::{self, Field};
use super::expected_protocol::protocol;
use super::registrar::binding_of;
use crate::check::hop::{Hop, Severity};
use crate::check::objects::declared::{self, Difference, Wins, annotated, pairs};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3109),
    slug: "target-group-not-as-declared",
    hop: Hop::TargetGroup,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the target group is not as the Service declares it",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("target_group_not_as_declared.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service declares anything");
    };
    let Some(name) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let balancer = path.load_balancer.found().map(|found| found.name.as_str());
    let owner = owner::actual(service, balancer).owner;
    match owner {
        Owner::LoadBalancerController if !made_by_controller(view, service, name)? => {
            return not_applicable("the controller did not make the target group for this Service");
        }
        Owner::CloudProvider if !path.owned || binding_of(view, name).is_some() => {
            return not_applicable("the target group was made by hand");
        }
        Owner::LoadBalancerController | Owner::CloudProvider => {}
        Owner::AutoMode | Owner::Other | Owner::Nobody => {
            return not_applicable("what its controller reads is not known");
        }
    }
    let region = view.region(name, Source::TargetGroups)?;
    let group = region.target_group(&name.name)?;
    let mut found: Vec<Difference<'_>> = Vec::new();
    let mut wanted = expected::fields(service, owner, path.port, group.value);
    wanted.extend(protocol(service, owner, path.port, &path.protocol));
    for Field { name, wanted, by } in wanted {
        // What the answer does not show cannot be compared.
        let Some(actual) = expected::actual(group.value, name) else {
            continue;
        };
        if actual != wanted {
            found.push(Difference {
                field: name.to_owned(),
                actual,
                origin: group.origin,
                wanted,
                by,
                wins: match name {
                    "TargetType" | "Protocol" => Wins::Remade,
                    _ => Wins::Declared,
                },
            });
        }
    }
    if owner == Owner::LoadBalancerController {
        attributes(&region, service, name, &mut found)?;
    }
    let object = format!("TargetGroup/{}", name.name);
    match declared::finding(service, owner, &object, &found) {
        Some(finding) => fail(finding),
        None => pass("the target group is as declared"),
    }
}

/// Whether the controller made the target group for this Service: its own bindings carry its label.
fn made_by_controller(view: &View<'_>, service: &Service, group: &AwsName) -> Result<bool, Gap> {
    match binding_of(view, group) {
        Some(binding) => {
            let meta = &service.metadata;
            Ok(binding.is_generated() && binding.of_service(&meta.namespace, &meta.name))
        }
        None => {
            view.target_group_bindings()
                .complete(&service.metadata.namespace)?;
            Ok(false)
        }
    }
}

/// Attributes; a key that is taken out of the annotation keeps its last value, so only named ones count.
fn attributes<'a>(
    region: &RegionView<'_, 'a>,
    service: &Service,
    group: &AwsName,
    found: &mut Vec<Difference<'a>>,
) -> Result<(), Gap> {
    const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";
    let mut wanted: Vec<(String, String, String)> = Vec::new();
    if let Some((by, text)) = annotated(service, "aws-load-balancer-target-group-attributes") {
        wanted
            .extend(pairs(text).map(|(key, value)| (key.to_owned(), value.to_owned(), by.clone())));
    }
    if let Some((by, "*")) = annotated(service, "aws-load-balancer-proxy-protocol")
        && !wanted.iter().any(|(key, ..)| key == PROXY_PROTOCOL)
    {
        wanted.push((PROXY_PROTOCOL.to_owned(), "true".to_owned(), by));
    }
    for (key, value, by) in wanted {
        let Some(actual) = region.target_group_attribute(&group.name, &key)? else {
            continue;
        };
        if actual != value {
            found.push(Difference {
                field: key,
                actual: actual.to_owned(),
                origin: region.target_group_attributes_origin(&group.name)?,
                wanted: value,
                by: Some(by),
                wins: Wins::Declared,
            });
        }
    }
    Ok(())
}
