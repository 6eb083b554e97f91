//! Who registers the targets of a target group, and which nodes it picks.

use super::eligibility::Rules;
use crate::check::View;
use crate::check::objects::owner::{self, Owner};
use crate::model::aws::Arn;
use crate::model::kubernetes::selector::Requirement;
use crate::model::kubernetes::{LabelSelector, Service, TargetGroupBinding};
use crate::model::{Fact, Gap};
use crate::path::{AwsName, Path};

/// Who registers targets.
pub(super) struct Registrar<'a> {
    /// Whose rules apply.
    pub(super) rules: Rules,
    /// What the labels of a node must satisfy.
    pub(super) selector: LabelSelector,
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
        return Ok(Some(Registrar {
            rules: Rules::LoadBalancerController,
            selector: binding.spec.node_selector.clone().unwrap_or_default(),
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
        selector: annotated(service, rules),
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

/// Whether a target group is filled for something else than this Service.
///
/// Either bindings name it and none of them is of this Service, or no binding names it although the AWS Load Balancer
/// Controller owns the load balancer and something says that it is foreign: an action of the Service's annotations
/// that names it by its ARN, for which the controller makes neither a group nor a binding
/// (pkg/service/model_build_target_group.go, buildTargetGroupTuples), or bindings for other groups of the Service, as it
/// keeps one for every group that it fills. Without any binding the groups are still the Service's: they stay behind
/// when the controller is taken away along with its kinds.
///
/// # Errors
/// The gap when no binding is known to name it and the bindings were not read completely.
pub(super) fn is_of_another(
    view: &View<'_>,
    path: &Path,
    service: &Service,
    group: &AwsName,
) -> Result<bool, Gap> {
    let meta = &service.metadata;
    let mut of_service = view
        .target_group_bindings()
        .known()
        .filter(|binding| binds(binding, group))
        .map(|binding| binding.of_service(&meta.namespace, &meta.name))
        .peekable();
    if of_service.peek().is_some() {
        return Ok(!of_service.any(|of_service| of_service));
    }
    view.target_group_bindings().complete(&meta.namespace)?;
    let balancer = path.load_balancer.found().map(|name| name.name.as_str());
    let arn = format!(":targetgroup/{}/", group.name);
    let annotations = &meta.annotations;
    let by_action = annotations
        .iter()
        .any(|(key, value)| key.contains("/actions.") && value.contains(&arn));
    let has_own = || {
        let mut bindings = view.target_group_bindings().known();
        bindings.any(|binding| binding.of_service(&meta.namespace, &meta.name))
    };
    Ok(
        owner::actual(service, balancer).owner == Owner::LoadBalancerController
            && (by_action || has_own()),
    )
}

fn binds(binding: &TargetGroupBinding, group: &AwsName) -> bool {
    let text = &binding.spec.target_group_arn;
    // Few bindings name the group, and every target asks all of them.
    text.contains(&group.name)
        && text.parse::<Arn>().is_ok_and(|arn| {
            arn.name() == Some(group.name.as_str())
                && (arn.account.as_str(), arn.region.as_str())
                    == (group.region.0.as_str(), group.region.1.as_str())
        })
}

/// The labels of the annotation `aws-load-balancer-target-node-labels`.
///
/// A key without a value means any value to cloud-provider-aws, and the empty value to the AWS Load Balancer
/// Controller.
fn annotated(service: &Service, rules: Rules) -> LabelSelector {
    let mut selector = LabelSelector::default();
    let pairs = owner::annotation(service, "aws-load-balancer-target-node-labels")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    for pair in pairs {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        if value.is_empty() && rules == Rules::CloudProvider {
            selector.match_expressions.push(Requirement {
                key,
                operator: "Exists".to_owned(),
                values: Vec::new(),
            });
        } else {
            selector.match_labels.insert(key, value);
        }
    }
    selector
}

#[cfg(test)]
mod tests {
    use super::{Rules, Service, annotated};
    use std::collections::BTreeMap;

    #[test]
    fn a_key_without_a_value() {
        let mut service = Service::default();
        service.metadata.annotations.insert(
            "service.beta.kubernetes.io/aws-load-balancer-target-node-labels".to_owned(),
            "pool, zone=a".to_owned(),
        );
        let labels = BTreeMap::from([
            ("pool".to_owned(), "web".to_owned()),
            ("zone".to_owned(), "a".to_owned()),
        ]);
        let by = |rules| annotated(&service, rules).matches(&labels);
        assert_eq!(by(Rules::CloudProvider), Some(true));
        assert_eq!(by(Rules::LoadBalancerController), Some(false));
    }
}
