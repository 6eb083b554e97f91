//! Topology hints that leave a node's zone out.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Fact;
use crate::model::kubernetes::Service;
use crate::model::kubernetes::endpoints::Endpoint;

/// Annotations that ask for hints, the present one and that of before Kubernetes 1.27.
const ANNOTATIONS: [&str; 2] = [
    "service.kubernetes.io/topology-mode",
    "service.kubernetes.io/topology-aware-hints",
];

/// What asks for topology and the hints that leave the node's zone out.
pub struct Away {
    /// The field that asks for hints.
    pub asked: String,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

/// Whether every endpoint of `usable` carries hints for other zones than the node's.
///
/// Cilium heeds hints with `enable-service-topology`, and from 1.18 on also `spec.trafficDistribution`; it is
/// meant to use all endpoints where none is hinted to the node's zone. `None` also where the zone is not known.
pub fn away(
    view: &View<'_>,
    service: &Fact<Service>,
    node: &str,
    usable: &[&Endpoint],
) -> Option<Away> {
    let (asked, value) = asked(service)?;
    let fact = view.nodes().find("", node).ok().flatten()?;
    let zone = fact.zone()?;
    if usable.is_empty() || !usable.iter().all(|one| one.is_hinted_away_from(zone)) {
        return None;
    }
    let mut zones: Vec<&str> = usable
        .iter()
        .filter_map(|one| one.hints.as_ref())
        .flat_map(|hints| hints.for_zones.iter().map(|zone| zone.name.as_str()))
        .collect();
    zones.sort_unstable();
    zones.dedup();
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    Some(Away {
        evidence: vec![
            Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{id}"),
                asked.as_str(),
                value,
            ),
            Evidence::new(
                Layer::Declared,
                &service.origin,
                format!("Service/{id}"),
                "hints.forZones of its ready endpoints",
                zones.join(","),
            ),
            Evidence::new(
                Layer::Declared,
                &fact.origin,
                format!("Node/{node}"),
                "topology.kubernetes.io/zone",
                zone,
            ),
        ],
        asked,
    })
}

/// The field that asks for hints, and its value.
pub fn asked(service: &Service) -> Option<(String, &str)> {
    if let Some(value) = service.spec.traffic_distribution.as_deref() {
        return Some(("spec.trafficDistribution".to_owned(), value));
    }
    ANNOTATIONS.iter().find_map(|key| {
        let value = service.metadata.annotations.get(*key)?;
        value
            .eq_ignore_ascii_case("auto")
            .then(|| (format!("annotation {key}"), value.as_str()))
    })
}
