//! The kinds that are read, with their paths: constants, because discovery costs minutes on clusters with many CRDs.

/// A kind of Kubernetes object.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::collect) struct Kind {
    /// Plural, as in paths.
    pub(in crate::collect) plural: &'static str,
    /// Kind, as in objects.
    pub(in crate::collect) name: &'static str,
    /// API group; empty for the core group.
    group: &'static str,
    /// Versions, the first one served is read.
    pub(in crate::collect) versions: &'static [&'static str],
}

macro_rules! kinds {
    ($($constant:ident = $plural:literal $name:literal $group:literal $versions:expr;)*) => {
        $(
            #[doc = $name]
            pub(in crate::collect) static $constant: Kind = Kind {
                plural: $plural,
                name: $name,
                group: $group,
                versions: &$versions,
            };
        )*
    };
}

// Gateway API before 1.0 serves v1beta1 only, which Cilium 1.14 uses; CiliumNodeConfig became v2 in 1.16.
kinds! {
    GATEWAYS = "gateways" "Gateway" "gateway.networking.k8s.io" ["v1", "v1beta1"];
    GATEWAY_CLASSES = "gatewayclasses" "GatewayClass" "gateway.networking.k8s.io" ["v1", "v1beta1"];
    HTTP_ROUTES = "httproutes" "HTTPRoute" "gateway.networking.k8s.io" ["v1", "v1beta1"];
    GRPC_ROUTES = "grpcroutes" "GRPCRoute" "gateway.networking.k8s.io" ["v1", "v1alpha2"];
    TLS_ROUTES = "tlsroutes" "TLSRoute" "gateway.networking.k8s.io" ["v1", "v1alpha3", "v1alpha2"];
    TCP_ROUTES = "tcproutes" "TCPRoute" "gateway.networking.k8s.io" ["v1", "v1alpha2"];
    UDP_ROUTES = "udproutes" "UDPRoute" "gateway.networking.k8s.io" ["v1", "v1alpha2"];
    REFERENCE_GRANTS = "referencegrants" "ReferenceGrant" "gateway.networking.k8s.io" ["v1", "v1beta1"];
    SERVICES = "services" "Service" "" ["v1"];
    NAMESPACES = "namespaces" "Namespace" "" ["v1"];
    NODES = "nodes" "Node" "" ["v1"];
    PODS = "pods" "Pod" "" ["v1"];
    DEPLOYMENTS = "deployments" "Deployment" "apps" ["v1"];
    CONFIG_MAPS = "configmaps" "ConfigMap" "" ["v1"];
    EVENTS = "events" "Event" "" ["v1"];
    INGRESSES = "ingresses" "Ingress" "networking.k8s.io" ["v1"];
    ENDPOINT_SLICES = "endpointslices" "EndpointSlice" "discovery.k8s.io" ["v1"];
    TARGET_GROUP_BINDINGS = "targetgroupbindings" "TargetGroupBinding" "elbv2.k8s.aws" ["v1beta1"];
    ENVOY_CONFIGS = "ciliumenvoyconfigs" "CiliumEnvoyConfig" "cilium.io" ["v2"];
    NODE_CONFIGS = "ciliumnodeconfigs" "CiliumNodeConfig" "cilium.io" ["v2", "v2alpha1"];
    CLUSTERWIDE_POLICIES = "ciliumclusterwidenetworkpolicies" "CiliumClusterwideNetworkPolicy" "cilium.io" ["v2"];
    CILIUM_POLICIES = "ciliumnetworkpolicies" "CiliumNetworkPolicy" "cilium.io" ["v2"];
    NETWORK_POLICIES = "networkpolicies" "NetworkPolicy" "networking.k8s.io" ["v1"];
    GATEWAY_CLASS_CONFIGS = "ciliumgatewayclassconfigs" "CiliumGatewayClassConfig" "cilium.io" ["v2", "v2alpha1"];
}

impl Kind {
    /// `apps/v1`, or `v1` in the core group.
    pub(in crate::collect) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() {
            version.to_owned()
        } else {
            format!("{}/{version}", self.group)
        }
    }

    /// The path of the collection, in one namespace or everywhere.
    pub(in crate::collect) fn path(&self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{}/{version}", self.group)
        };
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// How gaps name the kind.
    pub(in crate::collect) fn source(&self) -> String {
        format!("kubernetes/{}", self.plural)
    }
}

#[cfg(test)]
mod tests {
    use super::{GATEWAYS, SERVICES};

    #[test]
    fn paths_of_the_core_group_and_of_others() {
        assert_eq!(SERVICES.path("v1", None), "/api/v1/services");
        assert_eq!(
            GATEWAYS.path("v1", Some("gw")),
            "/apis/gateway.networking.k8s.io/v1/namespaces/gw/gateways"
        );
        assert_eq!(GATEWAYS.api_version("v1"), "gateway.networking.k8s.io/v1");
        assert_eq!(SERVICES.source(), "kubernetes/services");
    }
}
