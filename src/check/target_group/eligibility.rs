//! Which nodes a controller registers as instance targets.
//!
//! The AWS Load Balancer Controller (pkg/backend/endpoint_utils.go) and the
//! service controller of cloud-provider (stableNodeSetPredicates) do not agree:
//! the exclude label with the value `false`, master nodes, nodes that are not
//! ready and nodes being deleted are treated differently.

use crate::check::objects::go_bool;
use crate::model::kubernetes::{LabelSelector, Node};
use crate::model::{Gap, Reason, Source};

/// Whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// AWS Load Balancer Controller.
    LoadBalancerController,
    /// The service controller of cloud-provider-aws.
    CloudProvider,
}

/// Whether a controller registers a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Eligibility {
    /// It does.
    Eligible,
    /// It does not; the text names the deciding field.
    Excluded(String),
    /// The deciding field was not read.
    Unknown(Gap),
}

/// Keeps a node out of load balancers.
pub(super) const EXCLUDE: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// Judges one node; `any_ready` is what [`any_ready`] says of all nodes.
pub(super) fn judge(
    node: &Node,
    rules: Rules,
    selector: &LabelSelector,
    any_ready: Option<bool>,
) -> Eligibility {
    match (candidate(node, rules, selector), rules) {
        (Eligibility::Eligible, Rules::LoadBalancerController) => readiness(node, any_ready),
        (judged, _) => judged,
    }
}

/// Whether any node that a controller might register is ready; `None` where it cannot be told.
///
/// The AWS Load Balancer Controller asks only its candidates (ResolveNodePortEndpoints in
/// pkg/backend/endpoint_resolver.go): a node that it leaves out for another reason does not count.
pub(super) fn any_ready<'a>(
    all: impl IntoIterator<Item = &'a Node>,
    rules: Rules,
    selector: &LabelSelector,
) -> Option<bool> {
    let mut told = Some(false);
    for node in all {
        let ready = node.ready().map(|ready| ready.status == "True");
        match (candidate(node, rules, selector), ready) {
            (Eligibility::Excluded(_), _) | (_, Some(false)) => {}
            (Eligibility::Eligible, Some(true)) => return Some(true),
            (Eligibility::Unknown(_), Some(true)) | (_, None) => told = None,
        }
    }
    told
}

/// Whether a controller registers a node as long as it is ready.
fn candidate(node: &Node, rules: Rules, selector: &LabelSelector) -> Eligibility {
    let labels = &node.metadata.labels;
    let excluded = match rules {
        Rules::LoadBalancerController => by_load_balancer_controller(node),
        Rules::CloudProvider => by_cloud_provider(node),
    }
    .or_else(|| Some(format!("{} of the node selector", selector.unmet(labels)?)));
    if let Some(why) = excluded {
        return Eligibility::Excluded(why);
    }
    if selector.matches(labels).is_none() {
        return Eligibility::Unknown(Gap::new(
            Source::TargetGroupBindings,
            &node.metadata.name,
            Reason::Unreadable(format!("the node selector `{selector}`")),
        ));
    }
    match (rules, labels.get(EXCLUDE)) {
        // What is left after the rules of cloud-provider is a value that means false.
        (Rules::CloudProvider, Some(value)) => Eligibility::Unknown(Gap::new(
            Source::Nodes,
            &node.metadata.name,
            Reason::Partial(format!(
                "the label {EXCLUDE}={value} excludes it with cloud-provider-aws before 1.34 and does not since, and no reading has the version"
            )),
        )),
        _ => Eligibility::Eligible,
    }
}

fn by_load_balancer_controller(node: &Node) -> Option<String> {
    let labels = &node.metadata.labels;
    // Presence decides: even `=false` excludes.
    let present = [
        EXCLUDE,
        "node-role.kubernetes.io/master",
        "alpha.service-controller.kubernetes.io/exclude-balancer",
    ]
    .into_iter()
    .find(|label| labels.contains_key(*label));
    if let Some(label) = present {
        return Some(format!("label {label}"));
    }
    if labels
        .get("eks.amazonaws.com/compute-type")
        .is_some_and(|value| value == "fargate")
    {
        return Some("label eks.amazonaws.com/compute-type=fargate".to_owned());
    }
    node.spec
        .taints
        .iter()
        .find(|taint| {
            taint.key == "ToBeDeletedByClusterAutoscaler"
                || (taint.key == "karpenter.sh/disrupted" && taint.effect == "NoSchedule")
        })
        .map(|taint| format!("taint {}", taint.key))
}

