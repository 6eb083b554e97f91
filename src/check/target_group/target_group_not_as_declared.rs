//! Type, protocol, health check and attributes of the target group against the Service and its controller's defaults.

use super::expected::{self, Field};
use super::expected_attributes;
use super::expected_protocol::protocol;
use super::facts;
use super::registrar::binding_of;
use crate::check::hop::{Hop, Severity};
use crate::check::objects::declared::{self, Difference, Wins};
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Source};
use crate::path::{AwsName, Path};
use std::collections::BTreeSet;

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
    if owner == Owner::CloudProvider && !matches!(group.target_type.as_str(), "instance" | "") {
        return not_applicable("the controller makes only target groups of instances");
    }
    if group.target_type.is_empty() {
        // It decides which check is the default.
        return Err(facts::no_target_type(name));
    }
    if owner == Owner::LoadBalancerController
        && let Some(said) = expected_attributes::refused(service)
    {
        return not_applicable(format!("the controller refuses {said} and changes nothing"));
    }
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
                wins: Wins::Declared,
            });
        }
    }
    let names: BTreeSet<String> = found.iter().map(|found| found.field.clone()).collect();
    for found in &mut found {
        found.wins = wins(owner, &found.field, |name| names.contains(name));
    }
    if owner == Owner::LoadBalancerController {
        attributes(&region, service, path.port, name, &mut found)?;
    }
    let object = format!("TargetGroup/{}", name.name);
    match declared::finding(service, owner, &object, &found) {
        Some(finding) => fail(finding),
        None => pass("the target group is as declared"),
    }
}

/// What becomes of a field that differs, where `differs` tells of every other one whether it does.
///
/// The AWS Load Balancer Controller changes every field of a health check. cloud-provider-aws makes another target
/// group for another protocol, check protocol or interval (pkg/providers/v1/aws_loadbalancer.go, ensureLoadBalancerv2).
/// All three are in the name that it computes (buildTargetGroupName), but only the first cannot be changed by hand.
/// It writes the unhealthy threshold only along with the healthy one (ensureTargetGroup).
fn wins(owner: Owner, field: &str, differs: impl Fn(&str) -> bool) -> Wins {
    if owner == Owner::LoadBalancerController {
        return match field {
            "TargetType" | "Protocol" => Wins::Remade,
            _ => Wins::Declared,
        };
    }
    if differs("Protocol") {
        Wins::Remade
    } else if differs("HealthCheckProtocol") || differs("HealthCheckIntervalSeconds") {
        Wins::RemadeByName
    } else if field == "UnhealthyThresholdCount" && !differs("HealthyThresholdCount") {
        Wins::Left
    } else {
        Wins::Declared
    }
}

/// Whether the controller made the target group for this Service: its own bindings carry the name of the Service that
/// owns the load balancer.
///
/// A weighted action of that Service may have it fill a group for another Service, with the annotations of the first
/// (pkg/service/model_build_target_group.go, buildTargetGroupTuples).
fn made_by_controller(view: &View<'_>, service: &Service, group: &AwsName) -> Result<bool, Gap> {
    match binding_of(view, group) {
        Some(binding) => {
            let meta = &service.metadata;
            let id = (meta.namespace.as_str(), meta.name.as_str());
            Ok(binding.stack() == Some(id) && binding.of_service(id.0, id.1))
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
    port: u16,
    group: &AwsName,
    found: &mut Vec<Difference<'a>>,
) -> Result<(), Gap> {
    for (key, wanted) in expected_attributes::attributes(service, port).unwrap_or_default() {
        let Some(actual) = region.target_group_attribute(&group.name, &key)? else {
            continue;
        };
        if actual != wanted.value {
            found.push(Difference {
                field: key,
                actual: actual.to_owned(),
                origin: region.target_group_attributes_origin(&group.name)?,
                wanted: wanted.value,
                by: Some(wanted.by),
                wins: Wins::Declared,
            });
        }
    }
    Ok(())
}
