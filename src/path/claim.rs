//! For whom a load balancer or target group was made, as its tags say.
//!
//! (AWS Load Balancer Controller, pkg/deploy/tracking/provider.go and pkg/gateway/constants; cloud-provider-aws,
//! pkg/providers/v1/tags.go.)

use super::ObjectName;
use super::balancer::{CLUSTER_TAG, SERVICE_TAG, STACK_TAG};
use crate::model::aws::load_balancer::Tag;

/// Tag of the AWS Load Balancer Controller: `namespace/name` of an Ingress, or the name of an IngressGroup.
pub const INGRESS_TAG: &str = "ingress.k8s.aws/stack";
/// Tags of the AWS Load Balancer Controller's own Gateways: `namespace/name`.
const GATEWAY_TAGS: [&str; 2] = ["gateway.k8s.aws.nlb/stack", "gateway.k8s.aws.alb/stack"];
/// The cluster's name ends this tag of cloud-provider-aws.
pub const CLOUD_PREFIX: &str = "kubernetes.io/cluster/";
/// Its value on what the cluster alone has; `shared` is the other one.
pub const OWNED: &str = "owned";
/// Tags of instances whose value is the cluster's name: eksctl's and those of managed node groups.
const EKS_TAGS: [&str; 2] = ["eks:cluster-name", "aws:eks:cluster-name"];

/// Whom tags name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claimant {
    /// A Service of type LoadBalancer.
    Service(ObjectName),
    /// An Ingress of the AWS Load Balancer Controller.
    Ingress(ObjectName),
    /// Several Ingresses that share a load balancer, by the name of their group.
    IngressGroup(String),
    /// A Gateway of the AWS Load Balancer Controller.
    Gateway(ObjectName),
}

/// What the tags of a load balancer or target group say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// Key of the tag that names the cluster.
    pub cluster_key: &'a str,
    /// Value of that tag: the name, or `owned` where the key has it.
    pub cluster_value: &'a str,
    /// Whom it was made for.
    pub claimant: Claimant,
    /// Key of the tag that names it.
    pub key: &'a str,
    /// Its value.
    pub stack: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads tags; none when they do not name both one cluster and an object of it.
    pub fn of(tags: &'a [Tag]) -> Option<Self> {
        let by_key = |key: &str| tags.iter().find(|tag| tag.key == key);
        let service = |stack| object(stack).map(Claimant::Service);
        if let Some(cluster) = by_key(CLUSTER_TAG) {
            let (tag, claimant) = by_key(STACK_TAG)
                .map(|tag| (tag, service(&tag.value)))
                .or_else(|| by_key(INGRESS_TAG).map(|tag| (tag, Some(ingress(&tag.value)))))
                .or_else(|| {
                    let tag = GATEWAY_TAGS.iter().find_map(|key| by_key(key))?;
                    Some((tag, object(&tag.value).map(Claimant::Gateway)))
                })?;
            return Some(Self {
                cluster: &cluster.value,
                cluster_key: &cluster.key,
                cluster_value: &cluster.value,
                claimant: claimant?,
                key: &tag.key,
                stack: &tag.value,
            });
        }
        let tag = by_key(SERVICE_TAG)?;
        let mut owned = tags.iter().filter(|tag| tag.value == OWNED);
        let (cluster_key, cluster) = owned.find_map(cloud_cluster)?;
        // Two clusters cannot both have made it.
        if owned.any(|tag| cloud_cluster(tag).is_some()) {
            return None;
        }
        Some(Self {
            cluster,
            cluster_key,
            cluster_value: OWNED,
            claimant: service(&tag.value)?,
            key: &tag.key,
            stack: &tag.value,
        })
    }
}

impl Claimant {
    /// `Service/shop/web`, or the group's name.
    pub fn id(&self) -> String {
        match self {
            Self::Service(name) => format!("Service/{name}"),
            Self::Ingress(name) => format!("Ingress/{name}"),
            Self::IngressGroup(name) => format!("IngressGroup/{name}"),
            Self::Gateway(name) => format!("Gateway/{name}"),
        }
    }
}

