//! Kubernetes objects, each access remembered.

use super::View;
use crate::model::Source;
use crate::model::kubernetes::{
    CiliumEnvoyConfig, CiliumGatewayClassConfig, CiliumNodeConfig, CiliumPolicy, ConfigMap,
    Deployment, EndpointSlice, Event, Gateway, GatewayClass, Ingress, NetworkPolicy, Node, Objects,
    Pod, ReferenceGrant, Route, Service, TargetGroupBinding,
};

impl<'a> View<'a> {
    /// Gateways.
    pub fn gateways(&self) -> &'a Objects<Gateway> {
        self.note(Source::Gateways);
        &self.snapshot.kubernetes.gateways
    }

    /// GatewayClasses.
    pub fn gateway_classes(&self) -> &'a Objects<GatewayClass> {
        self.note(Source::GatewayClasses);
        &self.snapshot.kubernetes.gateway_classes
    }

    /// Routes.
    pub fn routes(&self) -> &'a Objects<Route> {
        self.note(Source::Routes);
        &self.snapshot.kubernetes.routes
    }

    /// ReferenceGrants.
    pub fn reference_grants(&self) -> &'a Objects<ReferenceGrant> {
        self.note(Source::ReferenceGrants);
        &self.snapshot.kubernetes.reference_grants
    }

    /// Services.
    pub fn services(&self) -> &'a Objects<Service> {
        self.note(Source::Services);
        &self.snapshot.kubernetes.services
    }

    /// Ingresses.
    pub fn ingresses(&self) -> &'a Objects<Ingress> {
        self.note(Source::Ingresses);
        &self.snapshot.kubernetes.ingresses
    }

    /// TargetGroupBindings.
    pub fn target_group_bindings(&self) -> &'a Objects<TargetGroupBinding> {
        self.note(Source::TargetGroupBindings);
        &self.snapshot.kubernetes.target_group_bindings
    }

    /// EndpointSlices.
    pub fn endpoint_slices(&self) -> &'a Objects<EndpointSlice> {
        self.note(Source::EndpointSlices);
        &self.snapshot.kubernetes.endpoint_slices
    }

    /// Nodes.
    pub fn nodes(&self) -> &'a Objects<Node> {
        self.note(Source::Nodes);
        &self.snapshot.kubernetes.nodes
    }

    /// Pods of the agents and Envoys.
    pub fn pods(&self) -> &'a Objects<Pod> {
        self.note(Source::Pods);
        &self.snapshot.kubernetes.pods
    }

    /// Deployments: cilium-operator.
    pub fn deployments(&self) -> &'a Objects<Deployment> {
        self.note(Source::Deployments);
        &self.snapshot.kubernetes.deployments
    }

    /// ConfigMaps.
    pub fn config_maps(&self) -> &'a Objects<ConfigMap> {
        self.note(Source::ConfigMaps);
        &self.snapshot.kubernetes.config_maps
    }

    /// CiliumEnvoyConfigs.
    pub fn envoy_configs(&self) -> &'a Objects<CiliumEnvoyConfig> {
        self.note(Source::EnvoyConfigs);
        &self.snapshot.kubernetes.envoy_configs
    }

    /// CiliumNodeConfigs.
    pub fn node_configs(&self) -> &'a Objects<CiliumNodeConfig> {
        self.note(Source::NodeConfigs);
        &self.snapshot.kubernetes.node_configs
    }

    /// CiliumGatewayClassConfigs.
    pub fn gateway_class_configs(&self) -> &'a Objects<CiliumGatewayClassConfig> {
        self.note(Source::GatewayClassConfigs);
        &self.snapshot.kubernetes.gateway_class_configs
    }

    /// CiliumClusterwideNetworkPolicies.
    pub fn clusterwide_policies(&self) -> &'a Objects<CiliumPolicy> {
        self.note(Source::ClusterwidePolicies);
        &self.snapshot.kubernetes.clusterwide_policies
    }

    /// CiliumNetworkPolicies.
    pub fn cilium_policies(&self) -> &'a Objects<CiliumPolicy> {
        self.note(Source::CiliumPolicies);
        &self.snapshot.kubernetes.cilium_policies
    }

    /// NetworkPolicies.
    pub fn network_policies(&self) -> &'a Objects<NetworkPolicy> {
        self.note(Source::NetworkPolicies);
        &self.snapshot.kubernetes.network_policies
    }

    /// Events.
    pub fn events(&self) -> &'a Objects<Event> {
        self.note(Source::Events);
        &self.snapshot.kubernetes.events
    }
}
