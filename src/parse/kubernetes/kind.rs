//! The kinds that are read, and what their lists prove.

use super::Facts;
use super::endpoints::Endpoints;
use crate::model::kubernetes::{
    CiliumEnvoyConfig, CiliumGatewayClassConfig, CiliumNodeConfig, CiliumPolicy, ConfigMap,
    Deployment, EndpointSlice, Event, Gateway, GatewayClass, Ingress, Kubernetes, NetworkPolicy,
    Node, Object, Objects, Pod, ReferenceGrant, Route, Service, TargetGroupBinding,
};
use crate::model::{Fact, Gap, Origin, Source};
use crate::parse::ParseError;
use crate::parse::probe::{self, Spot};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind of object.
pub(super) struct Kind {
    /// As the field `kind` has it.
    pub(super) name: &'static str,
    /// As a file with a list of it is called.
    pub(super) plural: &'static str,
    /// API groups; kinds of other groups share the name and nothing else.
    groups: &'static [&'static str],
    /// Whether its objects have no namespace.
    pub(super) is_cluster_scoped: bool,
    /// The reading it belongs to.
    pub(super) source: Source,
    /// Whether a complete list of it proves the absence of everything in its collection.
    pub(super) is_whole_collection: bool,
    /// Adds an object.
    pub(super) add: fn(&mut Facts, Value, Origin) -> Result<(), serde_json::Error>,
    /// Finds where in the text reading the object fails.
    pub(super) locate: fn(Spot<'_>, &serde_json::Error) -> ParseError,
}

const CORE: &[&str] = &[""];
const APPS: &[&str] = &["apps"];
const GATEWAY: &[&str] = &["gateway.networking.k8s.io"];
const INGRESS: &[&str] = &["networking.k8s.io", "extensions"];
const BINDING: &[&str] = &["elbv2.k8s.aws"];
const SLICE: &[&str] = &["discovery.k8s.io"];
const CILIUM: &[&str] = &["cilium.io"];

/// One row; the last two words say where its objects live and whether its lists are complete for their collection.
macro_rules! kind {
    ($name:literal, $plural:literal, $groups:ident, $source:ident, $field:ident: $type:ty, $scope:ident, $proof:ident) => {
        Kind {
            name: $name,
            plural: $plural,
            groups: $groups,
            is_cluster_scoped: matches!(Scope::$scope, Scope::Cluster),
            source: Source::$source,
            is_whole_collection: matches!(Proof::$proof, Proof::Whole),
            add: |facts, value, origin| add::<$type>(&mut facts.objects.$field, value, origin),
            locate: probe::locate::<$type>,
        }
    };
}

enum Scope {
    Cluster,
    Namespaced,
}

enum Proof {
    Whole,
    Part,
}

/// Every kind that is read. Of several kinds in one collection only the one that names it proves absence.
static KINDS: &[Kind] = &[
    kind!("Gateway", "gateways", GATEWAY, Gateways, gateways: Gateway, Namespaced, Whole),
    kind!("GatewayClass", "gatewayclasses", GATEWAY, GatewayClasses, gateway_classes: GatewayClass, Cluster, Whole),
    kind!("HTTPRoute", "httproutes", GATEWAY, Routes, routes: Route, Namespaced, Whole),
    kind!("GRPCRoute", "grpcroutes", GATEWAY, Routes, routes: Route, Namespaced, Part),
    kind!("TLSRoute", "tlsroutes", GATEWAY, Routes, routes: Route, Namespaced, Part),
    kind!("TCPRoute", "tcproutes", GATEWAY, Routes, routes: Route, Namespaced, Part),
    kind!("UDPRoute", "udproutes", GATEWAY, Routes, routes: Route, Namespaced, Part),
    kind!("ReferenceGrant", "referencegrants", GATEWAY, ReferenceGrants, reference_grants: ReferenceGrant, Namespaced, Whole),
    kind!("Service", "services", CORE, Services, services: Service, Namespaced, Whole),
    kind!("Ingress", "ingresses", INGRESS, Ingresses, ingresses: Ingress, Namespaced, Whole),
    kind!("TargetGroupBinding", "targetgroupbindings", BINDING, TargetGroupBindings, target_group_bindings: TargetGroupBinding, Namespaced, Whole),
    kind!("EndpointSlice", "endpointslices", SLICE, EndpointSlices, endpoint_slices: EndpointSlice, Namespaced, Whole),
    Kind {
        name: "Endpoints",
        plural: "endpoints",
        groups: CORE,
        is_cluster_scoped: false,
        source: Source::EndpointSlices,
        is_whole_collection: false,
        add: |facts, value, origin| {
            let endpoints = serde_json::from_value::<Endpoints>(value)?;
            facts.endpoints.push(Fact::new(endpoints, origin));
            Ok(())
        },
        locate: probe::locate::<Endpoints>,
    },
    kind!("Node", "nodes", CORE, Nodes, nodes: Node, Cluster, Whole),
    kind!("Pod", "pods", CORE, Pods, pods: Pod, Namespaced, Whole),
    kind!("Deployment", "deployments", APPS, Deployments, deployments: Deployment, Namespaced, Whole),
    kind!("ConfigMap", "configmaps", CORE, ConfigMaps, config_maps: ConfigMap, Namespaced, Whole),
    kind!("CiliumEnvoyConfig", "ciliumenvoyconfigs", CILIUM, EnvoyConfigs, envoy_configs: CiliumEnvoyConfig, Namespaced, Whole),
    kind!("CiliumClusterwideEnvoyConfig", "ciliumclusterwideenvoyconfigs", CILIUM, EnvoyConfigs, envoy_configs: CiliumEnvoyConfig, Cluster, Part),
    kind!("CiliumNodeConfig", "ciliumnodeconfigs", CILIUM, NodeConfigs, node_configs: CiliumNodeConfig, Namespaced, Whole),
    kind!("CiliumGatewayClassConfig", "ciliumgatewayclassconfigs", CILIUM, GatewayClassConfigs, gateway_class_configs: CiliumGatewayClassConfig, Namespaced, Whole),
    kind!("CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies", CILIUM, ClusterwidePolicies, clusterwide_policies: CiliumPolicy, Cluster, Whole),
    kind!("CiliumNetworkPolicy", "ciliumnetworkpolicies", CILIUM, CiliumPolicies, cilium_policies: CiliumPolicy, Namespaced, Whole),
    kind!("NetworkPolicy", "networkpolicies", INGRESS, NetworkPolicies, network_policies: NetworkPolicy, Namespaced, Whole),
    kind!("Event", "events", CORE, Events, events: Event, Namespaced, Whole),
];

