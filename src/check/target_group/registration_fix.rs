//! How to get missing targets registered, by what keeps them out.

use super::eligibility::{EXCLUDE, Rules};
use super::registrar::Registrar;
use crate::check::finding::{Change, Fix, Risk};
use crate::check::objects::controller;
use crate::check::objects::owner::Owner;
use crate::model::Fact;
use crate::model::kubernetes::Node;
use crate::path::{AwsName, Path};

/// Hash of what the controller registered last; while it matches, the controller skips the binding.
pub(super) const CHECKPOINT: &str = "elbv2.k8s.aws/checkpoint";

/// The registrations that nodes ought to have, on the NodePort of a path.
pub(super) fn registrations<'n>(
    path: &Path,
    group: &AwsName,
    nodes: impl Iterator<Item = &'n Node>,
) -> Vec<Change> {
    if path.node_port == 0 {
        return Vec::new();
    }
    nodes
        .filter_map(|node| {
            Some(Change::TargetRegistered {
                region: group.region.clone(),
                group: group.name.clone(),
                id: node.instance_id()?.to_owned(),
                port: path.node_port,
            })
        })
        .collect()
}

/// Nothing says why: ask the registrar.
pub(super) fn of_nodes(group: &AwsName, registrar: &Registrar<'_>) -> Fix {
    let (summary, commands) = match (registrar.binding, registrar.rules) {
        (Some(binding), _) => {
            let (namespace, name) = (&binding.metadata.namespace, &binding.metadata.name);
            let mut commands = vec![format!(
                "kubectl describe targetgroupbinding {name} -n {namespace}"
            )];
            // The controller skips a binding whose checkpoint still matches, whatever AWS says.
            if binding.metadata.annotations.contains_key(CHECKPOINT) {
                commands.push(format!(
                    "kubectl annotate targetgroupbinding {name} -n {namespace} {CHECKPOINT}-"
                ));
                (
                    "correct what the binding's events name; without events, remove its checkpoint so that the controller reconciles it again",
                    commands,
                )
            } else {
                ("correct what the binding's events name", commands)
            }
        }
        (None, Rules::LoadBalancerController) => (
            "read what the controller says about the target group's binding",
            vec!["kubectl describe targetgroupbindings -A".to_owned()],
        ),
        (None, Rules::CloudProvider) => (
            "read the log of the cloud controller manager",
            controller::log(Owner::CloudProvider).into_iter().collect(),
        ),
    };
    fix(group, summary, commands)
}

/// Nodes whose providerID stops the AWS Load Balancer Controller. Where no other node is eligible, keeping them
/// out would leave the group empty: then they need an id of EC2.
pub(super) fn of_provider(
    group: &AwsName,
    blocking: &[&Fact<Node>],
    eligible: &[&Fact<Node>],
) -> Fix {
    if blocking.len() < eligible.len() {
        return fix(
            group,
            "keep nodes that are no EC2 instances out of load balancers; a new node gets its providerID from the cloud controller manager",
            vec![format!(
                "kubectl label node {} {EXCLUDE}=true",
                names(blocking.iter().copied())
            )],
        );
    }
    fix(
        group,
        "run the cloud controller manager of AWS, or start the kubelets with --provider-id=aws:///ZONE/INSTANCE; a providerID that is \
         set already cannot be changed, so delete such a Node and let its kubelet register again",
        vec![
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,PROVIDER:.spec.providerID"
                .to_owned(),
        ],
    )
}

/// Nodes with the exclude label; `None` when something else keeps them out.
pub(super) fn of_excluded(
    path: &Path,
    group: &AwsName,
    excluded: &[(&Fact<Node>, String)],
) -> Option<Fix> {
    let labelled: Vec<&Fact<Node>> = excluded
        .iter()
        .filter(|(_, why)| why.starts_with(&format!("label {EXCLUDE}")))
        .map(|(node, _)| *node)
        .collect();
    let changes = registrations(path, group, labelled.iter().map(|node| &node.value));
    (!labelled.is_empty()).then(|| Fix {
        changes,
        ..fix(
            group,
            "remove the label from the nodes that shall take traffic",
            vec![format!(
                "kubectl label node {} {EXCLUDE}-",
                names(labelled.iter().copied())
            )],
        )
    })
}

/// A group of addresses that nobody fills.
pub(super) fn of_pods(path: &Path, group: &AwsName) -> Fix {
    let namespace = path
        .service
        .as_ref()
        .map_or("", |service| service.namespace.as_str());
    let mut fix = fix(
        group,
        "correct what the binding's events name: the addresses of pods have to belong to interfaces of the VPC",
        vec![format!(
            "kubectl describe targetgroupbindings -n {namespace}"
        )],
    );
    fix.after = format!(
        "describe-target-health of {} lists every ready pod",
        group.name
    );
    fix
}

fn fix(group: &AwsName, summary: &str, commands: Vec<String>) -> Fix {
    Fix {
        summary: summary.to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!(
            "describe-target-health of {} lists every eligible node",
            group.name
        ),
    }
}

fn names<'a>(nodes: impl Iterator<Item = &'a Fact<Node>>) -> String {
    let names: Vec<&str> = nodes.map(|node| node.metadata.name.as_str()).collect();
    names.join(" ")
}
