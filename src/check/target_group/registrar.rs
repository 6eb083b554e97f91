//! Who registers the targets of a target group, and which nodes it picks.

use super::eligibility::Rules;
use crate::check::View;
use crate::check::objects::owner::{self, Owner};
use crate::model::aws::Arn;
use crate::model::kubernetes::{Service, TargetGroupBinding};
use crate::model::{Fact, Gap};
use crate::path::{AwsName, Path};
use std::collections::BTreeMap;

/// Who registers targets.
pub(super) struct Registrar<'a> {
    /// Whose rules apply.
    pub(super) rules: Rules,
    /// Labels a node must carry.
    pub(super) selector: BTreeMap<String, String>,
    /// The binding that names the target group, if one was read.
    pub(super) binding: Option<&'a Fact<TargetGroupBinding>>,
}

/// The registrar of a target group; `None` when nobody in this cluster is known to be one.
///
/// # Errors
/// The gap when only an unread binding could tell.
pub(super) fn registrar<'a>(
    view: &View<'a>,
    path: &Path,
    service: &Service,
    group: &AwsName,
) -> Result<Option<Registrar<'a>>, Gap> {
    let namespace = &service.metadata.namespace;
    let binding =
        binding_of(view, group).filter(|binding| binding.metadata.namespace == *namespace);
    if let Some(binding) = binding {
        let selector = binding.spec.node_selector.as_ref();
        return Ok(Some(Registrar {
            rules: Rules::LoadBalancerController,
            selector: selector.map(|s| s.match_labels.clone()).unwrap_or_default(),
            binding: Some(binding),
        }));
    }
    let balancer = path.load_balancer.found().map(|name| name.name.as_str());
    let rules = match owner::actual(service, balancer).owner {
        Owner::LoadBalancerController => {
            // It keeps a binding for every target group it fills.
            match view.target_group_bindings().all(namespace) {
                Ok(_) => return Ok(None),
                Err(_) => Rules::LoadBalancerController,
            }
        }
        Owner::CloudProvider => Rules::CloudProvider,
        Owner::AutoMode | Owner::Other | Owner::Nobody => return Ok(None),
    };
    Ok(Some(Registrar {
        rules,
        selector: annotated(service),
        binding: None,
    }))
}

/// The binding that names a target group, if one was read.
pub(super) fn binding_of<'a>(
    view: &View<'a>,
    group: &AwsName,
) -> Option<&'a Fact<TargetGroupBinding>> {
    view.target_group_bindings()
        .known()
        .find(|binding| binds(binding, group))
}

fn binds(binding: &TargetGroupBinding, group: &AwsName) -> bool {
    binding
        .spec
        .target_group_arn
        .parse::<Arn>()
        .is_ok_and(|arn| {
            arn.name() == Some(group.name.as_str())
                && (arn.account.as_str(), arn.region.as_str())
                    == (group.region.0.as_str(), group.region.1.as_str())
        })
}

/// The labels of the annotation `aws-load-balancer-target-node-labels`.
fn annotated(service: &Service) -> BTreeMap<String, String> {
    owner::annotation(service, "aws-load-balancer-target-node-labels")
        .unwrap_or_default()
        .split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => (key.trim().to_owned(), value.trim().to_owned()),
            None => (pair.trim().to_owned(), String::new()),
        })
        .collect()
}
