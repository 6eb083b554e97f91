//! Names that are computed by a hash out of other names, computed anew out of their stand-ins.
//!
//! A check computes them as the controllers do and compares. A stand-in that
//! is not the name of its Service's stand-in would be somebody else's balancer.

use super::harvest::Harvest;
use super::text::{Replacer, is_uuid};
use crate::model::kubernetes::generated;
use crate::model::naming::{self, TargetGroupInputs};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the computed names are made of.
#[derive(Debug, Default)]
pub(super) struct Computed {
    services: BTreeSet<Service>,
    /// Kind and name of Gateways and Ingresses.
    owners: BTreeSet<(&'static str, String)>,
}

/// What decides the names of what is made for a Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Service {
    namespace: String,
    name: String,
    uid: String,
    /// Port and target port, the NodePort or the one of the Pods.
    ports: BTreeSet<(u16, u16)>,
    /// Seconds between health checks.
    intervals: BTreeSet<u32>,
}

/// The target port that stands for a named one.
const NAMED_PORT: u16 = 1;
/// Seconds between health checks that the controller asks for by itself.
const INTERVAL: u32 = 10;
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
        let kind = |of: &Value| of.get("kind").and_then(Value::as_str).map(str::to_owned);
        let kind = kind(object).or_else(|| kind(list)).unwrap_or_default();
        match kind.trim_end_matches("List") {
            "Service" => self.services.extend(service(object)),
            "Gateway" => {
                self.owners.insert(("Gateway", meta(object, "name")));
            }
            "Ingress" => {
                self.owners.insert(("Ingress", meta(object, "name")));
            }
            _ => {}
        }
    }

    /// Sets the stand-ins of all names that the controllers of the clusters may have computed.
    pub(super) fn set(&self, harvest: &Harvest, replacer: &mut Replacer) {
        for service in &self.services {
            let made = Service {
                namespace: replacer.whole(&service.namespace),
                name: replacer.whole(&service.name),
                uid: replacer.uuid(&service.uid),
                ..service.clone()
            };
            let mut pairs = vec![(
                naming::cloud_provider(&service.uid),
                naming::cloud_provider(&made.uid),
            )];
            let start = naming::prefix(&service.namespace, &service.name);
            let made_start = naming::prefix(&made.namespace, &made.name);
            // Whatever else the hash is made of, whose it is can be told by the start of its name.
            let own = harvest.names.range(start.clone()..);
            let own: Vec<&String> = own.take_while(|name| name.starts_with(&start)).collect();
            for name in own.iter().filter(|name| !name.contains('.')) {
                let old = replacer.whole(name);
                let hash = old.rsplit('-').next().unwrap_or_default();
                pairs.push(((*name).clone(), format!("{made_start}{hash}")));
            }
            for cluster in harvest
                .clusters
                .iter()
                .take(MAX / self.services.len().max(1))
            {
                let made_cluster = replacer.whole(cluster);
                pairs.extend(["internal", "internet-facing"].map(|scheme| {
                    (
                        service.balancer(cluster, scheme),
                        made.balancer(&made_cluster, scheme),
                    )
                }));
                // Most Services have no target group, and there are many ways to name one.
                if !own.is_empty() {
                    let groups = service.groups(cluster).into_iter();
                    let groups = groups.zip(made.groups(&made_cluster));
                    pairs.extend(groups.filter(|(name, _)| harvest.names.contains(name)));
                }
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

impl Service {
    fn balancer(&self, cluster: &str, scheme: &str) -> String {
        naming::load_balancer(cluster, &self.namespace, &self.name, &self.uid, scheme)
    }

    /// Names of target groups, in the same order for the same ports.
    fn groups(&self, cluster: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (service_port, target_port) in &self.ports {
            for check_interval in &self.intervals {
                for target_type in ["instance", "ip"] {
                    for protocol in ["TCP", "UDP", "TLS", "TCP_UDP", "QUIC"] {
                        for check_protocol in ["TCP", "HTTP", "HTTPS"] {
                            let inputs = TargetGroupInputs {
                                cluster,
                                uid: &self.uid,
                                target_port: *target_port,
                                service_port: *service_port,
                                target_type,
                                protocol,
                                check_protocol,
                                check_interval: *check_interval,
                            };
                            names.push(naming::target_group(&self.namespace, &self.name, inputs));
                        }
                    }
                }
            }
        }
        names
    }
}

fn meta(object: &Value, field: &str) -> String {
    let value = object
        .get("metadata")
        .and_then(|metadata| metadata.get(field));
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A Service that has a UID, without which nothing is computed.
fn service(object: &Value) -> Option<Service> {
    let uid = meta(object, "uid");
    let ports = object.get("spec").and_then(|spec| spec.get("ports"));
    let numbers = |port: &Value| {
        let number = |field: &str| port.get(field).and_then(Value::as_u64);
        let of_service = u16::try_from(number("port")?).ok()?;
        let targets = [number("nodePort"), number("targetPort")];
        let targets = targets
            .into_iter()
            .flatten()
            .filter_map(|port| u16::try_from(port).ok());
        let all = targets.chain([NAMED_PORT, of_service]);
        Some(
            all.map(move |target| (of_service, target))
                .collect::<Vec<_>>(),
        )
    };
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"))
        .and_then(Value::as_object);
    let intervals = annotations
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.ends_with("/aws-load-balancer-healthcheck-interval"))
        .filter_map(|(_, value)| value.as_str()?.parse().ok());
    is_uuid(&uid).then(|| Service {
        namespace: meta(object, "namespace"),
        name: meta(object, "name"),
        ports: ports
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(numbers)
            .flatten()
            .collect(),
        intervals: intervals.chain([INTERVAL]).collect(),
        uid,
    })
}
