//! core/v1 Service.

use super::binding::PortRef;
use super::generated::SHARED_INGRESS;
use super::meta::{Condition, Meta, null_as_default, object};
use serde::Deserialize;

/// A Service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: ServiceSpec,
    /// Status.
    pub status: ServiceStatus,
}
object!(Service, "Service");

/// The spec of a Service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP` (also when empty), `NodePort`, `LoadBalancer` or `ExternalName`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Ports.
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<ServicePort>,
    /// `Cluster` (also when empty) or `Local`.
    pub external_traffic_policy: String,
    /// The port on which nodes answer for externalTrafficPolicy Local; 0 when unset.
    pub health_check_node_port: u16,
    /// The controller that shall own the load balancer.
    pub load_balancer_class: Option<String>,
    /// Label selector; empty for Services whose endpoints somebody else writes.
    #[serde(deserialize_with = "null_as_default")]
    pub selector: std::collections::BTreeMap<String, String>,
    /// All cluster addresses.
    #[serde(rename = "clusterIPs", deserialize_with = "null_as_default")]
    pub cluster_ips: Vec<String>,
    /// `IPv4`, `IPv6`.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_families: Vec<String>,
    /// CIDRs that may reach the load balancer; empty means all.
    #[serde(deserialize_with = "null_as_default")]
    pub load_balancer_source_ranges: Vec<String>,
    /// False when no NodePorts are wanted.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// `None` or `ClientIP`.
    pub session_affinity: String,
    /// Whether endpoints count as ready whatever their Pods say.
    pub publish_not_ready_addresses: bool,
    /// `PreferClose`, `PreferSameZone`, `PreferSameNode`.
    pub traffic_distribution: Option<String>,
}

/// A port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Name; backends are matched to frontends by it.
    pub name: String,
    /// The port of the Service, and of the load balancer listener.
    pub port: u16,
    /// `TCP` (also when empty) or `UDP`.
    pub protocol: String,
    /// The NodePort; 0 when none is allocated.
    pub node_port: u16,
    /// The port of the Pods, by number or by the name of a container's; the Service's own when absent.
    pub target_port: Option<PortRef>,
}

impl ServicePort {
    /// The protocol with the API's default filled in.
    pub fn protocol(&self) -> &str {
        if self.protocol.is_empty() {
            "TCP"
        } else {
            &self.protocol
        }
    }
}

/// The status of a Service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// What the owner controller wrote.
    pub load_balancer: LoadBalancerStatus,
    /// `cilium.io/IPAMRequestSatisfied` where LB-IPAM has taken the Service.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

/// Addresses of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LoadBalancerStatus {
    /// One entry per address.
    #[serde(deserialize_with = "null_as_default")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// One address of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LoadBalancerIngress {
    /// DNS name; AWS controllers write this.
    pub hostname: Option<String>,
    /// Address; LB-IPAM and MetalLB write this.
    pub ip: Option<String>,
}

impl Service {
    /// Whether externalTrafficPolicy is Local.
    pub fn is_local(&self) -> bool {
        self.spec.external_traffic_policy == "Local"
    }

    /// Whether endpoints of other clusters of a mesh serve the Service as well, which are in no EndpointSlice of this one.
    ///
    /// True for the annotation `service.cilium.io/global: "true"` or, where that is absent, for the name it had before
    /// (pkg/annotation `GetAnnotationIncludeExternal`).
    pub fn is_global(&self) -> bool {
        ["service.cilium.io/global", "io.cilium/global-service"]
            .iter()
            .find_map(|key| self.metadata.annotations.get(*key))
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The first DNS name of the load balancer.
    pub fn hostname(&self) -> Option<&str> {
        self.status
            .load_balancer
            .ingress
            .iter()
            .find_map(|ingress| ingress.hostname.as_deref().filter(|name| !name.is_empty()))
    }

    /// Whether the Service belongs to a Gateway or a Cilium Ingress, whose traffic Envoy takes.
    ///
    /// True for owner reference Gateway or Ingress, and for the shared Ingress Service of the chart.
    pub fn is_proxied(&self) -> bool {
        self.metadata
            .owner_references
            .iter()
            .any(|owner| owner.kind == "Gateway" || owner.kind == "Ingress")
            || self
                .metadata
                .labels
                .contains_key("io.cilium.gateway/owning-gateway")
            || self.is_shared_ingress()
    }

    /// Its ports as in `80/TCP, 443/TCP`.
    pub fn port_list(&self) -> String {
        let ports = self.spec.ports.iter();
        let each: Vec<String> = ports
            .map(|port| format!("{}/{}", port.port, port.protocol()))
            .collect();
        each.join(", ")
    }

    /// Whether it is the Service that Ingresses share, which the chart makes and no Ingress owns.
    ///
    /// The chart labels it, whatever name it was given (install/kubernetes/cilium/templates/cilium-ingress-service.yaml).
    pub fn is_shared_ingress(&self) -> bool {
        let meta = &self.metadata;
        let labelled = meta.labels.get("cilium.io/ingress");
        let owners = &meta.owner_references;
        owners.iter().all(|owner| owner.kind != "Ingress")
            && (meta.name == SHARED_INGRESS || labelled.is_some_and(|value| value == "true"))
    }
}

#[cfg(test)]
mod tests {
    use super::Service;
    use crate::model::kubernetes::meta::OwnerReference;

    fn labelled(owner: Option<&str>) -> Service {
        let mut service = Service::default();
        service.metadata.name = "renamed".to_owned();
        let label = ("cilium.io/ingress".to_owned(), "true".to_owned());
        service.metadata.labels.extend([label]);
        service
            .metadata
            .owner_references
            .extend(owner.map(|kind| OwnerReference {
                kind: kind.to_owned(),
                ..OwnerReference::default()
            }));
        service
    }

    #[test]
    fn the_shared_service_is_known_by_its_label_and_owned_by_no_ingress() {
        assert!(labelled(None).is_shared_ingress());
        assert!(labelled(Some("Addon")).is_shared_ingress());
        assert!(!labelled(Some("Ingress")).is_shared_ingress());
        assert!(labelled(Some("Ingress")).is_proxied());
        assert!(!Service::default().is_shared_ingress());
    }
}
