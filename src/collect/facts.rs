//! What the first answers say, as far as it decides what is read next.

use super::request::Request;
use crate::model::kubernetes::{
    ConfigMap, EndpointSlice, Gateway, GatewayClass, Ingress, Node, Pod, Service,
    TargetGroupBinding,
};
use crate::model::{Fact, Origin, Snapshot, Source};
use crate::path::{Subject, SubjectKind, SubjectRef, audited, home, ingress, resolve};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Objects of the answers so far, and the namespaces of CiliumGatewayClassConfigs that classes refer to.
#[derive(Default)]
pub(super) struct Facts {
    snapshot: Snapshot,
    class_configs: BTreeSet<String>,
    policies: bool,
}

/// A subject as far as it is known: its kind and namespace, the Service behind it, and its target group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    pub(super) kind: SubjectKind,
    pub(super) namespace: String,
    pub(super) service: Option<(String, String)>,
}

impl Facts {
    /// Takes over the objects that decide what is read next. What cannot be read here is the parser's to tell.
    pub(super) fn add(&mut self, plural: &str, document: &str, items: &[Value]) {
        let k8s = &mut self.snapshot.kubernetes;
        macro_rules! insert {
            ($field:ident, $kind:ty, $source:ident) => {
                for item in items {
                    if let Ok(object) = <$kind>::deserialize(item) {
                        let origin = Origin::new(Source::$source, document);
                        k8s.$field.insert(Fact::new(object, origin));
                    }
                }
            };
        }
        match plural {
            "services" => insert!(services, Service, Services),
            "gateways" => insert!(gateways, Gateway, Gateways),
            "ingresses" => insert!(ingresses, Ingress, Ingresses),
            "targetgroupbindings" => {
                insert!(
                    target_group_bindings,
                    TargetGroupBinding,
                    TargetGroupBindings
                );
            }
            "nodes" => insert!(nodes, Node, Nodes),
            "configmaps" => insert!(config_maps, ConfigMap, ConfigMaps),
            "pods" => insert!(pods, Pod, Pods),
            "endpointslices" => insert!(endpoint_slices, EndpointSlice, EndpointSlices),
            "gatewayclasses" => {
                insert!(gateway_classes, GatewayClass, GatewayClasses);
                self.class_configs
                    .extend(items.iter().filter_map(class_config));
            }
            "networkpolicies" | "ciliumnetworkpolicies" | "ciliumclusterwidenetworkpolicies" => {
                self.policies |= !items.is_empty();
            }
            _ => {}
        }
    }

    /// Takes over the kubeconfig context, which may name the cluster.
    pub(super) fn in_context(&mut self, context: Option<&str>) {
        self.snapshot.context = context.map(str::to_owned);
    }

    /// The region of the nodes, and the names that the cluster may have on AWS.
    pub(super) fn home(&self) -> (Option<&str>, BTreeSet<String>) {
        (
            home::region(&self.snapshot),
            home::cluster_names(&self.snapshot),
        )
    }

    /// How many subjects an audit of what was read has, in the slice that is asked for.
    pub(super) fn subjects(&self, request: &Request) -> usize {
        let all = audited(&self.snapshot);
        let held = |subject: &&Subject| match &request.slice {
            Some((shard, cluster)) => shard.holds_subject(cluster, subject),
            None => true,
        };
        all.iter().filter(held).count()
    }

    /// Whether any network policy was read.
    pub(super) fn has_policies(&self) -> bool {
        self.policies
    }

    /// Namespaces of CiliumGatewayClassConfigs that a class refers to.
    pub(super) fn class_configs(&self) -> &BTreeSet<String> {
        &self.class_configs
    }

    /// Whether any Gateway was read.
    pub(super) fn has_gateways(&self) -> bool {
        self.snapshot.kubernetes.gateways.known().next().is_some()
    }

    /// Whether a Gateway was read that no controller has answered.
    pub(super) fn has_unanswered_gateway(&self) -> bool {
        let mut gateways = self.snapshot.kubernetes.gateways.known();
        gateways.any(|gateway| !gateway.is_acted_on())
    }

    /// Whether the flags of a load balancer's controller decide something: a Service waits for a load balancer, so
    /// that the class it serves counts, or has a port without NodePort, so that its usual target type does.
    pub(super) fn asks_for_controller(&self) -> bool {
        self.services().any(|service| {
            let mut ports = service.spec.ports.iter();
            service.spec.kind == "LoadBalancer"
                && (service.hostname().is_none() || ports.any(|port| port.node_port == 0))
        })
    }

    /// The subject, as soon as something that was read is it.
    pub(super) fn resolve(&self, wanted: &SubjectRef, namespace: &str) -> Option<Known> {
        let subject = resolve(&self.snapshot, wanted, namespace).ok()?;
        Some(Known {
            kind: subject.kind,
            namespace: subject.object.namespace,
            service: subject
                .service
                .map(|service| (service.namespace, service.name)),
        })
    }

