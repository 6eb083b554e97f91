//! Which nodes a controller registers as instance targets.
//!
//! The AWS Load Balancer Controller (pkg/backend/endpoint_utils.go) and the
//! service controller of cloud-provider (stableNodeSetPredicates) do not agree:
//! the exclude label with the value `false`, master nodes, nodes that are not
//! ready and nodes being deleted are treated differently.

use crate::model::kubernetes::Node;
use crate::model::{Gap, Reason, Source};
use std::collections::BTreeMap;

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

/// Judges one node; `any_ready` says whether any node of the cluster is ready.
pub(super) fn judge(
    node: &Node,
    rules: Rules,
    selector: &BTreeMap<String, String>,
    any_ready: bool,
) -> Eligibility {
    let excluded = match rules {
        Rules::LoadBalancerController => by_load_balancer_controller(node, selector),
        Rules::CloudProvider => by_cloud_provider(node, selector),
    };
    if let Some(why) = excluded {
        return Eligibility::Excluded(why);
    }
    match rules {
        Rules::LoadBalancerController => readiness(node, any_ready),
        Rules::CloudProvider => Eligibility::Eligible,
    }
}

fn by_load_balancer_controller(node: &Node, selector: &BTreeMap<String, String>) -> Option<String> {
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
    if let Some(taint) = node.spec.taints.iter().find(|taint| {
        taint.key == "ToBeDeletedByClusterAutoscaler"
            || (taint.key == "karpenter.sh/disrupted" && taint.effect == "NoSchedule")
    }) {
        return Some(format!("taint {}", taint.key));
    }
    selector
        .iter()
        .find(|(key, value)| labels.get(*key) != Some(*value))
        .map(|(key, value)| format!("lacks the label {key}={value} of the node selector"))
}

fn by_cloud_provider(node: &Node, selector: &BTreeMap<String, String>) -> Option<String> {
    let labels = &node.metadata.labels;
    // Go's ParseBool; a value it cannot parse excludes.
    if let Some(value) = labels.get(EXCLUDE).filter(|value| {
        !matches!(
            value.as_str(),
            "0" | "f" | "F" | "false" | "False" | "FALSE"
        )
    }) {
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
    if node.instance_id().is_none() {
        return Some(format!(
            "spec.providerID {:?} names no instance",
            node.spec.provider_id
        ));
    }
    selector
        .iter()
        .find(|(key, value)| {
            !labels
                .get(*key)
                .is_some_and(|found| value.is_empty() || found == *value)
        })
        .map(|(key, value)| format!("lacks the label {key}={value} of the node selector"))
}

fn readiness(node: &Node, any_ready: bool) -> Eligibility {
    match node.ready().map(|condition| condition.status.as_str()) {
        Some("True") => Eligibility::Eligible,
        // The controller's fail-open: with no ready node at all, unreachable ones are kept.
        Some("Unknown") if !any_ready => Eligibility::Eligible,
        Some(status) => Eligibility::Excluded(format!("condition Ready={status}")),
        None => Eligibility::Unknown(Gap::new(
            Source::Nodes,
            &node.metadata.name,
            Reason::Partial("it was captured without its Ready condition".to_owned()),
        )),
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
        judge(node, rules, &BTreeMap::new(), true) == Eligibility::Eligible
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
                true,
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
        let judged = judge(&bare, Rules::LoadBalancerController, &BTreeMap::new(), true);
        assert!(matches!(judged, Eligibility::Unknown(_)));
        assert!(eligible(&bare, Rules::CloudProvider));
    }

    #[test]
    fn with_no_ready_node_the_unreachable_are_kept() {
        let lost = node("Unknown");
        let by = |any_ready| {
            judge(
                &lost,
                Rules::LoadBalancerController,
                &BTreeMap::new(),
                any_ready,
            )
        };
        assert_eq!(by(false), Eligibility::Eligible);
        assert!(matches!(by(true), Eligibility::Excluded(_)));
    }

    #[test]
    fn selectors_match_exactly_or_by_key() {
        let selector = BTreeMap::from([("pool".to_owned(), String::new())]);
        let mut labelled = node("True");
        labelled
            .metadata
            .labels
            .insert("pool".to_owned(), "web".to_owned());
        let by = |rules| judge(&labelled, rules, &selector, true);
        assert!(matches!(
            by(Rules::LoadBalancerController),
            Eligibility::Excluded(_)
        ));
        assert_eq!(by(Rules::CloudProvider), Eligibility::Eligible);
    }
}
