//! By which tags load balancers of Services are found: what each controller writes on those that it makes.
//!
//! (AWS Load Balancer Controller, pkg/deploy/tracking/provider.go; cloud-provider-aws, pkg/providers/v1/tags.go.)

use crate::model::aws::load_balancer::Tag;
use crate::model::kubernetes::Service;
use crate::path::balancer::{CLUSTER_TAG, SERVICE_TAG, STACK_TAG};
use crate::path::candidates;
use crate::path::claim::{CLOUD_PREFIX, OWNED};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use std::collections::BTreeSet;

/// Values of one filter, the most that AWS takes.
const VALUES: usize = 20;

/// Tags of a controller on the load balancers of some Services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    /// A key and its possible values; all have to be there.
    wanted: Vec<(String, BTreeSet<String>)>,
}

impl Marks {
    /// What to look for, for each controller that may have made a load balancer of them; for one Service that is once
    /// for each.
    ///
    /// `clusters` are the names that the cluster may have. With none of them, or where several cannot be asked for at once,
    /// other clusters' are found as well.
    pub(super) fn of(services: &[&Service], clusters: &BTreeSet<String>) -> Vec<Self> {
        let by_name = (1..=VALUES).contains(&clusters.len());
        let controllers = by_name.then(|| (CLUSTER_TAG.to_owned(), clusters.clone()));
        let mut names = clusters.iter();
        let clouds = match (names.next(), names.next()) {
            (Some(only), None) => Some((
                format!("{CLOUD_PREFIX}{only}"),
                BTreeSet::from([OWNED.to_owned()]),
            )),
            _ => None,
        };
        let of_cloud: Vec<&Service> = services
            .iter()
            .filter(|service| candidates::classic(service).is_some())
            .copied()
            .collect();
        let mut all = Vec::new();
        for (key, services, cluster) in [
            (STACK_TAG, services, controllers),
            (SERVICE_TAG, of_cloud.as_slice(), clouds),
        ] {
            for some in services.chunks(VALUES) {
                let names = some.iter().map(|service| {
                    let meta = &service.metadata;
                    format!("{}/{}", meta.namespace, meta.name)
                });
                let mut wanted = vec![(key.to_owned(), names.collect())];
                wanted.extend(cluster.clone());
                all.push(Self { wanted });
            }
        }
        all
    }

    /// Whether a resource with these tags has them.
    pub(super) fn are_on(&self, tags: &[Tag]) -> bool {
        self.wanted.iter().all(|(key, values)| {
            let mut own = tags.iter().filter(|tag| tag.key == *key);
            own.any(|tag| values.contains(&tag.value))
        })
    }

    /// The same as AWS wants it.
    pub(super) fn filters(&self) -> Vec<TagFilter> {
        let filters = self.wanted.iter().map(|(key, values)| {
            let values = values.iter().cloned().collect();
            TagFilter::builder()
                .key(key)
                .set_values(Some(values))
                .build()
        });
        filters.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, Service, Tag};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn service(name: &str, spec: Value) -> Service {
        let uid = "43b9bb7d-0691-4d0a-aac0-de41b40da37e";
        let metadata = json!({"name": name, "namespace": "shop", "uid": uid});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
    }

    fn tags(all: &[(&str, &str)]) -> Vec<Tag> {
        let tag = |(key, value): &(&str, &str)| Tag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        all.iter().map(tag).collect()
    }

    fn clusters(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_controller_is_looked_for_once_by_its_own_tags() {
        let plain = service("web", json!({"type": "LoadBalancer"}));
        let classed = json!({"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"});
        let classed = service("api", classed);
        let controller = tags(&[
            ("elbv2.k8s.aws/cluster", "prod"),
            ("service.k8s.aws/stack", "shop/web"),
        ]);
        let cloud = tags(&[
            ("kubernetes.io/cluster/prod", "owned"),
            ("kubernetes.io/service-name", "shop/web"),
        ]);
        let found = |names: &[&str], tags: &[Tag]| {
            let all = Marks::of(&[&plain, &classed], &clusters(names));
            assert_eq!(all.len(), 2);
            all.iter().filter(|marks| marks.are_on(tags)).count()
        };
        for names in [&["prod"][..], &[], &["prod", "other"]] {
            assert_eq!(found(names, &controller), 1, "{names:?}");
            assert_eq!(found(names, &cloud), 1, "{names:?}");
        }
        assert_eq!(found(&["other"], &controller), 0);
        assert_eq!(found(&["other"], &cloud), 0);
        // cloud-provider-aws takes no Service with a class.
        let of_class = Marks::of(&[&classed], &clusters(&["prod"]));
        assert_eq!(of_class.len(), 1);
        assert!(!of_class[0].are_on(&cloud));
        assert!(Marks::of(&[], &clusters(&["prod"])).is_empty());
    }

    #[test]
    fn no_filter_has_more_values_than_aws_takes() {
        let all: Vec<Service> = (0..41)
            .map(|number| service(&format!("web{number}"), json!({"type": "LoadBalancer"})))
            .collect();
        let all: Vec<&Service> = all.iter().collect();
        let marks = Marks::of(&all, &clusters(&["prod"]));
        assert_eq!(marks.len(), 6);
        let filters = marks.iter().flat_map(Marks::filters);
        assert!(filters.map(|filter| filter.values().len()).all(|n| n <= 20));
        let filters = marks[0].filters();
        let keys: Vec<_> = filters.iter().filter_map(|filter| filter.key()).collect();
        assert_eq!(keys, ["service.k8s.aws/stack", "elbv2.k8s.aws/cluster"]);
    }
}
