//! The first wave: the subjects and what they may need, by namespace, label or name.

use super::facts::Facts;
use super::kube::Kube;
use super::kube::kinds::{
    CILIUM_POLICIES, CLUSTERWIDE_POLICIES, CONFIG_MAPS, DEPLOYMENTS, ENDPOINT_SLICES,
    ENVOY_CONFIGS, EVENTS, GATEWAY_CLASS_CONFIGS, GATEWAY_CLASSES, GATEWAYS, GRPC_ROUTES,
    HTTP_ROUTES, INGRESSES, Kind, NETWORK_POLICIES, NODES, PODS, REFERENCE_GRANTS, SERVICES,
    TARGET_GROUP_BINDINGS, TCP_ROUTES, TLS_ROUTES, UDP_ROUTES,
};
use super::kube::lists::{Filter, List};
use super::request::Request;
use crate::model::kubernetes::Service;
use crate::model::kubernetes::generated::service_name;
use crate::path::{SubjectKind, SubjectRef};
use futures::future::join_all;
use std::collections::BTreeSet;

/// What was read of Kubernetes, and which lists were made, so that none is made twice.
pub(super) struct Cluster {
    pub(super) facts: Facts,
    /// Where Cilium runs.
    home: String,
    listed: BTreeSet<String>,
}

/// The lists for `request` in `namespace`.
fn lists(request: &Request, namespace: &str) -> Vec<List> {
    let objects = |subject: &SubjectRef| matches!(subject, SubjectRef::Object { .. });
    let here = !request.all_namespaces
        && (request.subjects.is_empty() || request.subjects.iter().any(objects));
    // A host name or an ARN can belong to a Service of any namespace.
    let everywhere = request.all_namespaces || !request.subjects.iter().all(objects);
    let mut lists: Vec<List> = [
        &GATEWAY_CLASSES,
        &NODES,
        &HTTP_ROUTES,
        &CLUSTERWIDE_POLICIES,
    ]
    .into_iter()
    .map(|kind| List::all(kind, None))
    .collect();
    if everywhere {
        lists.push(List::all(&SERVICES, None));
        lists.push(List::all(&TARGET_GROUP_BINDINGS, None));
    }
    if request.all_namespaces {
        lists.push(List::all(&INGRESSES, None));
        lists.extend(around(None));
    }
    if here {
        lists.push(List::all(&INGRESSES, Some(namespace)));
        lists.extend(around(Some(namespace)));
        if !everywhere {
            lists.push(List::all(&SERVICES, Some(namespace)));
            lists.push(List::all(&TARGET_GROUP_BINDINGS, Some(namespace)));
        }
    }
    lists
}

/// What belongs to the Services of a namespace.
///
/// All its EndpointSlices: those of one label would not prove that a Service has none.
fn around(namespace: Option<&str>) -> Vec<List> {
    let events = List {
        filter: Filter::Part {
            name: "services".to_owned(),
            parameter: "fieldSelector",
            selector: "involvedObject.kind=Service".to_owned(),
        },
        ..List::all(&EVENTS, namespace)
    };
    vec![
        List::all(&GATEWAYS, namespace),
        List::all(&ENDPOINT_SLICES, namespace),
        List::all(&ENVOY_CONFIGS, namespace),
        List::all(&CILIUM_POLICIES, namespace),
        List::all(&NETWORK_POLICIES, namespace),
        events,
    ]
}

/// The AWS Load Balancer Controller, whose flags tell the class that it serves and its usual target type.
///
/// By its name alone: nothing of the other Deployments is anybody's business. A list, as none of the name is no failure.
fn load_balancer_controller() -> List {
    const NAME: &str = "aws-load-balancer-controller";
    List {
        filter: Filter::Part {
            name: NAME.to_owned(),
            parameter: "fieldSelector",
            selector: format!("metadata.name={NAME}"),
        },
        ..List::all(&DEPLOYMENTS, Some("kube-system"))
    }
}