    /// The name of the Service that an Ingress shares with others, as long as that was not read.
    pub(super) fn shared_ingress(&self, wanted: &SubjectRef, namespace: &str) -> Option<&str> {
        let k8s = &self.snapshot.kubernetes;
        let subject = resolve(&self.snapshot, wanted, namespace).ok()?;
        if subject.kind != SubjectKind::Ingress || subject.service.is_some() {
            return None;
        }
        let object = &subject.object;
        let found = k8s.ingresses.find(&object.namespace, &object.name).ok()??;
        let shared = ingress::is_shared(found, &k8s.config_maps) == Ok(true);
        shared.then(|| ingress::shared_name(&k8s.config_maps))
    }

    /// The Service that has this DNS name.
    pub(super) fn service_of(&self, dns_name: &str) -> Option<&Service> {
        self.services().find(|service| {
            service
                .hostname()
                .is_some_and(|name| name.eq_ignore_ascii_case(dns_name))
        })
    }

    /// A Service by namespace and name.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        let services = &self.snapshot.kubernetes.services;
        let found = services.find(namespace, name).ok().flatten()?;
        Some(&found.value)
    }

    /// All Services that were read.
    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        self.snapshot
            .kubernetes
            .services
            .known()
            .map(|fact| &fact.value)
    }

    /// All Ingresses that were read.
    pub(super) fn ingresses(&self) -> impl Iterator<Item = &Ingress> {
        let all = self.snapshot.kubernetes.ingresses.known();
        all.map(|fact| &fact.value)
    }

    /// All Gateways that were read.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        let all = self.snapshot.kubernetes.gateways.known();
        all.map(|fact| &fact.value)
    }

    /// All bindings that were read.
    pub(super) fn bindings(&self) -> impl Iterator<Item = &TargetGroupBinding> {
        self.snapshot
            .kubernetes
            .target_group_bindings
            .known()
            .map(|fact| &fact.value)
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.snapshot
            .kubernetes
            .nodes
            .known()
            .map(|fact| &fact.value)
    }

    /// The Pods of the agents.
    pub(super) fn agents(&self) -> impl Iterator<Item = &Pod> {
        let pods = self
            .snapshot
            .kubernetes
            .pods
            .known()
            .map(|fact| &fact.value);
        pods.filter(|pod| pod.is_app("cilium"))
    }

    /// All slices that were read.
    pub(super) fn slices(&self) -> impl Iterator<Item = &EndpointSlice> {
        self.snapshot
            .kubernetes
            .endpoint_slices
            .known()
            .map(|fact| &fact.value)
    }

    /// EC2 instance ids of the nodes.
    pub(super) fn instances(&self) -> BTreeSet<String> {
        self.nodes()
            .filter_map(Node::instance_id)
            .map(str::to_owned)
            .collect()
    }
}

/// The namespace of the CiliumGatewayClassConfig that a GatewayClass refers to.
fn class_config(class: &Value) -> Option<String> {
    let reference = class.pointer("/spec/parametersRef")?;
    let text = |key: &str| reference.get(key).and_then(Value::as_str);
    let config = text("kind") == Some("CiliumGatewayClassConfig");
    text("namespace")
        .filter(|name| config && !name.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::path::SubjectKind;
    use serde_json::json;

    #[test]
    fn a_gateway_leads_to_its_service() {
        let mut facts = Facts::default();
        let meta = |name: &str| json!({"name": name, "namespace": "gw"});
        facts.add(
            "gateways",
            "g.json",
            &[json!({"metadata": meta("a"), "spec": {"gatewayClassName": "cilium"}})],
        );
        let gateway = "gateway/a".parse().unwrap();
        assert_eq!(facts.resolve(&gateway, "other"), None);
        assert_eq!(facts.resolve(&gateway, "gw").unwrap().service, None);
        facts.add(
            "services",
            "s.json",
            &[
                json!({"metadata": meta("cilium-gateway-a")}),
                json!("broken"),
            ],
        );
        let known = facts.resolve(&gateway, "gw").unwrap();
        assert_eq!(known.kind, SubjectKind::Gateway);
        assert_eq!(known.service.unwrap().1, "cilium-gateway-a");
    }

    #[test]
    fn classes_say_where_their_parameters_are() {
        let mut facts = Facts::default();
        let class = |kind: &str| json!({"metadata": {"name": kind}, "spec": {"parametersRef": {"kind": kind, "name": "x", "namespace": kind.to_lowercase()}}});
        facts.add(
            "gatewayclasses",
            "c.json",
            &[class("CiliumGatewayClassConfig"), class("ConfigMap")],
        );
        let namespaces: Vec<_> = facts.class_configs().iter().collect();
        assert_eq!(namespaces, ["ciliumgatewayclassconfig"]);
    }
}
