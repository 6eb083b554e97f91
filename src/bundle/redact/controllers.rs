//! Names that are computed by a hash out of other names, computed anew out of their stand-ins.
//!
//! A check computes them as the controllers do and compares. A stand-in that
//! is not the name of its Service's stand-in would be somebody else's balancer.

use super::text::{Replacer, is_uuid};
use crate::model::kubernetes::generated;
use crate::model::naming;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the computed names are made of.
#[derive(Debug, Default)]
pub(super) struct Computed {
    /// Namespace, name and UID of Services.
    services: BTreeSet<(String, String, String)>,
    /// Kind and name of Gateways and Ingresses.
    owners: BTreeSet<(&'static str, String)>,
}

/// Most pairs of a Service and a cluster; there is rarely more than one cluster in a bundle.
const MAX: usize = 1_000_000;

impl Computed {
    /// Takes the objects of a document.
    pub(super) fn add(&mut self, document: &Value) {
        let items = document.get("items").and_then(Value::as_array);
        match items {
            Some(items) => items.iter().for_each(|item| self.object(item, document)),
            None => self.object(document, document),
        }
    }

    fn object(&mut self, object: &Value, list: &Value) {
        let text = |field: &str| {
            let value = object
                .get("metadata")
                .and_then(|metadata| metadata.get(field));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kind = |of: &Value| of.get("kind").and_then(Value::as_str).map(str::to_owned);
        let kind = kind(object).or_else(|| kind(list)).unwrap_or_default();
        match kind.trim_end_matches("List") {
            "Service" => {
                let uid = text("uid").to_ascii_lowercase();
                if is_uuid(&uid) {
                    self.services.insert((text("namespace"), text("name"), uid));
                }
            }
            "Gateway" => {
                self.owners.insert(("Gateway", text("name")));
            }
            "Ingress" => {
                self.owners.insert(("Ingress", text("name")));
            }
            _ => {}
        }
    }

    /// Sets the stand-ins of all names that the controllers of these clusters may have computed.
    pub(super) fn set(&self, clusters: &BTreeSet<String>, replacer: &mut Replacer) {
        for (namespace, name, uid) in &self.services {
            let (to_namespace, to_name) = (replacer.whole(namespace), replacer.whole(name));
            let to_uid = replacer.uuid(uid);
            let mut pairs = vec![(naming::cloud_provider(uid), naming::cloud_provider(&to_uid))];
            for cluster in clusters.iter().take(MAX / self.services.len().max(1)) {
                let to_cluster = replacer.whole(cluster);
                pairs.extend(["internal", "internet-facing"].map(|scheme| {
                    (
                        naming::load_balancer(cluster, namespace, name, uid, scheme),
                        naming::load_balancer(
                            &to_cluster,
                            &to_namespace,
                            &to_name,
                            &to_uid,
                            scheme,
                        ),
                    )
                }));
            }
            for (name, stand_in) in pairs {
                replacer.names.set(&name, stand_in);
            }
        }
        for (kind, name) in &self.owners {
            let computed = generated::service_name(kind, name);
            if !computed.ends_with(name.as_str()) {
                let stand_in = generated::service_name(kind, &replacer.whole(name));
                replacer.names.set(&computed, stand_in);
            }
        }
    }
}