/// Reads the first wave.
pub(super) async fn first(kube: &Kube<'_>, request: &Request, namespace: &str) -> Cluster {
    let lists = lists(request, namespace);
    let reads = join_all(lists.iter().map(|list| kube.list(list)));
    let (answers, cilium) = futures::future::join(reads, kube.cilium()).await;
    let mut facts = Facts::default();
    let mut refused = Vec::new();
    for (list, pages) in lists.iter().zip(answers) {
        if pages.is_empty() {
            refused.push(list.kind);
        }
        for page in pages {
            facts.add(list.kind.plural, &page.document, &page.items);
        }
    }
    if let Some(config) = cilium.config {
        facts.add(CONFIG_MAPS.plural, &config.document, &[config.object]);
    }
    for page in cilium.pods {
        facts.add("pods", &page.document, &page.items);
    }
    let mut cluster = Cluster {
        facts,
        home: cilium.namespace,
        listed: lists.iter().map(List::name).collect(),
    };
    cluster.by_name(kube, request, namespace, &refused).await;
    cluster
}

impl Cluster {
    /// Callers who may not list a kind may still get the object they ask about.
    async fn by_name(
        &mut self,
        kube: &Kube<'_>,
        request: &Request,
        namespace: &str,
        refused: &[&'static Kind],
    ) {
        let mut wanted: Vec<(&'static Kind, String)> = Vec::new();
        for subject in &request.subjects {
            let SubjectRef::Object { kind, name } = subject else {
                continue;
            };
            let (own, service) = match kind {
                Some(SubjectKind::Gateway) => (&GATEWAYS, service_name("Gateway", name)),
                Some(SubjectKind::Ingress) => (&INGRESSES, service_name("Ingress", name)),
                Some(SubjectKind::TargetGroupBinding) => (&TARGET_GROUP_BINDINGS, name.clone()),
                _ => (&SERVICES, name.clone()),
            };
            wanted.push((own, name.clone()));
            wanted.push((&SERVICES, service));
        }
        wanted.retain(|(kind, _)| refused.contains(kind));
        wanted.sort_by(|(a, x), (b, y)| (a.plural, x).cmp(&(b.plural, y)));
        wanted.dedup();
        let reads = wanted
            .iter()
            .map(|(kind, name)| kube.read(kind, namespace, name));
        let found = join_all(reads).await;
        for ((kind, _), found) in wanted.iter().zip(found) {
            if let Some(found) = found {
                self.facts
                    .add(kind.plural, &found.document, &[found.object]);
            }
        }
    }

    /// Reads what only the first answers told: objects of other namespaces and parameters of classes.
    pub(super) async fn follow(&mut self, kube: &Kube<'_>, request: &Request, namespace: &str) {
        self.shared_ingress(kube, request, namespace).await;
        let mut lists: Vec<List> = Vec::new();
        for (namespace, _) in self.wanted(request, namespace) {
            lists.extend(around(Some(&namespace)));
        }
        if !request.subjects.is_empty() || self.facts.has_policies() {
            lists.extend(self.backends(request, namespace));
        }
        for namespace in self.facts.class_configs() {
            lists.push(List::all(&GATEWAY_CLASS_CONFIGS, Some(namespace)));
        }
        if self.facts.has_gateways() {
            let kinds = [
                &GRPC_ROUTES,
                &TLS_ROUTES,
                &TCP_ROUTES,
                &UDP_ROUTES,
                &REFERENCE_GRANTS,
            ];
            lists.extend(kinds.map(|kind| List::all(kind, None)));
        }
        if self.facts.asks_for_controller() {
            lists.push(load_balancer_controller());
        }
        lists.retain(|list| {
            let everywhere = List {
                namespace: None,
                ..list.clone()
            };
            !self.listed.contains(&everywhere.name()) && self.listed.insert(list.name())
        });
        let unanswered = self.facts.has_unanswered_gateway();
        let operator = async {
            if unanswered {
                kube.operator(&self.home).await;
            }
        };
        let reads = join_all(lists.iter().map(|list| kube.list(list)));
        let (answers, ()) = futures::future::join(reads, operator).await;
        for (list, pages) in lists.iter().zip(answers) {
            for page in pages {
                self.facts
                    .add(list.kind.plural, &page.document, &page.items);
            }
        }
    }

    /// The Pods behind the Services: their labels tell which policies apply to them.
    fn backends(&self, request: &Request, namespace: &str) -> Vec<List> {
        self.wanted(request, namespace)
            .iter()
            .filter_map(|(namespace, name)| {
                let service = self.facts.service(namespace, name)?;
                let labels: Vec<String> = service
                    .spec
                    .selector
                    .iter()
                    .map(|(label, value)| format!("{label}={value}"))
                    .collect();
                (!labels.is_empty()).then(|| List {
                    filter: Filter::Part {
                        name: format!("of-service-{name}"),
                        parameter: "labelSelector",
                        selector: labels.join(","),
                    },
                    ..List::all(&PODS, Some(namespace))
                })
            })
            .collect()
    }

    /// An Ingress in shared mode is served by a Service of Cilium's own namespace.
    async fn shared_ingress(&mut self, kube: &Kube<'_>, request: &Request, namespace: &str) {
        let mut subjects = request.subjects.iter();
        let shared = subjects.find_map(|subject| self.facts.shared_ingress(subject, namespace));
        let Some(shared) = shared.map(str::to_owned) else {
            return;
        };
        if self.listed.insert(format!("{}/{shared}", self.home))
            && let Some(found) = kube.read(&SERVICES, &self.home, &shared).await
        {
            self.facts
                .add(SERVICES.plural, &found.document, &[found.object]);
        }
    }

    /// Namespaces and names of the Services that are diagnosed, as far as known.
    pub(super) fn wanted(&self, request: &Request, namespace: &str) -> BTreeSet<(String, String)> {
        if request.subjects.is_empty() {
            let asked = |service: &&Service| {
                let named = service.hostname().is_some() || service.spec.kind == "LoadBalancer";
                let meta = &service.metadata;
                named && request.holds(&meta.namespace, &meta.name)
            };
            let all = self.facts.services().filter(asked);
            return all
                .map(|service| {
                    (
                        service.metadata.namespace.clone(),
                        service.metadata.name.clone(),
                    )
                })
                .collect();
        }
        request
            .subjects
            .iter()
            .filter_map(|subject| self.facts.resolve(subject, namespace)?.service)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::lists;
    use crate::collect::Request;

    fn names(subjects: &[&str], all_namespaces: bool) -> Vec<String> {
        let request = Request {
            subjects: subjects
                .iter()
                .map(|subject| subject.parse().unwrap())
                .collect(),
            all_namespaces,
            ..Request::default()
        };
        let mut names: Vec<String> = lists(&request, "web")
            .iter()
            .map(|list| list.name().replace("kubernetes/", ""))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn one_subject_reads_its_namespace() {
        assert_eq!(
            names(&["gateway/a", "b"], false),
            [
                "ciliumclusterwidenetworkpolicies",
                "gatewayclasses",
                "httproutes",
                "nodes",
                "web/ciliumenvoyconfigs",
                "web/ciliumnetworkpolicies",
                "web/endpointslices",
                "web/events/services",
                "web/gateways",
                "web/ingresses",
                "web/networkpolicies",
                "web/services",
                "web/targetgroupbindings",
            ]
        );
    }

    #[test]
    fn a_host_name_is_looked_for_everywhere() {
        assert_eq!(
            names(&["k8s-a-0a.elb.eu-west-2.amazonaws.com"], false),
            [
                "ciliumclusterwidenetworkpolicies",
                "gatewayclasses",
                "httproutes",
                "nodes",
                "services",
                "targetgroupbindings"
            ]
        );
    }

    #[test]
    fn all_namespaces_are_one_list_a_kind() {
        let names = names(&[], true);
        assert!(names.iter().all(|name| !name.contains("web/")), "{names:?}");
        assert_eq!(names.len(), 13);
    }
}
