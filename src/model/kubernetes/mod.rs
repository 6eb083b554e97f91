//! Kubernetes objects: only the fields a health check depends on.
//!
//! The shapes follow the API; unknown fields are ignored and absent ones take
//! the API's own defaults, so that objects of every version can be read.

pub mod binding;
pub mod cilium;
pub mod core;
pub mod deployment;
pub mod endpoints;
pub mod gateway;
pub mod generated;
pub mod ingress;
pub mod meta;
pub mod node;
pub mod objects;
pub mod pod;
pub mod policy;
pub mod route;
pub mod selector;
pub mod service;

pub use binding::TargetGroupBinding;
pub use cilium::{CiliumEnvoyConfig, CiliumGatewayClassConfig, CiliumNodeConfig};
pub use core::{ConfigMap, Event};
pub use deployment::Deployment;
pub use endpoints::EndpointSlice;
pub use gateway::{Gateway, GatewayClass};
pub use ingress::Ingress;
pub use meta::{Condition, Meta, Object};
pub use node::Node;
pub use objects::Objects;
pub use pod::Pod;
pub use policy::{CiliumPolicy, NetworkPolicy};
pub use route::{ReferenceGrant, Route};
pub use selector::LabelSelector;
pub use service::Service;

use super::Source;

/// Every kind the program reads. Cluster-scoped kinds use an empty namespace.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    /// gateway.networking.k8s.io Gateway.
    pub gateways: Objects<Gateway>,
    /// gateway.networking.k8s.io GatewayClass.
    pub gateway_classes: Objects<GatewayClass>,
    /// HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute, keyed by kind and name.
    pub routes: Objects<Route>,
    /// gateway.networking.k8s.io ReferenceGrant.
    pub reference_grants: Objects<ReferenceGrant>,
    /// core/v1 Service.
    pub services: Objects<Service>,
    /// networking.k8s.io Ingress.
    pub ingresses: Objects<Ingress>,
    /// elbv2.k8s.aws TargetGroupBinding.
    pub target_group_bindings: Objects<TargetGroupBinding>,
    /// discovery.k8s.io EndpointSlice, and core/v1 Endpoints read as slices.
    pub endpoint_slices: Objects<EndpointSlice>,
    /// core/v1 Node.
    pub nodes: Objects<Node>,
    /// Pods of the Cilium agents and Envoys, and those behind a Service where captured.
    pub pods: Objects<Pod>,
    /// apps/v1 Deployment: only `cilium-operator` and `aws-load-balancer-controller` are ever read.
    pub deployments: Objects<Deployment>,
    /// ConfigMaps: only `cilium-config` is ever read.
    pub config_maps: Objects<ConfigMap>,
    /// cilium.io CiliumEnvoyConfig and CiliumClusterwideEnvoyConfig.
    pub envoy_configs: Objects<CiliumEnvoyConfig>,
    /// cilium.io CiliumNodeConfig.
    pub node_configs: Objects<CiliumNodeConfig>,
    /// cilium.io CiliumGatewayClassConfig.
    pub gateway_class_configs: Objects<CiliumGatewayClassConfig>,
    /// cilium.io CiliumClusterwideNetworkPolicy.
    pub clusterwide_policies: Objects<CiliumPolicy>,
    /// cilium.io CiliumNetworkPolicy.
    pub cilium_policies: Objects<CiliumPolicy>,
    /// networking.k8s.io NetworkPolicy.
    pub network_policies: Objects<NetworkPolicy>,
    /// core/v1 Event about the objects above.
    pub events: Objects<Event>,
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            gateways: Objects::new(Source::Gateways),
            gateway_classes: Objects::new(Source::GatewayClasses),
            routes: Objects::new(Source::Routes),
            reference_grants: Objects::new(Source::ReferenceGrants),
            services: Objects::new(Source::Services),
            ingresses: Objects::new(Source::Ingresses),
            target_group_bindings: Objects::new(Source::TargetGroupBindings),
            endpoint_slices: Objects::new(Source::EndpointSlices),
            nodes: Objects::new(Source::Nodes),
            pods: Objects::new(Source::Pods),
            deployments: Objects::new(Source::Deployments),
            config_maps: Objects::new(Source::ConfigMaps),
            envoy_configs: Objects::new(Source::EnvoyConfigs),
            node_configs: Objects::new(Source::NodeConfigs),
            gateway_class_configs: Objects::new(Source::GatewayClassConfigs),
            clusterwide_policies: Objects::new(Source::ClusterwidePolicies),
            cilium_policies: Objects::new(Source::CiliumPolicies),
            network_policies: Objects::new(Source::NetworkPolicies),
            events: Objects::new(Source::Events),
        }
    }
}
