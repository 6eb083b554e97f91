//! Where the cluster is and what it may be called on AWS, for what names neither: its nodes and the context tell.

use crate::model::Snapshot;
use crate::model::aws::Arn;
use crate::model::kubernetes::Node;
use std::collections::BTreeSet;

/// Label that eksctl sets on its nodes.
const EKSCTL_LABEL: &str = "alpha.eksctl.io/cluster-name";
/// End of the contexts that eksctl writes: `user@cluster.region.eksctl.io`.
const EKSCTL_CONTEXT: &str = ".eksctl.io";

/// The region of the cluster's nodes; `None` when they tell none, or several.
pub fn region(snapshot: &Snapshot) -> Option<&str> {
    let nodes = snapshot.kubernetes.nodes.known();
    let regions: BTreeSet<&str> = nodes.filter_map(|node| Node::region(node)).collect();
    match (regions.first(), regions.len()) {
        (Some(only), 1) => Some(*only),
        _ => None,
    }
}

/// The names that the cluster may have on AWS, from node labels and the context.
pub fn cluster_names(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = snapshot
        .kubernetes
        .nodes
        .known()
        .filter_map(|node| node.metadata.labels.get(EKSCTL_LABEL).cloned())
        .collect();
    names.extend(snapshot.context.as_deref().and_then(of_context));
    names
}

/// `arn:aws:eks:eu-west-2:111122223333:cluster/NAME`, as `aws eks update-kubeconfig` calls a context, or eksctl's form.
fn of_context(context: &str) -> Option<String> {
    let name = match context.parse::<Arn>() {
        Ok(arn) => arn.resource.strip_prefix("cluster/")?.to_owned(),
        Err(_) => {
            let (_, host) = context.split_once('@')?;
            let (name, _region) = host.strip_suffix(EKSCTL_CONTEXT)?.rsplit_once('.')?;
            name.to_owned()
        }
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::of_context;

    #[test]
    fn contexts_of_eks() {
        for (context, name) in [
            (
                "arn:aws:eks:eu-west-2:111122223333:cluster/shop-prod",
                Some("shop-prod"),
            ),
            ("admin@shop-prod.eu-west-2.eksctl.io", Some("shop-prod")),
            ("shop-prod", None),
            ("arn:aws:iam::111122223333:role/x", None),
        ] {
            assert_eq!(of_context(context).as_deref(), name, "{context}");
        }
    }
}
