//! Topology hints, which make an agent prefer the endpoints of its own zone.

use crate::model::kubernetes::Service;

/// Annotations that ask for hints, the present one and that of before Kubernetes 1.27.
const ANNOTATIONS: [&str; 2] = [
    "service.kubernetes.io/topology-mode",
    "service.kubernetes.io/topology-aware-hints",
];

/// Whether the Service asks for hints.
///
/// With `enable-service-topology` an agent leaves out endpoints of other zones then, so that its entries lack ready ones. It
/// never leaves out all: without one for its zone it uses every endpoint (pkg/loadbalancer/writer `SelectBackends`; up to
/// 1.17 pkg/k8s/service_cache.go `filterEndpoints`).
pub fn asked(service: &Service) -> bool {
    service.spec.traffic_distribution.is_some()
        || ANNOTATIONS.iter().any(|key| {
            let value = service.metadata.annotations.get(*key);
            value.is_some_and(|value| value.eq_ignore_ascii_case("auto"))
        })
}