fn by_cloud_provider(node: &Node) -> Option<String> {
    let labels = &node.metadata.labels;
    // A value that is no boolean excludes; what one that means false does depends on the version.
    if let Some(value) = labels
        .get(EXCLUDE)
        .filter(|value| go_bool::parse(value) != Some(false))
    {
        return Some(format!("label {EXCLUDE}={value}"));
    }
    if node
        .spec
        .taints
        .iter()
        .any(|taint| taint.key == "ToBeDeletedByClusterAutoscaler")
    {
        return Some("taint ToBeDeletedByClusterAutoscaler".to_owned());
    }
    if node.metadata.deletion_timestamp.is_some() {
        return Some("metadata.deletionTimestamp".to_owned());
    }
    node.instance_id().is_none().then(|| {
        format!(
            "spec.providerID {:?} names no instance",
            node.spec.provider_id
        )
    })
}

fn readiness(node: &Node, any_ready: Option<bool>) -> Eligibility {
    let partial = |why: &str| {
        Eligibility::Unknown(Gap::new(
            Source::Nodes,
            &node.metadata.name,
            Reason::Partial(why.to_owned()),
        ))
    };
    match node.ready().map(|condition| condition.status.as_str()) {
        Some("True") => Eligibility::Eligible,
        // The controller's fail-open, which is off by default before 2.5: with no ready candidate at all,
        // unreachable ones are kept.
        Some("Unknown") if any_ready == Some(false) => partial(
            "it counts only with the feature gate EndpointsFailOpen of the controller, which no reading has",
        ),
        Some("Unknown") if any_ready.is_none() => {
            partial("it counts only while no other candidate is ready, and that was not read")
        }
        Some(status) => Eligibility::Excluded(format!("condition Ready={status}")),
        None => partial("it was captured without its Ready condition"),
    }
}