/// The tag of an instance that names its cluster, and the name.
///
/// Only what is `owned` says so: subnets, groups and instances may be `shared` by several clusters.
pub fn cluster_of_instance(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().filter_map(|tag| {
        if EKS_TAGS.contains(&tag.key.as_str()) {
            return Some((tag.key.as_str(), tag.value.as_str()));
        }
        cloud_cluster(tag).filter(|_| tag.value == OWNED)
    })
}

fn cloud_cluster(tag: &Tag) -> Option<(&str, &str)> {
    let name = tag.key.strip_prefix(CLOUD_PREFIX)?;
    (!name.is_empty()).then_some((tag.key.as_str(), name))
}

fn object(stack: &str) -> Option<ObjectName> {
    let (namespace, name) = stack.split_once('/')?;
    (!namespace.is_empty() && !name.is_empty()).then(|| ObjectName::new(namespace, name))
}

/// The name of a group has no slash: an Ingress without a group is a group of its own, `namespace/name`.
fn ingress(stack: &str) -> Claimant {
    object(stack).map_or_else(
        || Claimant::IngressGroup(stack.to_owned()),
        Claimant::Ingress,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
        let tag = |(key, value): &(&str, &str)| Tag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        pairs.iter().map(tag).collect()
    }

    #[test]
    fn the_tags_of_every_controller() {
        let name = ObjectName::new("shop", "web");
        let rows = [
            (
                vec![
                    ("elbv2.k8s.aws/cluster", "a"),
                    ("service.k8s.aws/stack", "shop/web"),
                ],
                Claimant::Service(name.clone()),
            ),
            (
                vec![
                    ("elbv2.k8s.aws/cluster", "a"),
                    ("ingress.k8s.aws/stack", "shop/web"),
                ],
                Claimant::Ingress(name.clone()),
            ),
            (
                vec![
                    ("elbv2.k8s.aws/cluster", "a"),
                    ("ingress.k8s.aws/stack", "edge"),
                ],
                Claimant::IngressGroup("edge".to_owned()),
            ),
            (
                vec![
                    ("elbv2.k8s.aws/cluster", "a"),
                    ("gateway.k8s.aws.alb/stack", "shop/web"),
                ],
                Claimant::Gateway(name.clone()),
            ),
            (
                vec![
                    ("kubernetes.io/cluster/a", "owned"),
                    ("kubernetes.io/service-name", "shop/web"),
                ],
                Claimant::Service(name),
            ),
        ];
        for (pairs, expected) in rows {
            let tags = tags(&pairs);
            let claim = Claim::of(&tags).unwrap();
            assert_eq!(
                (claim.cluster, claim.claimant),
                ("a", expected),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn tags_that_name_no_one_or_several() {
        for pairs in [
            vec![],
            vec![("elbv2.k8s.aws/cluster", "a")],
            vec![("service.k8s.aws/stack", "shop/web")],
            vec![
                ("elbv2.k8s.aws/cluster", "a"),
                ("service.k8s.aws/stack", "web"),
            ],
            vec![
                ("kubernetes.io/cluster/a", "shared"),
                ("kubernetes.io/service-name", "shop/web"),
            ],
            vec![
                ("kubernetes.io/cluster/a", "owned"),
                ("kubernetes.io/cluster/b", "owned"),
                ("kubernetes.io/service-name", "shop/web"),
            ],
        ] {
            assert_eq!(Claim::of(&tags(&pairs)), None, "{pairs:?}");
        }
    }

    #[test]
    fn instances_name_the_cluster_that_owns_them() {
        let tags = tags(&[
            ("kubernetes.io/cluster/a", "owned"),
            ("kubernetes.io/cluster/b", "shared"),
            ("aws:eks:cluster-name", "a"),
            ("Name", "c"),
        ]);
        let names: Vec<&str> = cluster_of_instance(&tags).map(|(_, name)| name).collect();
        assert_eq!(names, ["a", "a"]);
    }
}
