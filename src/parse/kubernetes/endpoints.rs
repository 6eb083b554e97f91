//! core/v1 Endpoints in the shape of EndpointSlices.
//!
//! Kubernetes keeps both for the same endpoints, so Endpoints are used only
//! for Services of which no slice was captured. A list of them proves nothing:
//! slices may exist without them, and they end at 1,000 addresses.

use crate::model::Fact;
use crate::model::kubernetes::Meta;
use crate::model::kubernetes::Objects;
use crate::model::kubernetes::endpoints::{
    Endpoint, EndpointConditions, EndpointPort, EndpointSlice, TargetRef,
};
use crate::model::kubernetes::meta::null_as_default;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The label that names the Service of a slice.
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// A core/v1 Endpoints.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Endpoints {
    metadata: Meta,
    #[serde(deserialize_with = "null_as_default")]
    subsets: Vec<Subset>,
}

/// Addresses that share their ports.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Subset {
    #[serde(deserialize_with = "null_as_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "null_as_default")]
    not_ready_addresses: Vec<Address>,
    #[serde(deserialize_with = "null_as_default")]
    ports: Vec<EndpointPort>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Address {
    ip: String,
    node_name: Option<String>,
    target_ref: Option<TargetRef>,
}

/// Adds Endpoints as slices where no slice of the same Service was captured.
pub(super) fn add(slices: &mut Objects<EndpointSlice>, endpoints: Vec<Fact<Endpoints>>) {
    let known: BTreeSet<(String, String)> = slices
        .known()
        .filter_map(|slice| {
            Some((
                slice.metadata.namespace.clone(),
                slice.service()?.to_owned(),
            ))
        })
        .collect();
    for fact in endpoints {
        let meta = &fact.value.metadata;
        if known.contains(&(meta.namespace.clone(), meta.name.clone())) {
            continue;
        }
        for slice in fact.value.slices() {
            slices.insert(Fact::new(slice, fact.origin.clone()));
        }
    }
}

impl Endpoints {
    /// One slice per subset; one without endpoints if there is no subset.
    fn slices(&self) -> Vec<EndpointSlice> {
        let empty = [Subset::default()];
        let subsets = if self.subsets.is_empty() {
            &empty[..]
        } else {
            &self.subsets
        };
        subsets
            .iter()
            .enumerate()
            .map(|(index, subset)| self.slice(index, subset))
            .collect()
    }

    fn slice(&self, index: usize, subset: &Subset) -> EndpointSlice {
        let mut metadata = self.metadata.clone();
        metadata
            .labels
            .insert(SERVICE_LABEL.to_owned(), self.metadata.name.clone());
        // No object of the API can have such a name, so it meets no slice.
        metadata.name = match index {
            0 => format!("{} (Endpoints)", self.metadata.name),
            _ => format!("{} (Endpoints, subset {})", self.metadata.name, index + 1),
        };
        let ready = subset
            .addresses
            .iter()
            .map(|address| address.endpoint(true));
        let waiting = subset
            .not_ready_addresses
            .iter()
            .map(|address| address.endpoint(false));
        let endpoints: Vec<Endpoint> = ready.chain(waiting).collect();
        let is_ipv6 = endpoints
            .iter()
            .any(|endpoint| endpoint.addresses.iter().any(|ip| ip.contains(':')));
        EndpointSlice {
            metadata,
            address_type: if is_ipv6 { "IPv6" } else { "IPv4" }.to_owned(),
            endpoints,
            ports: subset.ports.clone(),
        }
    }
}

impl Address {
    fn endpoint(&self, ready: bool) -> Endpoint {
        Endpoint {
            addresses: vec![self.ip.clone()],
            conditions: EndpointConditions {
                ready: Some(ready),
                ..EndpointConditions::default()
            },
            node_name: self.node_name.clone(),
            target_ref: self.target_ref.clone(),
        }
    }
}