/// The instance id that keeps the AWS Load Balancer Controller from registering anything: a node whose
/// providerID names no EC2 instance fails the reconciliation of the whole target group.
pub(super) fn blocks_the_group(node: &Node) -> bool {
    let id = node.spec.provider_id.rsplit('/').next().unwrap_or_default();
    !(id.starts_with("i-") || id.starts_with("mi-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kubernetes::Condition;
    use crate::model::kubernetes::node::Taint;

    fn node(ready: &str) -> Node {
        let mut node = Node::default();
        node.metadata.name = "n".to_owned();
        node.spec.provider_id = "aws:///eu-west-2a/i-0a".to_owned();
        node.status.conditions = vec![Condition {
            kind: "Ready".to_owned(),
            status: ready.to_owned(),
            ..Condition::default()
        }];
        node
    }

    fn eligible(node: &Node, rules: Rules) -> bool {
        judge(node, rules, &LabelSelector::default(), Some(true)) == Eligibility::Eligible
    }

    #[test]
    fn where_the_two_controllers_disagree() {
        use Rules::{CloudProvider, LoadBalancerController};
        type Edit = fn(&mut Node);
        let rows: [(&str, Edit, bool, bool); 9] = [
            ("plain", |_| {}, true, true),
            (
                "exclude=false",
                |n| {
                    n.metadata
                        .labels
                        .insert(EXCLUDE.to_owned(), "false".to_owned());
                },
                false,
                false,
            ),
            (
                "exclude=x",
                |n| {
                    n.metadata.labels.insert(EXCLUDE.to_owned(), "x".to_owned());
                },
                false,
                false,
            ),
            (
                "master",
                |n| {
                    n.metadata
                        .labels
                        .insert("node-role.kubernetes.io/master".to_owned(), String::new());
                },
                false,
                true,
            ),
            ("cordoned", |n| n.spec.unschedulable = true, true, true),
            (
                "disrupted",
                |n| {
                    n.spec.taints.push(Taint {
                        key: "karpenter.sh/disrupted".to_owned(),
                        effect: "NoSchedule".to_owned(),
                    })
                },
                false,
                true,
            ),
            (
                "autoscaler",
                |n| {
                    n.spec.taints.push(Taint {
                        key: "ToBeDeletedByClusterAutoscaler".to_owned(),
                        effect: "NoSchedule".to_owned(),
                    })
                },
                false,
                false,
            ),
            (
                "not ready",
                |n| n.status.conditions[0].status = "False".to_owned(),
                false,
                true,
            ),
            (
                "deleting",
                |n| n.metadata.deletion_timestamp = Some("t".to_owned()),
                true,
                false,
            ),
        ];
        for (name, edit, lbc, cloud) in rows {
            let mut changed = node("True");
            edit(&mut changed);
            assert_eq!(eligible(&changed, LoadBalancerController), lbc, "{name}");
            assert_eq!(eligible(&changed, CloudProvider), cloud, "{name}");
        }
    }

    #[test]
    fn readiness_that_was_not_read_is_no_answer() {
        let mut bare = node("True");
        bare.status.conditions.clear();
        let judged = judge(
            &bare,
            Rules::LoadBalancerController,
            &LabelSelector::default(),
            Some(true),
        );
        assert!(matches!(judged, Eligibility::Unknown(_)));
        assert!(eligible(&bare, Rules::CloudProvider));
    }

    #[test]
    fn an_exclude_label_that_means_false_is_no_answer_for_cloud_provider() {
        for value in ["false", "0", "F"] {
            let mut labelled = node("True");
            labelled
                .metadata
                .labels
                .insert(EXCLUDE.to_owned(), value.to_owned());
            let by = |rules| judge(&labelled, rules, &LabelSelector::default(), Some(true));
            assert!(matches!(by(Rules::CloudProvider), Eligibility::Unknown(_)));
            let lbc = by(Rules::LoadBalancerController);
            assert!(matches!(lbc, Eligibility::Excluded(_)));
        }
    }

    #[test]
    fn only_candidates_keep_the_controller_from_failing_open() {
        let mut left_out = node("True");
        left_out
            .metadata
            .labels
            .insert(EXCLUDE.to_owned(), String::new());
        let mut bare = node("True");
        bare.status.conditions.clear();
        let told = |nodes: &[Node]| {
            any_ready(
                nodes,
                Rules::LoadBalancerController,
                &LabelSelector::default(),
            )
        };
        let lost = node("Unknown");
        assert_eq!(told(&[left_out.clone(), lost.clone()]), Some(false));
        assert_eq!(told(&[lost.clone(), node("True")]), Some(true));
        assert_eq!(told(&[lost.clone(), bare.clone()]), None);
        assert_eq!(told(&[bare, node("True")]), Some(true));
    }

    #[test]
    fn with_no_ready_node_a_feature_gate_decides_about_the_unreachable() {
        let lost = node("Unknown");
        let by = |any_ready| {
            judge(
                &lost,
                Rules::LoadBalancerController,
                &LabelSelector::default(),
                any_ready,
            )
        };
        assert!(matches!(by(Some(false)), Eligibility::Unknown(_)));
        assert!(matches!(by(Some(true)), Eligibility::Excluded(_)));
        assert!(matches!(by(None), Eligibility::Unknown(_)));
    }

    #[test]
    fn selectors_with_expressions_are_matched_and_unknown_operators_are_no_answer() {
        let by = |expression: &str| {
            let text = format!(r#"{{"matchExpressions": [{expression}]}}"#);
            let selector: LabelSelector = serde_json::from_str(&text).unwrap();
            judge(
                &node("True"),
                Rules::LoadBalancerController,
                &selector,
                Some(true),
            )
        };
        assert_eq!(
            by(r#"{"key": "pool", "operator": "Exists"}"#),
            Eligibility::Excluded("does not satisfy `pool` of the node selector".to_owned())
        );
        assert_eq!(
            by(r#"{"key": "pool", "operator": "DoesNotExist"}"#),
            Eligibility::Eligible
        );
        let unknown = by(r#"{"key": "pool", "operator": "Like"}"#);
        assert!(matches!(unknown, Eligibility::Unknown(_)));
    }
}
