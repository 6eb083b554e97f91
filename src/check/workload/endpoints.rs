//! The endpoints of an ordinary Service, as EndpointSlices declare them.

use crate::check::View;
use crate::model::kubernetes::endpoints::Endpoint;
use crate::model::kubernetes::{EndpointSlice, Service};
use crate::model::{Fact, Gap, Reason, Source};

/// The slices of a Service in one list.
pub struct Endpoints<'a> {
    slices: Vec<&'a Fact<EndpointSlice>>,
}

impl<'a> Endpoints<'a> {
    /// All slices of a Service.
    ///
    /// # Errors
    /// A gap when the namespace's slices were not listed completely.
    pub fn of(view: &View<'a>, service: &Service) -> Result<Self, Gap> {
        Self::named(view, &service.metadata.namespace, &service.metadata.name)
    }

    /// All slices of a Service of which no more than the name is known.
    ///
    /// # Errors
    /// A gap when the namespace's slices were not listed completely.
    pub fn named(view: &View<'a>, namespace: &str, name: &str) -> Result<Self, Gap> {
        let all = view.endpoint_slices().all(namespace)?.into_iter();
        let slices = all.filter(|slice| slice.service() == Some(name)).collect();
        Ok(Self { slices })
    }

    /// The slices.
    pub fn slices(&self) -> &[&'a Fact<EndpointSlice>] {
        &self.slices
    }

    /// All endpoints, whatever their port.
    pub fn all(&self) -> impl Iterator<Item = &'a Endpoint> {
        self.slices
            .iter()
            .flat_map(|slice| slice.value.endpoints.iter())
    }

    /// Endpoints whose slice carries a port of this name.
    ///
    /// Backends are matched to a Service port by the port's name (pkg/k8s/watchers, pkg/loadbalancer/reflectors).
    pub fn on_port(&self, name: &str) -> impl Iterator<Item = &'a Endpoint> {
        self.slices
            .iter()
            .filter(move |slice| {
                slice
                    .ports
                    .iter()
                    .any(|port| port.name.as_deref().unwrap_or_default() == name)
            })
            .flat_map(|slice| slice.value.endpoints.iter())
    }

    /// How many endpoints are ready anywhere.
    pub fn ready(&self) -> usize {
        self.all().filter(|endpoint| endpoint.is_ready()).count()
    }

    /// How many ready endpoints Cilium counts as local on a node; those without a node name count everywhere.
    pub fn ready_on(&self, node: &str) -> usize {
        self.all()
            .filter(|endpoint| endpoint.is_ready())
            .filter(|endpoint| endpoint.is_local_to(node))
            .count()
    }
}

/// Why EndpointSlices do not judge what a node has for a global Service.
pub const GLOBAL: &str =
    "other clusters of the mesh have endpoints for the Service, and those are in no EndpointSlice";

/// What is not known of a global Service that has no endpoint of its own: the endpoints of the other clusters.
///
/// Agents merge those in without a node name, so they count as local on every node (pkg/clustermesh/service_merger.go
/// `ClusterServiceToBackendParams`, pkg/loadbalancer/healthserver `getLocalEndpointCount`; up to 1.17
/// pkg/k8s/service_cache.go `correlateEndpoints`).
pub fn of_other_clusters(service: &Service) -> Option<Gap> {
    let meta = &service.metadata;
    service.is_global().then(|| {
        Gap::new(
            Source::EndpointSlices,
            format!("{}/{}", meta.namespace, meta.name),
            Reason::Partial("those of the other clusters of the mesh are not in it".to_owned()),
        )
    })
}

/// Whether an endpoint still serves while it goes away; such endpoints are used when no ready one is left.
pub fn drains(endpoint: &Endpoint) -> bool {
    !endpoint.is_ready()
        && endpoint.conditions.terminating == Some(true)
        && endpoint.conditions.serving == Some(true)
}