fn add<T: Object + DeserializeOwned>(
    objects: &mut Objects<T>,
    value: Value,
    origin: Origin,
) -> Result<(), serde_json::Error> {
    objects.insert(Fact::new(serde_json::from_value(value)?, origin));
    Ok(())
}

impl Kind {
    /// The kind of that name in the group of `api_version`, which is not checked when empty.
    pub(super) fn find(name: &str, api_version: &str) -> Option<&'static Self> {
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        KINDS.iter().find(|kind| {
            kind.name == name && (api_version.is_empty() || kind.groups.contains(&group))
        })
    }

    /// The kind whose lists are called `stem`: `gateways`, or `gateways.gateway.networking.k8s.io`.
    pub(super) fn of_plural(stem: &str) -> Option<&'static Self> {
        let (plural, group) = stem.split_once('.').unwrap_or((stem, ""));
        KINDS.iter().find(|kind| {
            kind.plural == plural && (group.is_empty() || kind.groups.contains(&group))
        })
    }

    /// The kinds that a text names in a field `kind`, for texts that cannot be parsed.
    pub(super) fn mentioned(text: &str) -> Vec<&'static Self> {
        let mut found: Vec<&'static Self> = Vec::new();
        for (at, _) in text.match_indices("kind") {
            let rest = text[at + "kind".len()..].trim_start_matches(['"', '\'', ':', ' ']);
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            let name = rest[..end].strip_suffix("List").unwrap_or(&rest[..end]);
            if let Some(kind) = Self::find(name, "")
                && !found.iter().any(|known| known.source == kind.source)
            {
                found.push(kind);
            }
        }
        found
    }
}

/// What can be remembered of a collection without knowing its type.
pub(in crate::parse) trait Collection {
    /// The reading that fills it.
    fn source(&self) -> Source;
    /// See [`Objects::mark_listed`].
    fn mark_listed(&mut self, namespace: Option<&str>);
    /// See [`Objects::mark_gap`].
    fn mark_gap(&mut self, gap: Gap);
    /// See [`Objects::mark_partial`].
    fn mark_partial(&mut self, namespace: &str, name: &str, gap: Gap);
    /// Whether the object was captured.
    fn has(&self, namespace: &str, name: &str) -> bool;
}

impl<T> Collection for Objects<T> {
    fn source(&self) -> Source {
        Objects::source(self)
    }

    fn mark_listed(&mut self, namespace: Option<&str>) {
        Objects::mark_listed(self, namespace);
    }

    fn mark_gap(&mut self, gap: Gap) {
        Objects::mark_gap(self, gap);
    }

    fn mark_partial(&mut self, namespace: &str, name: &str, gap: Gap) {
        Objects::mark_partial(self, namespace, name, gap);
    }

    fn has(&self, namespace: &str, name: &str) -> bool {
        matches!(self.find(namespace, name), Ok(Some(_)))
    }
}

/// Every collection.
pub(in crate::parse) fn collections(objects: &mut Kubernetes) -> [&mut dyn Collection; 19] {
    [
        &mut objects.gateways,
        &mut objects.gateway_classes,
        &mut objects.routes,
        &mut objects.reference_grants,
        &mut objects.services,
        &mut objects.ingresses,
        &mut objects.target_group_bindings,
        &mut objects.endpoint_slices,
        &mut objects.nodes,
        &mut objects.pods,
        &mut objects.deployments,
        &mut objects.config_maps,
        &mut objects.envoy_configs,
        &mut objects.node_configs,
        &mut objects.gateway_class_configs,
        &mut objects.clusterwide_policies,
        &mut objects.cilium_policies,
        &mut objects.network_policies,
        &mut objects.events,
    ]
}

/// The collection that a reading fills; `None` for readings of agents and AWS.
pub(in crate::parse) fn collection(
    objects: &mut Kubernetes,
    source: Source,
) -> Option<&mut dyn Collection> {
    collections(objects)
        .into_iter()
        .find(|collection| collection.source() == source)
}
